#include "convert/source/pickle/zip_members.h"

#include <catch2/catch.hpp>

#include "tests/convert/source/model_folder.h"
#include "tests/convert/source/pickle/torch_builder.h"

namespace waag::convert::testing {
namespace {

using waag::testing::ModelFolder;
using waag::testing::ZipBuilder;

Result<ZipMembers> list(const std::string& bytes) {
  ModelFolder folder;
  folder.write("x.bin", bytes);
  WAAG_TRY(const auto file, WeightFile::open(folder.path(), "x.bin"));
  return list_zip(*file);
}

std::string refusal(const std::string& bytes) {
  const auto members = list(bytes);
  if (members) return "";
  CHECK(members.error().code == Errc::unprocessable);
  const std::string front = "x.bin: zip: ";
  CHECK(members.error().what.starts_with(front));
  return members.error().what.substr(front.size());
}

ZipBuilder odd(const ZipBuilder::Oddities& oddities) {
  ZipBuilder zip;
  zip.odd = oddities;
  return zip.add("a", "1234");
}

}  // namespace

TEST_CASE("zip_members: stored members, plain, with descriptors, with ZIP64", "[convert][source]") {
  const bool zip64 = GENERATE(false, true);
  const auto flags = GENERATE(as<std::uint16_t>{}, 0, 8, 0x800, 0x808);
  ZipBuilder zip;
  zip.odd.flags = flags;
  const auto bytes = zip.add("a", "1234").add("b/c", "").add("d", "xyz").file(zip64);
  const auto members = list(bytes);
  REQUIRE(members);
  REQUIRE(members->size() == 3);
  const auto& d = members->at("d");
  CHECK(bytes.substr(d.begin, d.size_bytes) == "xyz");
  CHECK(d.crc32 == waag::testing::crc32_of("xyz"));
  CHECK(members->at("b/c").size_bytes == 0);
}

TEST_CASE("zip_members: no member at all", "[convert][source]") {
  CHECK(list(ZipBuilder().file())->empty());
  CHECK(list(ZipBuilder().file(true))->empty());
}

TEST_CASE("zip_members: sizes in the extra field of ZIP64", "[convert][source]") {
  ByteWriter extra;
  extra.fixed(std::uint16_t{1});
  extra.fixed(std::uint16_t{16});
  extra.fixed(std::uint64_t{4});
  extra.fixed(std::uint64_t{4});
  ZipBuilder::Oddities oddities;
  oddities.central_size = 0xffffffff;
  CHECK(refusal(odd(oddities).file()) == "a has a malformed extra field");
  oddities.central_extra = extra.str();
  CHECK(list(odd(oddities).file())->at("a").size_bytes == 4);
  oddities.central_extra.resize(12);
  CHECK(refusal(odd(oddities).file()) == "a has a malformed extra field");
}

TEST_CASE("zip_members: what is refused", "[convert][source]") {
  CHECK(refusal("") == "too short");
  CHECK(refusal(std::string(100, 'x')) == "no end record at the end of the file");
  const auto good = ZipBuilder().add("a", "1234").file();
  CHECK(refusal(good).empty());
  CHECK(refusal(good + "x") == "no end record at the end of the file");
  CHECK(refusal("x" + good) == "the directory does not end where the end record begins");
  ZipBuilder zip;
  zip.add("a", "1234");
  zip.comment = "hi";
  CHECK(refusal(zip.file()) == "no end record at the end of the file");
  zip.comment.clear();
  zip.before_directory = "hidden";
  CHECK(refusal(zip.file()) == "bytes between a and what follows it");
  zip.before_directory.clear();
  zip.count_added = 1;
  CHECK(refusal(zip.file()) == "too many members");
  CHECK(refusal(ZipBuilder().add("a", "1").add("a", "2").file()) == "two members of one name: a");
  CHECK(refusal(odd({.method = 8}).file()) == "a is compressed");
  CHECK(refusal(odd({.flags = 1}).file()) == "a has flags that are not allowed");
  CHECK(refusal(odd({.local_size_added = 1}).file()) ==
        "a has a local header that differs from the directory");
  CHECK(refusal(odd({.local_name = "b"}).file()) ==
        "a has a local header that differs from the directory");
  CHECK(refusal(odd({.gap = "hidden"}).file()) == "bytes between a and what follows it");
  CHECK(refusal(odd({.flags = 8, .gap = "hidden"}).file()) ==
        "bytes between a and what follows it");
  CHECK(refusal(odd({.central_size = 5}).file()) ==
        "a has a local header that differs from the directory");
  CHECK(refusal(ZipBuilder().add(std::string(513, 'n'), "").file()) ==
        "a name that is empty or too long");
}

TEST_CASE("zip_members: an entry that points into another", "[convert][source]") {
  // Both entries of the directory point to the first header.
  auto bytes = ZipBuilder().add("a", "1234").add("a", "1234").file();
  const auto second_entry = bytes.size() - 22 - 47;
  std::memset(bytes.data() + second_entry + 42, 0, 4);
  CHECK(refusal(bytes).starts_with("a "));
}

TEST_CASE("zip_members: every file cut short or with one byte changed is listed or refused",
          "[convert][source]") {
  ZipBuilder zip;
  zip.odd.flags = 8;
  const auto good = zip.add("a", "1234").add("b", "56").file(true);
  for (std::size_t i = 0; i < good.size(); ++i) {
    CHECK_FALSE(refusal(good.substr(0, i)).empty());
    for (const auto change : {0x01, 0x80, 0xff}) {
      auto bytes = good;
      bytes[i] = static_cast<char>(bytes[i] ^ change);
      const auto members = list(bytes);
      if (!members) continue;
      for (const auto& [name, member] : *members)
        REQUIRE(member.begin + member.size_bytes <= bytes.size());
    }
  }
}

}  // namespace waag::convert::testing
