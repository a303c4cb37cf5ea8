#include "convert/io/output_folder.h"

#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "tests/support/temp_folder.h"

namespace waag::convert::testing {
namespace {

using waag::testing::TempFolder;

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("output_folder: plain paths", "[convert][io]") {
  for (const auto* good :
       {"a", "a/b", ".hidden", "..a", "a..", "...", "a/.b/c.gguf", "\xe2\x96\x81"})
    CHECK(is_plain_path(good));
  for (const auto* bad :
       {"", ".", "..", "/", "/a", "a/", "a//b", "./a", "a/./b", "../a", "a/..", "a/../b"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_plain_path(bad));
  }
  CHECK_FALSE(is_plain_path(std::string_view("a\0b", 3)));
}

TEST_CASE("output_folder: writing, reading, cutting", "[convert][io]") {
  const TempFolder root;
  const auto folder = posix_output_folder(root.path());
  auto opened = folder->open("sub/deep/m.part");
  REQUIRE(opened);
  auto& file = **opened;
  REQUIRE(file.write_at(0, as_bytes("hello")));
  REQUIRE(file.write_at(7, as_bytes("world")));
  REQUIRE(file.sync());
  CHECK(*file.size() == 12);
  CHECK(content(root.path() / "sub/deep/m.part") == std::string("hello\0\0world", 12));
  Bytes read(5);
  REQUIRE(file.read_at(7, read));
  CHECK(as_text(read) == "world");
  const auto past = file.read_at(8, read);
  REQUIRE_FALSE(past);
  CHECK(past.error().code == Errc::unavailable);
  REQUIRE(file.truncate(4));
  CHECK(*file.size() == 4);
  // Opened again, it is what it was.
  auto again = folder->open("sub/deep/m.part");
  REQUIRE(again);
  CHECK(*(*again)->size() == 4);
}

TEST_CASE("output_folder: placing and removing", "[convert][io]") {
  const TempFolder root;
  const auto folder = posix_output_folder(root.path());
  REQUIRE(folder->open("m.part"));
  CHECK(folder->exists("m.part"));
  CHECK_FALSE(folder->exists("m"));
  std::ofstream(root.path() / "m") << "old";
  REQUIRE(folder->rename("m.part", "m"));
  CHECK(content(root.path() / "m").empty());
  CHECK_FALSE(folder->exists("m.part"));
  REQUIRE(folder->remove("m"));
  CHECK_FALSE(folder->exists("m"));
  CHECK(folder->remove("m"));  // it is gone, as asked
  const auto missing = folder->rename("nothing", "m");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == Errc::unavailable);
  std::filesystem::create_directory(root.path() / "d");
  CHECK_FALSE(folder->exists("d"));
  CHECK_FALSE(folder->remove("d"));
}

TEST_CASE("output_folder: nothing outside it", "[convert][io]") {
  const TempFolder root, other;
  const auto folder = posix_output_folder(root.path());
  for (const auto* name : {"../m", "/m", ""}) {
    const auto file = folder->open(name);
    REQUIRE_FALSE(file);
    CHECK(file.error().code == Errc::invalid_argument);
  }
  // A link that lies there already is not followed.
  std::ofstream(other.path() / "victim") << "whole";
  std::filesystem::create_symlink(other.path() / "victim", root.path() / "m");
  CHECK_FALSE(folder->open("m"));
  CHECK(content(other.path() / "victim") == "whole");
}

TEST_CASE("output_folder: a full disk has an error of its own", "[convert][io]") {
  if (!std::filesystem::exists("/dev/full")) return;
  const auto device = posix_output_folder("/dev")->open("full");
  REQUIRE(device);
  const auto full = (*device)->write_at(0, as_bytes("x"));
  REQUIRE_FALSE(full);
  CHECK(full.error().code == Errc::no_space);
}

}  // namespace waag::convert::testing
