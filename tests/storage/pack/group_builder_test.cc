#include "storage/pack/group_builder.h"

#include <catch2/catch.hpp>

#include "tests/storage/pack/pack_support.h"

namespace waag::storage::pack {

using testing::chunk_record;
using testing::SeededRandom;

TEST_CASE("group builder: lays records out as the directory says", "[storage][pack]") {
  SeededRandom random(61);
  const auto kind = GENERATE(PackClass::chunks, PackClass::small_objects);
  const PackHead head{PackId{9}, kind};
  const auto dense = testing::random_bytes(random, 5000);
  const auto text = testing::text_bytes(random, 40'000);
  auto typed = chunk_record(dense, Codec::lz4);
  typed.dtype = Dtype::bf16;
  typed.phase = 1;
  GroupBuilder builder;
  for (int round = 0; round < 2; ++round) {  // reusable
    REQUIRE(builder.build(head, 3 * block_bytes, 17,
                          std::vector<RecordIn>{typed, chunk_record(text, Codec::zstd),
                                                chunk_record({}), chunk_record(dense)}));
    const auto& entries = builder.entries();
    REQUIRE(entries.size() == 4);
    CHECK(entries[0].at.codec == Codec::raw);  // LZ4 does not pay there
    CHECK(entries[0].at.dtype == Dtype::bf16);
    CHECK(entries[0].at.phase == 1);
    CHECK(entries[1].at.codec == Codec::zstd);
    CHECK(pays(text.size(), entries[1].at.stored_bytes));
    CHECK(entries[2].at.stored_bytes == 0);
    CHECK(entries[3].at.record == 20);
    CHECK(builder.bytes().size() % block_bytes == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(builder.bytes().data()) % block_bytes == 0);
    for (std::size_t i = 1; i < entries.size(); ++i)
      CHECK(entries[i].at.offset == entries[i - 1].at.offset + entries[i - 1].at.stored_bytes);
    const auto at = entries[3].at.offset - 3 * block_bytes;
    CHECK(std::equal(dense.begin(), dense.end(), builder.bytes().begin() + at));
    CHECK(builder.bytes().size() <=
          GroupBuilder::bytes_max(std::vector<RecordIn>{typed, chunk_record(text), chunk_record({}),
                                                        chunk_record(dense)},
                                  kind));
  }
}

TEST_CASE("group builder: too many or too large records are refused", "[storage][pack]") {
  GroupBuilder builder;
  const PackHead head{PackId{9}, PackClass::chunks};
  CHECK_FALSE(builder.build(head, block_bytes, 0, {}));
  const std::vector<RecordIn> many(group_records_max + 1);
  CHECK(builder.build(head, block_bytes, 0, many).error().code == Errc::invalid_argument);
  RecordIn huge;
  huge.raw = {static_cast<const std::byte*>(nullptr), record_bytes_max + std::size_t{1}};
  CHECK(builder.build(head, block_bytes, 0, std::vector<RecordIn>{huge}).error().code ==
        Errc::invalid_argument);
}

}  // namespace waag::storage::pack
