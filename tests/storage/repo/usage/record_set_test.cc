#include "storage/repo/usage/record_set.h"

#include <set>

#include <catch2/catch.hpp>

#include "tests/support/store_workload.h"

namespace waag::storage {
namespace {

using Stretches = RecordSet::Stretches;

constexpr PackId first_pack{7};

const Stretches& of(const RecordSet& set) { return set.packs().at(first_pack); }

}  // namespace

TEST_CASE("record_set: stretches that overlap or touch are one", "[storage][usage]") {
  RecordSet set;
  set.add({first_pack, 10, 5});
  set.add({first_pack, 20, 5});
  set.add({first_pack, 30, 0});
  CHECK(of(set) == Stretches{{10, 15}, {20, 25}});
  set.add({first_pack, 15, 1});
  CHECK(of(set) == Stretches{{10, 16}, {20, 25}});
  set.add({first_pack, 12, 9});
  CHECK(of(set) == Stretches{{10, 25}});
  set.add({first_pack, 11, 2});
  set.add({first_pack, 0, 4});
  set.add({PackId{8}, 10, 1});
  CHECK(of(set) == Stretches{{0, 4}, {10, 25}});
  CHECK(set.packs().at(PackId{8}) == Stretches{{10, 11}});
  set.add({first_pack, 0xFFFFFFFFu, 0xFFFFFFFFu});  // no sum wraps around
  CHECK(of(set).rbegin()->second == 0x1FFFFFFFEull);
}

TEST_CASE("record_set: what two have in common", "[storage][usage]") {
  RecordSet own;
  own.add({first_pack, 10, 10});
  own.add({first_pack, 30, 10});
  RecordSet common;
  common.add_common(own, {PackId{8}, 10, 10});
  common.add_common(own, {first_pack, 0, 10});
  common.add_common(own, {first_pack, 20, 10});
  CHECK(common.packs().empty());
  common.add_common(own, {first_pack, 15, 20});
  CHECK(of(common) == Stretches{{15, 20}, {30, 35}});
  common.add_common(own, {first_pack, 12, 1});
  CHECK(of(common) == Stretches{{12, 13}, {15, 20}, {30, 35}});
}

TEST_CASE("record_set: is a set of numbers", "[storage][usage]") {
  testing::SeededRandom random(3);
  RecordSet own;
  RecordSet common;
  std::set<std::uint64_t> own_numbers;
  std::set<std::uint64_t> common_numbers;
  const auto run = [&] {
    return RecordRun{first_pack, static_cast<std::uint32_t>(random.next() % 300),
                     static_cast<std::uint32_t>(random.next() % 9)};
  };
  const auto numbers = [](const RecordSet& set) {
    std::set<std::uint64_t> found;
    for (const auto& [id, stretches] : set.packs())
      for (const auto& [begin, end] : stretches)
        for (auto at = begin; at < end; ++at) found.insert(at);
    return found;
  };
  for (int step = 0; step < 40; ++step) {
    const auto added = run();
    own.add(added);
    for (std::uint64_t i = 0; i < added.records; ++i) own_numbers.insert(added.first_record + i);
    REQUIRE(numbers(own) == own_numbers);
    const auto other = run();
    common.add_common(own, other);
    for (std::uint64_t i = other.first_record; i < other.first_record + other.records; ++i)
      if (own_numbers.contains(i)) common_numbers.insert(i);
    REQUIRE(numbers(common) == common_numbers);
  }
}

}  // namespace waag::storage
