#include "protocol/lfs/batch.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

void fuzz::run(ByteView input) {
  const auto text = as_text(input);
  if (const auto request = lfs::parse_batch(text)) {
    FUZZ_REQUIRE(!request->transfers.empty() && request->objects.size() <= lfs::batch_objects_max);
    std::vector<lfs::BatchObject> reply;
    for (const auto& object : request->objects) {
      const auto part = lfs::part_bytes(object.size_bytes);
      FUZZ_REQUIRE(lfs::part_count(object.size_bytes, part) <= lfs::part_count_max);
      reply.push_back({object, {}, {}, {}, lfs::ObjectError{404, request->ref}});
    }
    FUZZ_REQUIRE(!lfs::batch_reply(request->transfers.front(), reply).empty());
  }
  if (const auto done = lfs::parse_completion(text)) {
    FUZZ_REQUIRE(!done->parts.empty() && done->parts.front().number == 1);
    FUZZ_REQUIRE(done->parts.back().number == done->parts.size());
  }
  if (const auto object = lfs::parse_verify(text)) FUZZ_REQUIRE(object->size_bytes >> 63 == 0);
}

WAAG_FUZZ_TARGET
