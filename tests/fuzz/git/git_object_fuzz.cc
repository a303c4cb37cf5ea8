#include "protocol/git/object.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

// Whatever a parser accepts must be written back byte for byte: ids depend on it.
void fuzz::run(ByteView input) {
  if (const auto tree = git::parse_tree(input)) {
    const auto again = git::serialize_tree(*tree);
    FUZZ_REQUIRE(again && *again == as_text(input));
  }
  if (const auto commit = git::parse_commit(input)) {
    const auto again = git::serialize_commit(*commit);
    FUZZ_REQUIRE(again && *again == as_text(input));
  }
  if (const auto tag = git::parse_tag(input)) {
    const auto again = git::serialize_tag(*tag);
    FUZZ_REQUIRE(again && *again == as_text(input));
  }
}

WAAG_FUZZ_TARGET
