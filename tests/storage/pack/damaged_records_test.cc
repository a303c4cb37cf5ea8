#include "storage/pack/damaged_records.h"

#include <catch2/catch.hpp>

namespace waag::storage {

TEST_CASE("damaged records: by record and by run", "[storage][damage]") {
  DamagedRecords damaged;
  const auto at = [](std::uint64_t pack, std::uint32_t record) {
    return RecordPlace{PackId{pack}, record};
  };
  CHECK(damaged.empty());
  CHECK_FALSE(damaged.contains(at(1, 5)));
  CHECK(damaged.within(PackId{1}, 0, 100).empty());
  for (const auto record : {9u, 5u, 7u}) CHECK(damaged.add(at(1, record)));
  CHECK(damaged.add(at(1, 5)));  // once more
  CHECK(damaged.add(at(2, 6)));
  CHECK_FALSE(damaged.empty());
  CHECK(damaged.contains(at(1, 5)));
  CHECK_FALSE(damaged.contains(at(1, 6)));
  CHECK_FALSE(damaged.contains(at(3, 5)));
  CHECK(damaged.within(PackId{1}, 5, 4) == std::vector<std::uint32_t>{5, 7});
  CHECK(damaged.within(PackId{1}, 6, 1).empty());
  CHECK(damaged.within(PackId{1}, 8, ~0u) == std::vector<std::uint32_t>{9});
  CHECK(damaged.within(PackId{2}, 0, 7) == std::vector<std::uint32_t>{6});

  damaged.add_lost(PackId{4});
  CHECK(damaged.contains(at(4, 0)));
  CHECK(damaged.within(PackId{4}, 8, 2) == std::vector<std::uint32_t>{8, 9});
  CHECK_FALSE(damaged.contains(at(3, 5)));
}

TEST_CASE("damaged records: what proves good is forgotten", "[storage][damage]") {
  DamagedRecords damaged;
  const RecordPlace one{PackId{1}, 5};
  const RecordPlace other{PackId{1}, 6};
  REQUIRE(damaged.add(one));
  REQUIRE(damaged.add(other));
  damaged.remove(one);
  CHECK_FALSE(damaged.contains(one));
  CHECK(damaged.contains(other));
  damaged.remove(other);
  CHECK(damaged.empty());
  damaged.add_lost(PackId{2});
  damaged.remove(one);
  CHECK_FALSE(damaged.empty());
}

TEST_CASE("damaged records: a bounded number is remembered", "[storage][damage]") {
  DamagedRecords damaged;
  for (std::uint32_t i = 0; i < DamagedRecords::records_max; ++i)
    REQUIRE(damaged.add({PackId{1}, i}));
  CHECK_FALSE(damaged.add({PackId{2}, 0}));
  CHECK(damaged.add({PackId{1}, 0}));  // known already
  CHECK_FALSE(damaged.contains({PackId{2}, 0}));
}

}  // namespace waag::storage
