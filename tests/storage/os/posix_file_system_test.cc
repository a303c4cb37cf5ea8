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

TEST_CASE("memory_file_system: does what every file system does", "[storage][os]") {
  MemoryFileSystem fs;
  REQUIRE(fs.create_dir("/root"));
  check_conformance(fs, "/root");
}
