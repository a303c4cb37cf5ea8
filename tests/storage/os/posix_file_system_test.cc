#include <catch2/catch.hpp>

#include "storage/os/file_system.h"
#include "tests/support/file_system_suite.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::storage;
using namespace waag::testing;

TEST_CASE("posix_file_system: does what every file system does", "[storage][os]") {
  const TempFolder folder;
  check_conformance(*make_posix_file_system(), folder.path());
}

TEST_CASE("posix_file_system: descriptors, and a full disk", "[storage][os]") {
  const TempFolder folder;
  const auto fs = make_posix_file_system();
  const auto file = fs->open(folder.path() / "x", OpenMode::create_new);
  REQUIRE(file);
  CHECK((*file)->descriptor() >= 0);
  const auto full = fs->open("/dev/full", OpenMode::write);
  REQUIRE(full);
  CHECK((*full)->write(0, as_bytes("x")).error().code == Errc::no_space);
}

TEST_CASE("posix_file_system: direct writes give the same bytes, aligned or not", "[storage][os]") {
  const TempFolder folder;
  const auto fs = make_posix_file_system();
  const auto path = folder.path() / "x";
  const auto file = *fs->open(path, OpenMode::create_new);
  file->prefer_direct_writes();
  alignas(direct_block_bytes) static std::array<std::byte, 4 * direct_block_bytes> block;
  for (std::size_t i = 0; i < block.size(); ++i) block[i] = static_cast<std::byte>(i % 251);
  REQUIRE(file->write(0, block));
  REQUIRE(file->write(block.size(), ByteView(block).first(direct_block_bytes)));
  REQUIRE(file->write(5 * direct_block_bytes, ByteView(block).subspan(1, 777)));  // a footer
  REQUIRE(file->sync());
  Bytes back(5 * direct_block_bytes + 777);
  REQUIRE(*(*fs->open(path, OpenMode::read))->read(0, back) == back.size());
  CHECK(std::equal(block.begin(), block.end(), back.begin()));
  CHECK(std::equal(block.begin(), block.begin() + direct_block_bytes,
                   back.begin() + 4 * direct_block_bytes));
  CHECK(std::equal(block.begin() + 1, block.begin() + 778, back.begin() + 5 * direct_block_bytes));
}

TEST_CASE("memory_file_system: does what every file system does", "[storage][os]") {
  MemoryFileSystem fs;
  REQUIRE(fs.create_dir("/root"));
  check_conformance(fs, "/root");
}
