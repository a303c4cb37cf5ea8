#include "storage/os/failing_file_system.h"

#include <catch2/catch.hpp>

#include "tests/support/file_system_suite.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::storage;
using namespace waag::testing;
using Failure = FailingFileSystem::Failure;

TEST_CASE("failing_file_system: until it fails, does what every file system does",
          "[storage][os]") {
  const TempFolder folder;
  const auto posix = make_posix_file_system();
  FailingFileSystem fs(*posix, Failure::io_error, FailingFileSystem::never);
  check_conformance(fs, folder.path());
  CHECK(fs.operations() > 10);
}

TEST_CASE("failing_file_system: each way to fail", "[storage][os]") {
  MemoryFileSystem memory;
  REQUIRE(memory.create_dir("/d"));
  FailingFileSystem fs(memory, Failure::io_error, FailingFileSystem::never);
  auto file = fs.open("/d/x", OpenMode::create_new);
  REQUIRE(file);
  REQUIRE((*file)->write(0, as_bytes("synced")));
  REQUIRE((*file)->sync());

  SECTION("io_error") {
    fs.arm(Failure::io_error, 0);
    CHECK((*file)->write(0, as_bytes("XX")).error().code == Errc::unavailable);
    CHECK(text_of(**file) == "synced");
    CHECK((*file)->write(0, as_bytes("XX")));
  }
  SECTION("no_space, of the second operation") {
    fs.arm(Failure::no_space, 1);
    CHECK((*file)->write(0, as_bytes("X")));
    CHECK((*file)->write(0, as_bytes("YY")).error().code == Errc::no_space);
    CHECK(text_of(**file) == "Xynced");
  }
  SECTION("short_write") {
    fs.arm(Failure::short_write, 0);
    CHECK((*file)->write(0, as_bytes("ABCD")).error().code == Errc::no_space);
    CHECK(text_of(**file) == "ABnced");
  }
  SECTION("lost_sync") {
    REQUIRE((*file)->write(4, as_bytes("longer")));
    REQUIRE((*file)->truncate(2));
    REQUIRE((*file)->write(1, as_bytes("zz")));
    fs.arm(Failure::lost_sync, 0);
    CHECK((*file)->sync().error().code == Errc::unavailable);
    CHECK(text_of(**file) == "synced");
  }
  SECTION("crash_stop") {
    fs.arm(Failure::crash_stop, 0);
    CHECK_FALSE(fs.create_dir("/e"));
    CHECK_FALSE(fs.sync_dir("/d"));
    CHECK_FALSE(fs.open("/d/x", OpenMode::read));
    CHECK_FALSE((*file)->size());
    CHECK(as_text(memory.files()["/d/x"]) == "synced");
  }
}
