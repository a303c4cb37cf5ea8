#include "storage/repo/data_folder.h"

#include <algorithm>
#include <fstream>

#include "storage/os/recording_file_system.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::SeededRandom;
using testing::TempFolder;

namespace {

struct Folder {
  TempFolder temp;
  std::unique_ptr<FileSystem> fs = make_posix_file_system();
  SeededRandom random{1};
  std::filesystem::path data = temp.path() / "data";

  Result<std::unique_ptr<DataFolder>> open() { return DataFolder::open(*fs, random, data); }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(data);
    std::ofstream(data / name) << text;
  }
};

}  // namespace

TEST_CASE_METHOD(Folder, "data folder: made once, with an id that stays", "[storage][data]") {
  std::string id;
  {
    const auto made = open();
    REQUIRE(made);
    id = (*made)->store_id();
    CHECK(id.size() == 32);
    for (const auto* name : {"journal", "packs", "index", "fills", "jobs", "scratch"})
      CHECK(std::filesystem::is_directory(data / name));
    CHECK(open().error().code == Errc::conflict);  // flock is per open file, also in one process
  }
  write("scratch/part-1", "bytes of an upload that goes on");
  const auto again = open();
  REQUIRE(again);
  CHECK((*again)->store_id() == id);
  CHECK(std::filesystem::exists((*again)->scratch() / "part-1"));
}

TEST_CASE_METHOD(Folder, "data folder: foreign or unknown content is refused and left alone",
                 "[storage][data]") {
  SECTION("files of something else") { write("photo.jpg", "x"); }
  SECTION("a later version") {
    write("FORMAT", "waag store\nversion 2\nid " + std::string(32, '0') + "\n");
  }
  SECTION("a version that only begins like ours") {
    write("FORMAT", "waag store\nversion 10\nid " + std::string(32, '0') + "\n");
  }
  SECTION("no version") { write("FORMAT", "waag store\n"); }
  SECTION("not a mark at all") { write("FORMAT", "12345"); }
  SECTION("a damaged id") { write("FORMAT", "waag store\nversion 1\nid 123\n"); }
  SECTION("an empty mark") { write("FORMAT", ""); }
  const auto refused = open();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::invalid_argument);
  CHECK_FALSE(std::filesystem::exists(data / "packs"));
}

TEST_CASE_METHOD(Folder, "data folder: what a start that failed left behind is no obstacle",
                 "[storage][data]") {
  write("FORMAT.new", "half");
  write("LOCK", "");
  std::filesystem::create_directories(data / "lost+found");
  CHECK(open());
}

TEST_CASE("data folder: its name lasts before its mark is there", "[storage][data]") {
  testing::MemoryFileSystem memory;
  REQUIRE(memory.create_dir("/parent"));
  RecordingFileSystem disk(memory);
  SeededRandom random(1);
  REQUIRE(DataFolder::open(disk, random, "/parent/data"));
  std::vector<FileOp> log = disk.log();
  const auto named = std::ranges::find_if(log, [](const FileOp& op) {
    return op.kind == FileOp::Kind::sync_dir && op.path == "/parent";
  });
  const auto marked = std::ranges::find(log, FileOp::Kind::rename, &FileOp::kind);
  REQUIRE(marked != log.end());
  CHECK(named < marked);
}

}  // namespace waag::storage
