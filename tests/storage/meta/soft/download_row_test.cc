#include "storage/meta/soft/download_row.h"

#include <catch2/catch.hpp>

#include "protocol/bytes.h"

using namespace waag;
using namespace waag::storage;

TEST_CASE("download_row: thirty days and all time", "[storage][soft]") {
  DownloadRow row;
  row.add(100, 2);
  row.add(100, 1);
  row.add(129, 4);
  CHECK(row.recent(129) == 7);
  CHECK(row.recent(130) == 4);  // day 100 is the 31st
  CHECK(row.recent(200) == 0);
  row.add(130, 1);
  CHECK(row.days.size() == 2);  // day 100 is forgotten
  CHECK(row.all_time == 8);
  row.add(90, 5);  // a clock set back
  CHECK(row.recent(130) == 10);
  for (std::uint64_t day = 131; day < 300; ++day) row.add(day, 1);
  CHECK(row.days.size() == DownloadRow::days_kept);
  CHECK(row.recent(299) == DownloadRow::days_kept);
}

TEST_CASE("download_row: round trip and what is refused", "[storage][soft]") {
  DownloadRow row;
  CHECK(*decode_downloads(encode(row)) == row);
  row.add(20'000, 3);
  row.add(20'001, 1'000'000'000'000);
  const auto value = encode(row);
  CHECK(*decode_downloads(value) == row);
  for (std::size_t cut = 0; cut < value.size(); ++cut)
    CHECK_FALSE(decode_downloads(value.substr(0, cut)));
  CHECK_FALSE(decode_downloads(value + "x"));
  CHECK_FALSE(decode_downloads("\x02" + value.substr(1)));
  const auto row_of = [](std::initializer_list<std::uint64_t> numbers) {
    ByteWriter out;
    out.fixed(std::uint8_t{1});
    for (const auto number : numbers) out.varint(number);
    return out.str();
  };
  CHECK(decode_downloads(row_of({5, 2, 10, 1, 11, 4})));
  CHECK_FALSE(decode_downloads(row_of({5, 2, 11, 1, 10, 4})));  // days out of order
  CHECK_FALSE(decode_downloads(row_of({5, 1, 11, 0})));         // an empty day
  CHECK_FALSE(decode_downloads(row_of({5, 31})));
}
