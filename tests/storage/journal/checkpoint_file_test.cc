#include "storage/journal/checkpoint_file.h"

#include <catch2/catch.hpp>

#include "tests/support/memory_file_system.h"

using namespace waag;
using namespace waag::storage;
using namespace waag::storage::journal;
using waag::testing::MemoryFileSystem;

namespace {

/// Reads the whole file. @return rows and extents, or the first error
Result<std::pair<std::size_t, std::size_t>> read_all(MemoryFileSystem& fs) {
  WAAG_TRY(auto reader, CheckpointReader::open(fs, "/c"));
  std::size_t extents = 0;
  WAAG_CHECK(reader->read_extents([&](const PackExtent&) {
    ++extents;
    return ok();
  }));
  std::size_t rows = 0;
  for (;; ++rows) {
    WAAG_TRY(const bool more, reader->next_row());
    if (!more) return std::pair(rows, extents);
    if (reader->value() != std::string(reader->key()) + "!") return fail(Errc::internal, "row");
  }
}

void write_file(MemoryFileSystem& fs, std::size_t rows, std::size_t extents) {
  REQUIRE(fs.create_dir("/"));
  auto writer = CheckpointWriter::create(fs, "/c", 9, 3);
  REQUIRE(writer);
  std::vector<PackExtent> all(extents);
  for (std::uint32_t i = 0; i < extents; ++i) all[i] = {PackId{i}, 0, 1, 0, 1};
  REQUIRE((*writer)->add_extents(all));
  for (std::size_t i = 0; i < rows; ++i) {
    const auto key = std::to_string(1'000'000 + i);
    REQUIRE((*writer)->add_row(key, key + "!"));
  }
  REQUIRE((*writer)->finish());
}

}  // namespace

TEST_CASE("checkpoint_file: rows and extents of many frames come back", "[storage][journal]") {
  const auto rows = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{40'000});
  const auto extents = GENERATE(std::size_t{0}, std::size_t{9'000});
  MemoryFileSystem fs;
  write_file(fs, rows, extents);
  const auto read = read_all(fs);
  REQUIRE(read);
  CHECK(*read == std::pair(rows, extents));
  CHECK(fs.syncs() == 1);
}

TEST_CASE("checkpoint_file: any damaged or missing byte is refused", "[storage][journal]") {
  MemoryFileSystem fs;
  write_file(fs, 5, 2);
  const auto whole = fs.files()["/c"];
  for (std::size_t at = 0; at < whole.size(); ++at) {
    CAPTURE(at);
    auto bytes = whole;
    bytes[at] ^= std::byte{0x40};
    fs.put("/c", bytes);
    CHECK(read_all(fs).error().code == Errc::corrupt);
    fs.put("/c", Bytes(whole.begin(), whole.begin() + static_cast<long>(at)));
    CHECK(read_all(fs).error().code == Errc::corrupt);
  }
  auto longer = whole;
  longer.push_back(std::byte{0});
  fs.put("/c", longer);
  CHECK(read_all(fs).error().code == Errc::corrupt);
}
