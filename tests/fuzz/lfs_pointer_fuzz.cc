#include "protocol/lfs/pointer.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

void fuzz::run(ByteView input) {
  const auto pointer = lfs::parse_pointer(input);
  if (!pointer) return;
  FUZZ_REQUIRE(input.size() < lfs::pointer_bytes_limit);
  const auto text = lfs::serialize_pointer(*pointer);
  FUZZ_REQUIRE(text.size() == lfs::pointer_bytes(pointer->size_bytes));
  const auto again = lfs::parse_pointer(as_bytes(text));
  FUZZ_REQUIRE(again && *again == *pointer);
}

WAAG_FUZZ_TARGET
