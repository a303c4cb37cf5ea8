#include "storage/os/recording_file_system.h"

#include <catch2/catch.hpp>

#include "storage/os/failing_file_system.h"
#include "tests/support/file_system_suite.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::storage;
using namespace waag::testing;

TEST_CASE("recording_file_system: does what every file system does", "[storage][os]") {
  const TempFolder folder;
  const auto posix = make_posix_file_system();
  RecordingFileSystem fs(*posix);
  check_conformance(fs, folder.path());
}

TEST_CASE("recording_file_system: logs changes in order, files keep their number",
          "[storage][os]") {
  using Kind = FileOp::Kind;
  MemoryFileSystem memory;
  RecordingFileSystem fs(memory);
  REQUIRE(fs.create_dir("/d"));
  REQUIRE(fs.create_dir("/d"));
  auto file = fs.open("/d/x", OpenMode::create_new);
  REQUIRE(file);
  REQUIRE((*file)->write(5, as_bytes("abc")));
  fs.mark(42);
  REQUIRE((*file)->sync());
  REQUIRE(fs.rename("/d/x", "/d/y"));
  auto again = fs.open("/d/y", OpenMode::write);
  REQUIRE(again);
  REQUIRE((*again)->truncate(1));
  REQUIRE(fs.remove("/d/y"));
  REQUIRE(fs.sync_dir("/d"));
  CHECK_FALSE(fs.remove("/d/y"));  // failed: not logged

  const auto log = fs.log();
  std::vector<Kind> kinds;
  for (const auto& op : log) kinds.push_back(op.kind);
  REQUIRE(kinds == std::vector{Kind::create_dir, Kind::create_file, Kind::write, Kind::mark,
                               Kind::sync, Kind::rename, Kind::truncate, Kind::remove,
                               Kind::sync_dir});
  CHECK(log[2].offset == 5);
  CHECK(as_text(log[2].bytes) == "abc");
  CHECK(log[3].offset == 42);
  CHECK(log[6].file == log[1].file);
  CHECK(log[6].offset == 1);
}

TEST_CASE("recording_file_system: logs what failures leave", "[storage][os]") {
  using Kind = FileOp::Kind;
  MemoryFileSystem memory;
  REQUIRE(memory.create_dir("/d"));
  FailingFileSystem failing(memory, FailingFileSystem::Failure::short_write, 1);
  RecordingFileSystem fs(failing);
  auto file = fs.open("/d/x", OpenMode::create_new);
  REQUIRE(file);
  REQUIRE((*file)->write(3, as_bytes("abcd")).error().code == Errc::no_space);
  failing.arm(FailingFileSystem::Failure::lost_sync, 0);
  REQUIRE_FALSE((*file)->sync());

  const auto log = fs.log();
  REQUIRE(log.size() == 4);
  CHECK(log[1].kind == Kind::write);
  CHECK(log[1].offset == 3);
  CHECK(as_text(log[1].bytes) == "ab");
  CHECK(log[2].kind == Kind::failed_sync);
  CHECK(log[2].file == log[0].file);
  CHECK(log[3].kind == Kind::truncate);
  CHECK(log[3].offset == 0);
}
