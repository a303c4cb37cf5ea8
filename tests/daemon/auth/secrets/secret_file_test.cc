#include "daemon/auth/secrets/secret_file.h"

#include <fstream>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::daemon;

TEST_CASE("secret_file: written once, for the owner only", "[daemon][secret_file]") {
  testing::TempFolder folder;
  const auto path = folder.path() / "secret";
  const auto absent = read_secret_file(path);
  REQUIRE(absent);
  CHECK_FALSE(absent->has_value());
  REQUIRE(write_secret_file(path, "s3cret\n"));
  struct stat info{};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
  CHECK(*read_secret_file(path) == "s3cret\n");
  const auto again = write_secret_file(path, "other");
  REQUIRE_FALSE(again);
  CHECK(again.error().code == Errc::conflict);
  CHECK(*read_secret_file(path) == "s3cret\n");
  CHECK_FALSE(std::filesystem::exists(path.string() + ".new"));
}

TEST_CASE("secret_file: what a cut-off start left is replaced", "[daemon][secret_file]") {
  testing::TempFolder folder;
  const auto path = folder.path() / "secret";
  std::ofstream(path.string() + ".new") << "half";
  REQUIRE(write_secret_file(path, "whole"));
  CHECK(*read_secret_file(path) == "whole");
}

TEST_CASE("secret_file: links and huge files are refused", "[daemon][secret_file]") {
  testing::TempFolder folder;
  std::filesystem::create_symlink(folder.path() / "target", folder.path() / "link");
  CHECK_FALSE(read_secret_file(folder.path() / "link"));
  std::ofstream(folder.path() / "huge") << std::string(5000, 'x');
  CHECK_FALSE(read_secret_file(folder.path() / "huge"));
}

TEST_CASE("secret_file: one that others can read, where that matters", "[daemon][secret_file]") {
  testing::TempFolder folder;
  const auto path = folder.path() / "secret";
  REQUIRE(write_secret_file(path, "s3cret"));
  CHECK(*read_secret_file(path, Readers::owner_only) == "s3cret");
  const auto mode = GENERATE(0640, 0602, 0601);
  REQUIRE(::chmod(path.c_str(), static_cast<mode_t>(mode)) == 0);
  CHECK(*read_secret_file(path) == "s3cret");
  CHECK(read_secret_file(path, Readers::owner_only).error().code == Errc::corrupt);
}
