#include "storage/pack/format.h"

#include <catch2/catch.hpp>

#include "storage/pack/group_builder.h"
#include "tests/storage/pack/pack_support.h"

namespace waag::storage::pack {
namespace {

using testing::chunk_record;
using testing::SeededRandom;

constexpr PackHead head{PackId{0x0123456789abcdef}, PackClass::chunks};

struct Sealed {
  Bytes file;
  std::vector<DirectoryEntry> entries;
};

/// A sealed pack of two groups, some KiB.
Sealed sealed_pack(SeededRandom& random) {
  Sealed made;
  made.file = encode_head(head);
  std::vector<GroupPlace> places;
  GroupBuilder builder;
  for (int group = 0; group < 2; ++group) {
    std::vector<Bytes> raw;
    for (std::size_t i = 0; i < 3; ++i) raw.push_back(testing::random_bytes(random, 100 + 50 * i));
    std::vector<RecordIn> records;
    for (const auto& bytes : raw) records.push_back(chunk_record(bytes));
    records[1].dtype = Dtype::bf16;
    records[1].phase = 1;
    REQUIRE(builder.build(head, static_cast<std::uint32_t>(made.file.size()),
                          static_cast<std::uint32_t>(made.entries.size()), records));
    places.push_back(builder.place());
    made.entries.insert(made.entries.end(), builder.entries().begin(), builder.entries().end());
    made.file.insert(made.file.end(), builder.bytes().begin(), builder.bytes().end());
  }
  const auto footer =
      encode_footer(head.pack, static_cast<std::uint32_t>(made.file.size()), places, made.entries);
  made.file.insert(made.file.end(), footer.begin(), footer.end());
  return made;
}

bool same(const std::vector<DirectoryEntry>& a, const std::vector<DirectoryEntry>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.hash == y.hash && x.at == y.at; });
}

Result<std::vector<DirectoryEntry>> footer_of(ByteView file) {
  if (file.size() < trailer_bytes) return fail(Errc::corrupt, "short");
  WAAG_TRY(const auto trailer, parse_trailer(file.last(trailer_bytes), head.pack, file.size()));
  if (trailer.footer_begin + trailer.footer_bytes() > file.size())
    return fail(Errc::internal, "parse_trailer let a footer past the end through");
  return parse_footer(file.subspan(trailer.footer_begin, trailer.footer_bytes()), trailer);
}

Result<std::vector<DirectoryEntry>> group_of(ByteView file, std::uint32_t begin) {
  if (file.size() < begin + group_header_bytes) return fail(Errc::corrupt, "short");
  WAAG_TRY(const auto place, parse_group_header(file.subspan(begin, group_header_bytes), head.pack,
                                                begin, file.size()));
  if (place.end() > file.size()) return fail(Errc::internal, "group past the end was let through");
  return parse_directory(file.subspan(begin, place.directory_end() - begin), head.pack, place);
}

}  // namespace

TEST_CASE("pack format: head, groups and footer read back", "[storage][pack]") {
  SeededRandom random(1);
  const auto pack = sealed_pack(random);
  CHECK(pack.file.size() % block_bytes == 0);
  const auto read = parse_head(ByteView(pack.file).first(head_bytes));
  REQUIRE(read);
  CHECK(read->pack == head.pack);
  CHECK(read->kind == head.kind);
  const auto footer = footer_of(pack.file);
  REQUIRE(footer);
  CHECK(same(*footer, pack.entries));
  const auto first = group_of(pack.file, head_bytes);
  REQUIRE(first);
  CHECK(same(*first, {pack.entries.begin(), pack.entries.begin() + 3}));
  CHECK(pack.entries[0].at.offset % block_bytes == 0);
  CHECK(pack.entries[1].at.offset == pack.entries[0].at.offset + 100);
}

TEST_CASE("pack format: every truncation of a pack is seen", "[storage][pack]") {
  SeededRandom random(2);
  const auto pack = sealed_pack(random);
  for (std::size_t size = 0; size < pack.file.size(); ++size) {
    const auto file = ByteView(pack.file).first(size);
    CAPTURE(size);
    REQUIRE_FALSE(footer_of(file));
    if (size < head_bytes) REQUIRE_FALSE(parse_head(file));
    const auto group = group_of(file, head_bytes);
    if (size < pack.entries[2].at.offset + pack.entries[2].at.stored_bytes) REQUIRE_FALSE(group);
    if (!group) REQUIRE(group.error().code == Errc::corrupt);
  }
}

TEST_CASE("pack format: every bit flip gives an error or the same directory", "[storage][pack]") {
  SeededRandom random(3);
  const auto pack = sealed_pack(random);
  const auto whole = group_of(pack.file, head_bytes);
  auto file = pack.file;
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < file.size() * 8; bit += 1 + random.next() % 3) {
    const auto flip = std::byte{1} << (bit % 8);
    file[bit / 8] ^= flip;
    const auto footer = footer_of(file);
    const auto group = group_of(file, head_bytes);
    const bool good = (!footer || same(*footer, pack.entries)) && (!group || same(*group, *whole));
    refused += (footer ? 0 : 1) + (group ? 0 : 1);
    file[bit / 8] ^= flip;
    if (!good) FAIL("bit " << bit << " gives a wrong directory");
  }
  CHECK(refused > 1000);
}

TEST_CASE("pack format: counts that do not fit are refused before memory is taken",
          "[storage][pack]") {
  SeededRandom random(4);
  auto pack = sealed_pack(random);
  const auto header = std::span(pack.file).subspan(head_bytes, group_header_bytes);
  const std::size_t field =
      GENERATE(16u, 20u, 24u, 28u, 32u);  // begin, first, records, offset, bytes
  CAPTURE(field);
  for (std::size_t i = 0; i < 4; ++i) header[field + i] = std::byte{0xff};
  CHECK_FALSE(group_of(pack.file, head_bytes));
}

TEST_CASE("pack format: a group elsewhere than it says is refused", "[storage][pack]") {
  SeededRandom random(5);
  const auto pack = sealed_pack(random);
  const auto second = ByteView(pack.file).subspan(pack.entries[3].at.offset - block_bytes);
  auto moved = pack.file;
  std::copy(second.begin(), second.begin() + 2 * block_bytes, moved.begin() + head_bytes);
  CHECK_FALSE(group_of(moved, head_bytes));
}

}  // namespace waag::storage::pack
