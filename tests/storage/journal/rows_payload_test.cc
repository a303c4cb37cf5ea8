#include "storage/journal/rows_payload.h"

#include <random>

#include <catch2/catch.hpp>

#include "storage/meta/row_store.h"

using namespace waag;
using namespace waag::storage;
using namespace waag::storage::journal;

namespace {

Transaction sample() {
  Transaction change;
  change.extents = {{PackId{0x0102030405060708}, 1, 2, 3, 4}, {PackId{5}, 6, 7, 8, 9}};
  change.puts = {{"key", std::string(300, 'v')}, {std::string("\0k", 2), ""}};
  change.dels = {"gone", "gone too"};
  change.derived = {{"c", "not journaled"}};
  return change;
}

}  // namespace

TEST_CASE("rows_payload: reads back what it wrote, without derived rows", "[storage][journal]") {
  const auto change = sample();
  const auto payload = encode_rows(change);
  const auto rows = decode_rows(payload);
  REQUIRE(rows);
  CHECK(rows->extents == change.extents);
  REQUIRE(rows->puts.size() == 2);
  CHECK(rows->puts[0].first == "key");
  CHECK(rows->puts[0].second == std::string(300, 'v'));
  CHECK(rows->puts[1].first == std::string_view("\0k", 2));
  CHECK(rows->dels == std::vector<std::string_view>{"gone", "gone too"});
  CHECK(as_text(payload).find("not journaled") == std::string_view::npos);
}

TEST_CASE("rows_payload: cut and arbitrary bytes are refused, counts reserve no memory",
          "[storage][journal]") {
  const auto payload = encode_rows(sample());
  for (std::size_t size = 0; size < payload.size(); ++size)
    CHECK(decode_rows(ByteView(payload).first(size)).error().code == Errc::corrupt);
  auto longer = payload;
  longer.push_back(std::byte{0});
  CHECK_FALSE(decode_rows(longer));
  CHECK_FALSE(decode_rows(Bytes(9, std::byte{0xff})));  // 2^63 extents
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    auto bytes = payload;
    for (int flips = 0; flips < 4; ++flips)
      bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    (void)decode_rows(bytes);  // ASan decides
  }
}
