#include "storage/meta/index/rocks.h"

#include <catch2/catch.hpp>

#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::storage;
using waag::testing::TempFolder;

namespace {

constexpr std::size_t cache_bytes = 1u << 20;

std::shared_ptr<RocksIndex> open(const TempFolder& folder) {
  auto index = RocksIndex::open(folder.path() / "index", cache_bytes);
  REQUIRE(index);
  return *index;
}

}  // namespace

TEST_CASE("rocks: batches, sequence and what survives a flush", "[storage][rocks]") {
  const TempFolder folder;
  {
    const auto index = open(folder);
    CHECK(*index->applied() == std::nullopt);
    IndexBatch batch;
    batch.put("a", "1");
    batch.put("b", "");
    batch.applied(7);
    REQUIRE(index->write(batch));
    REQUIRE(index->flush());
  }
  const auto index = open(folder);
  CHECK(*index->applied() == 7);
  CHECK(*index->get("a", nullptr) == "1");
  CHECK(*index->get("b", nullptr) == "");
  CHECK(*index->get("c", nullptr) == std::nullopt);
  std::vector<std::string> keys;
  REQUIRE(index->scan(
      "", "",
      [&](std::string_view key, std::string_view) {
        keys.emplace_back(key);
        return true;
      },
      nullptr));
  CHECK(keys == std::vector<std::string>{"a", "b"});  // the sequence's row is the index's own
}

TEST_CASE("rocks: a row under a wrong checksum is corrupt, by every road", "[storage][rocks]") {
  const TempFolder folder;
  const auto index = open(folder);
  IndexBatch good;
  good.put("good", "value");
  REQUIRE(index->write(good));
  // What a mixed-up block would give: the right bytes under another key.
  IndexBatch bad;
  const auto stored = GENERATE(std::string("value1234"), std::string("abc"), std::string());
  bad.raw().Put("bad", stored);
  REQUIRE(index->write(bad));
  CHECK(index->get("bad", nullptr).error().code == Errc::corrupt);
  CHECK(index->get_many({"good", "bad"}).error().code == Errc::corrupt);
  const auto any = [](std::string_view, std::string_view) { return true; };
  CHECK(index->scan("b", "", any, nullptr).error().code == Errc::corrupt);
  CHECK(index->scan("g", "", any, nullptr));
  CHECK(*index->get("good", nullptr) == "value");
}

TEST_CASE("rocks: keys of callers", "[storage][rocks]") {
  CHECK(is_row_key("c"));
  CHECK_FALSE(is_row_key(""));
  CHECK_FALSE(is_row_key(std::string_view("\0a", 2)));
}
