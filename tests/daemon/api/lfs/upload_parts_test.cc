#include "daemon/api/lfs/upload_parts.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "protocol/hash.h"
#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::daemon;

namespace {

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}
std::string with_trailer(const std::string& bytes) {
  const auto end = upload_parts::trailer(crc32c(as_bytes(bytes)));
  return bytes + std::string(as_text(end));
}

}  // namespace

TEST_CASE("upload parts: found by name and trailer, all else goes", "[daemon][lfs][uploads]") {
  const waag::testing::TempFolder folder;
  write(folder.path() / "part-1", with_trailer("one"));
  write(folder.path() / "part-10000", with_trailer(""));
  const std::vector<std::string> strays = {"draft-1", "part-0",     "part-10001", "part-2x",
                                           "part-",   "part-3.new", "other"};
  for (const auto& name : strays) write(folder.path() / name, with_trailer("x"));
  write(folder.path() / "part-4", "cut");
  write(folder.path() / "part-5", std::string(100, '\0'));
  const auto found = upload_parts::find(folder.path());
  REQUIRE(found.size() == 2);
  CHECK(found.at(1) == crc32c(as_bytes("one")));
  CHECK(found.at(10'000) == crc32c({}));
  const auto left = std::distance(std::filesystem::directory_iterator(folder.path()), {});
  CHECK(left == 2);
  CHECK(upload_parts::find(folder.path() / "absent").empty());
}

TEST_CASE("upload parts: bytes without their trailer, and what they really sum to",
          "[daemon][lfs][uploads]") {
  const waag::testing::TempFolder folder;
  const std::string bytes((2u << 20) + 3, 'x');
  write(upload_parts::path_of(folder.path(), 7), with_trailer(bytes));
  std::string got;
  const auto take = [&](ByteView piece) {
    got += as_text(piece);
    return ok();
  };
  CHECK(*upload_parts::read(folder.path(), 7, take) == crc32c(as_bytes(bytes)));
  CHECK(got == bytes);
  const auto refuse = [](ByteView) -> Status { return fail(Errc::no_space, "full"); };
  CHECK(upload_parts::read(folder.path(), 7, refuse).error().code == Errc::no_space);
  CHECK_FALSE(upload_parts::read(folder.path(), 8, take));
  write(folder.path() / "part-7", "cut");
  CHECK_FALSE(upload_parts::read(folder.path(), 7, take));
}
