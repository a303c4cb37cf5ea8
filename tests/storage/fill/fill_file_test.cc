#include "storage/fill/fill_file.h"

#include <catch2/catch.hpp>

#include "tests/support/memory_file_system.h"

namespace waag::storage {
namespace {

using testing::MemoryFileSystem;

constexpr std::uint64_t size_bytes = 1000;

struct Place {
  MemoryFileSystem fs;
  Place() { REQUIRE(fs.create_dir("/fills")); }
  std::unique_ptr<FillFile> open(std::string_view boot = "boot-1",
                                 std::uint64_t size = size_bytes) {
    auto file = FillFile::open(fs, "/fills", "f", size, boot);
    if (!file) FAIL(file.error().what);
    return *std::move(file);
  }
};

void put(FillFile& file, Stretch stretch, char letter, bool noted = true) {
  const std::string bytes(stretch.size(), letter);
  REQUIRE(file.write(stretch.begin, as_bytes(bytes)));
  if (noted) REQUIRE(file.note(stretch));
}

std::string text(const FillFile& file, std::uint64_t at, std::size_t bytes) {
  Bytes out(bytes);
  const auto got = file.read(at, out);
  REQUIRE(got);
  return std::string(as_text(ByteView(out).first(*got)));
}

}  // namespace

TEST_CASE("fill_file: bytes in any order; only those that are there are read", "[storage][fill]") {
  Place place;
  const auto file = place.open();
  put(*file, {500, 510}, 'b');
  CHECK(text(*file, 0, 10).empty());
  CHECK(text(*file, 505, 100) == "bbbbb");
  put(*file, {490, 500}, 'a');
  CHECK(text(*file, 498, 100) == "aa" + std::string(10, 'b'));
  CHECK(file->bytes() == 20);
  CHECK(*file->gap(0, size_bytes) == Stretch{0, 490});
  CHECK(file->write(995, as_bytes("123456")).error().code == Errc::internal);
}

TEST_CASE("fill_file: what was noted outlives the process", "[storage][fill]") {
  Place place;
  {
    const auto file = place.open();
    put(*file, {0, 300}, 'a');
    put(*file, {700, 800}, 'b');
    put(*file, {300, 310}, 'x', /*noted=*/false);
  }
  const auto file = place.open();
  CHECK(file->bytes() == 400);
  CHECK(text(*file, 0, 1000) == std::string(300, 'a'));
  CHECK(text(*file, 700, 1000) == std::string(100, 'b'));
  put(*file, {300, 700}, 'c');
  put(*file, {800, 1000}, 'd');
  CHECK(place.open()->bytes() == size_bytes);
}

TEST_CASE("fill_file: after another boot only what was synced counts", "[storage][fill]") {
  Place place;
  {
    const auto file = place.open();
    put(*file, {0, 300}, 'a');
    REQUIRE(file->sync());
    put(*file, {300, 600}, 'b');
  }
  const auto next = GENERATE("boot-2", "");
  {
    const auto file = place.open(next);
    CHECK(file->bytes() == 300);
    put(*file, {300, 400}, 'c');
  }
  CHECK(place.open(next)->bytes() == (std::string(next).empty() ? 300 : 400));
  CHECK(place.open("boot-3")->bytes() == 300);
}

TEST_CASE("fill_file: what does not fit is begun anew", "[storage][fill]") {
  Place place;
  put(*place.open(), {0, 300}, 'a');
  const auto files = place.fs.files();
  SECTION("another size") { CHECK(place.open("boot-1", 2000)->bytes() == 0); }
  SECTION("bytes that are cut off") {
    auto part = files.at("/fills/f.part");
    part.resize(200);
    place.fs.put("/fills/f.part", part);
    CHECK(place.open()->bytes() == 0);
  }
  SECTION("another file's log") {
    place.fs.put("/fills/f.have", Bytes(100));
    CHECK(place.open()->bytes() == 0);
  }
  SECTION("no bytes at all") {
    REQUIRE(place.fs.remove("/fills/f.part"));
    CHECK(place.open()->bytes() == 0);
  }
}

TEST_CASE("fill_file: a torn log holds as far as it is whole", "[storage][fill]") {
  Place place;
  {
    const auto file = place.open();
    put(*file, {0, 300}, 'a');
    put(*file, {300, 600}, 'b');
  }
  auto log = place.fs.files().at("/fills/f.have");
  const auto cut = GENERATE(1, 7, 19, 20);
  log.resize(log.size() - static_cast<std::size_t>(cut));
  place.fs.put("/fills/f.have", log);
  {
    const auto file = place.open();
    CHECK(file->bytes() == 300);
    put(*file, {300, 500}, 'c');
  }
  CHECK(place.open()->bytes() == 500);
  auto flipped = place.fs.files().at("/fills/f.have");
  flipped[flipped.size() - 5] ^= std::byte{1};
  place.fs.put("/fills/f.have", flipped);
  CHECK(place.open()->bytes() == 300);
}

TEST_CASE("fill_file: cleared, nothing comes back", "[storage][fill]") {
  Place place;
  {
    const auto file = place.open();
    put(*file, {0, 300}, 'a');
    REQUIRE(file->clear());
    CHECK(file->bytes() == 0);
    put(*file, {100, 200}, 'b');
  }
  const auto file = place.open();
  CHECK(file->bytes() == 100);
  CHECK(text(*file, 100, 10) == std::string(10, 'b'));
  REQUIRE(file->remove());
  CHECK(place.fs.files().empty());
}

TEST_CASE("fill_file: a sync or write that fails is told", "[storage][fill]") {
  Place place;
  const auto file = place.open();
  put(*file, {0, 300}, 'a');
  place.fs.fail_syncs(1);
  CHECK_FALSE(file->sync());
  place.fs.set_space(0);
  CHECK(file->write(300, as_bytes("b")).error().code == Errc::no_space);
  CHECK(file->bytes() == 300);
}

}  // namespace waag::storage
