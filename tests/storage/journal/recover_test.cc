#include "storage/journal/recover.h"

#include <catch2/catch.hpp>

#include "tests/support/memory_file_system.h"

using namespace waag;
using namespace waag::storage;
using namespace waag::storage::journal;

namespace {

const std::filesystem::path folder = "/j";

void put_log(testing::MemoryFileSystem& fs, std::uint64_t number, std::uint64_t first_seq) {
  fs.put(folder / log_name(number), encode(FileHeader{FileKind::log, first_seq, number}));
}

}  // namespace

TEST_CASE("recover: names sort as numbers, foreign names are left alone", "[storage][journal]") {
  CHECK(log_name(1) == "00000001.log");
  CHECK(checkpoint_name(12345678) == "12345678.ckpt");
  CHECK(log_name(123456789) == "123456789.log");
  testing::MemoryFileSystem fs;
  put_log(fs, 99999999, 1);
  put_log(fs, 100000000, 1);
  fs.put(folder / "notes.txt", {});
  fs.put(folder / "x.log", {});
  fs.put(folder / "00000007.ckpt.tmp", {});
  const auto history = read_history(fs, folder);
  REQUIRE(history);
  CHECK(history->last_number == 100000000);
  CHECK(history->logs.size() == 2);
  CHECK(history->unwanted == std::vector<std::string>{"00000007.ckpt.tmp"});
}

TEST_CASE("recover: a log torn at birth is no part of the history", "[storage][journal]") {
  testing::MemoryFileSystem fs;
  put_log(fs, 1, 1);
  const auto size = GENERATE(std::size_t{0}, std::size_t{39}, std::size_t{40});
  fs.put(folder / log_name(2), Bytes(size));
  put_log(fs, 3, 1);
  const auto history = read_history(fs, folder);
  REQUIRE(history);
  CHECK(history->logs.size() == 2);
  CHECK(history->unwanted == std::vector<std::string>{log_name(2)});
  fs.put(folder / log_name(2), Bytes(41));  // frames had been written: its header had been durable
  CHECK(read_history(fs, folder).error().code == Errc::corrupt);
}

TEST_CASE("recover: gaps in the history are refused", "[storage][journal]") {
  testing::MemoryFileSystem fs;
  SECTION("the first log is missing") { put_log(fs, 2, 5); }
  SECTION("one log says another sequence") {
    put_log(fs, 1, 1);
    put_log(fs, 2, 2);
  }
  CHECK(read_history(fs, folder).error().code == Errc::corrupt);
}
