#pragma once

#include <catch2/catch.hpp>

#include "storage/os/file_system.h"

namespace waag::testing {

/// The first 100 bytes of a file.
inline std::string text_of(const storage::File& file) {
  Bytes bytes(100);
  const auto got = file.read(0, bytes);
  REQUIRE(got);
  return std::string(as_text(bytes).substr(0, *got));
}

/// What every file system must do alike. `root`: a folder that exists.
inline void check_conformance(storage::FileSystem& fs, const std::filesystem::path& root) {
  REQUIRE(fs.create_dir(root / "d"));
  REQUIRE(fs.create_dir(root / "d"));  // there already: fine
  CHECK_FALSE(fs.open(root / "none" / "x", storage::OpenMode::create_new));
  CHECK(fs.open(root / "d" / "x", storage::OpenMode::read).error().code == Errc::not_found);
  CHECK(fs.open(root / "d" / "x", storage::OpenMode::write).error().code == Errc::not_found);
  auto file = fs.open(root / "d" / "x", storage::OpenMode::create_new);
  REQUIRE(file);
  CHECK(fs.open(root / "d" / "x", storage::OpenMode::create_new).error().code == Errc::conflict);
  REQUIRE((*file)->write(3, as_bytes("abc")));
  CHECK(text_of(**file) == std::string("\0\0\0abc", 6));
  REQUIRE((*file)->write(0, as_bytes("xyzA")));
  REQUIRE((*file)->sync());
  CHECK(text_of(**file) == "xyzAbc");
  CHECK(*(*file)->size() == 6);
  REQUIRE((*file)->truncate(2));
  REQUIRE((*file)->truncate(4));
  CHECK(text_of(**file) == std::string("xy\0\0", 4));
  Bytes beyond(4);
  CHECK(*(*file)->read(100, beyond) == 0);

  REQUIRE(fs.rename(root / "d" / "x", root / "d" / "y"));
  REQUIRE(fs.sync_dir(root / "d"));
  CHECK_FALSE(fs.exists(root / "d" / "x"));
  CHECK(fs.exists(root / "d" / "y"));
  REQUIRE(fs.open(root / "d" / "a", storage::OpenMode::create_new));
  CHECK(*fs.list(root / "d") == std::vector<std::string>{"a", "y"});
  REQUIRE(fs.remove(root / "d" / "a"));
  CHECK(fs.remove(root / "d" / "a").error().code == Errc::not_found);
  CHECK_FALSE(fs.list(root / "none"));
  CHECK_FALSE(fs.sync_dir(root / "none"));
  CHECK(*fs.free_bytes(root) > 0);
}

}  // namespace waag::testing
