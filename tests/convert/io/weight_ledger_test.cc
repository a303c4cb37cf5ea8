#include "convert/io/weight_ledger.h"

#include <catch2/catch.hpp>

#include "protocol/hash.h"
#include "tests/convert/io/faulty_output_folder.h"

namespace waag::convert::testing {
namespace {

using Entries = std::map<std::uint64_t, std::uint32_t>;

const std::string file_name = "out/int8.progress";

BlobId plan(std::string_view text = "a plan") { return sha256(as_bytes(text)); }

WeightLedger opened(FaultyOutputFolder& folder, const BlobId& of = plan()) {
  auto ledger = WeightLedger::open(folder, "out/int8", of);
  if (!ledger) FAIL(ledger.error().what);
  return *std::move(ledger);
}

FaultyOutputFolder written() {
  FaultyOutputFolder folder;
  auto ledger = opened(folder);
  REQUIRE(ledger.add(7, 0xffffffff));
  REQUIRE(ledger.add(0, 12));
  REQUIRE(ledger.sync());
  return folder;
}

}  // namespace

TEST_CASE("weight_ledger: entries are there for the next process", "[convert][io]") {
  auto folder = written();
  auto ledger = opened(folder);
  CHECK(ledger.entries() == Entries{{0, 12}, {7, 0xffffffff}});
  REQUIRE(ledger.add(3, 1));
  REQUIRE(ledger.add(0, 13));  // made again
  REQUIRE(ledger.sync());
  folder.lose_power();
  CHECK(opened(folder).entries() == Entries{{0, 13}, {3, 1}, {7, 0xffffffff}});
}

TEST_CASE("weight_ledger: what was not synced may be lost", "[convert][io]") {
  auto folder = written();
  REQUIRE(opened(folder).add(3, 1));
  folder.lose_power();
  CHECK(opened(folder).entries() == Entries{{0, 12}, {7, 0xffffffff}});
}

TEST_CASE("weight_ledger: one of another plan is begun anew", "[convert][io]") {
  auto folder = written();
  auto ledger = opened(folder, plan("another"));
  CHECK(ledger.entries().empty());
  REQUIRE(ledger.add(1, 2));
  CHECK(opened(folder, plan("another")).entries() == Entries{{1, 2}});
  CHECK(opened(folder).entries().empty());
}

TEST_CASE("weight_ledger: an entry that is not whole ends it, and is written over",
          "[convert][io]") {
  const std::string tail = GENERATE("9", "9 ", "9 5", "9 5x\n", "9  5\n", "x 5\n", "9 5000000000\n",
                                    "-9 5\n", "99999999999999999999 5\n", "\n", "9 5 \n");
  CAPTURE(tail);
  auto folder = written();
  folder.files[file_name]->now += tail + (tail.ends_with('\n') ? "1 1\n" : "");
  auto ledger = opened(folder);
  CHECK(ledger.entries().size() == 2);
  CHECK(ledger.entries().at(7) == 0xffffffff);
  REQUIRE(ledger.add(4, 4));
  CHECK(opened(folder).entries().at(4) == 4);
}

TEST_CASE("weight_ledger: a file that is none is begun anew", "[convert][io]") {
  FaultyOutputFolder folder;
  folder.files[file_name] = std::make_shared<FaultyOutputFolder::Content>();
  folder.files[file_name]->now = GENERATE("", "waag-convert weights 1 ", "17 3\n", "\xff\n");
  CHECK(opened(folder).entries().empty());
  auto ledger = opened(folder);
  REQUIRE(ledger.add(1, 2));
  CHECK(opened(folder).entries() == Entries{{1, 2}});
}

TEST_CASE("weight_ledger: a disk that fails", "[convert][io]") {
  FaultyOutputFolder folder;
  folder.code = Errc::no_space;
  folder.fail_at = GENERATE(0u, 1u, 2u, 3u, 4u);
  const auto ledger = WeightLedger::open(folder, "out/int8", plan());
  REQUIRE_FALSE(ledger);
  CHECK(ledger.error().code == Errc::no_space);
  folder.restart();
  auto again = opened(folder);
  CHECK(again.entries().empty());
  folder.fail_at = folder.operations;
  CHECK_FALSE(again.add(1, 2));
  CHECK_FALSE(again.sync());
}

}  // namespace waag::convert::testing
