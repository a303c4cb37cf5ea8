#include "storage/meta/blob_rows.h"

#include <catch2/catch.hpp>

namespace waag::storage {
namespace {

template <class Id>
Id id_of(std::uint8_t first) {
  Id id;
  id.bytes.fill(std::byte{first});
  return id;
}

BlobManifest manifest() {
  BlobManifest row;
  row.size_bytes = 70'000'000;
  row.file_hash = id_of<FileHash>(7);
  row.terms = {{id_of<XorbHash>(1), 0, 1000, 67'000'000}, {id_of<XorbHash>(2), 3, 50, 3'000'000}};
  return row;
}

XorbRow xorb() {
  XorbRow row;
  row.chunks = {
      {id_of<ChunkHash>(1), 8192}, {id_of<ChunkHash>(2), 131072}, {id_of<ChunkHash>(3), 1}};
  row.runs = {{PackId{0xfedcba9876543210}, 7, 2}, {PackId{1}, 0, 1}};
  return row;
}

/// Every proper prefix, and the whole with one more byte, must be refused.
template <class Decode>
void check_lengths(const std::string& value, const Decode& decode) {
  for (std::size_t size = 0; size < value.size(); ++size) {
    CAPTURE(size);
    const auto row = decode(std::string_view(value).substr(0, size));
    REQUIRE_FALSE(row);
    CHECK(row.error().code == Errc::corrupt);
  }
  CHECK_FALSE(decode(value + '\0'));
}

}  // namespace

TEST_CASE("blob_rows: what is encoded is decoded", "[storage][blob_rows]") {
  CHECK(*decode_manifest(encode(manifest())) == manifest());
  CHECK(*decode_manifest(encode(BlobManifest{})) == BlobManifest{});
  CHECK(*decode_xorb(encode(xorb())) == xorb());
  const LfsPointerRow pointer{id_of<BlobId>(9), 1ull << 40, 134};
  CHECK(*decode_lfs_pointer(encode(pointer)) == pointer);
}

TEST_CASE("blob_rows: a row of the wrong length is refused", "[storage][blob_rows]") {
  check_lengths(encode(manifest()), decode_manifest);
  check_lengths(encode(xorb()), decode_xorb);
  check_lengths(encode(LfsPointerRow{id_of<BlobId>(9), 5, 134}), decode_lfs_pointer);
}

TEST_CASE("blob_rows: rows that name a blob", "[storage][blob_rows]") {
  const auto blob = id_of<BlobId>(5);
  CHECK(*decode_file_row(encode_file_row(blob)) == blob);
  check_lengths(encode_file_row(blob), decode_file_row);
}

TEST_CASE("blob_rows: sums that do not agree are refused", "[storage][blob_rows]") {
  auto row = manifest();
  row.size_bytes += GENERATE(std::uint64_t{1}, ~std::uint64_t{0});  // one more, one less
  CHECK_FALSE(decode_manifest(encode(row)));

  auto runs = xorb();
  runs.runs[0].records = 3;
  CHECK_FALSE(decode_xorb(encode(runs)));
}

TEST_CASE("blob_rows: a huge count is refused before memory is taken", "[storage][blob_rows]") {
  ByteWriter out;
  out.fixed(std::uint8_t{1});
  out.varint(1ull << 60);
  CHECK_FALSE(decode_xorb(out.str()));
  ByteWriter with_head;
  with_head.fixed(std::uint8_t{1});
  with_head.varint(0);
  with_head.raw(FileHash{}.view());
  with_head.varint(1ull << 60);
  CHECK_FALSE(decode_manifest(with_head.str()));
}

TEST_CASE("blob_rows: a large git blob's row names one blob, nothing else",
          "[storage][blob_rows]") {
  BlobId id;
  id.bytes.fill(std::byte{7});
  const auto value = encode_large_git_blob(id);
  CHECK(*decode_large_git_blob(value) == id);
  CHECK_FALSE(decode_large_git_blob(value + "x"));
  CHECK_FALSE(decode_large_git_blob(value.substr(1)));
  CHECK_FALSE(decode_large_git_blob(""));
}

TEST_CASE("blob_rows: an unknown version is refused", "[storage][blob_rows]") {
  auto value = encode(manifest());
  value[0] = 2;
  CHECK(decode_manifest(value).error().code == Errc::corrupt);
}

}  // namespace waag::storage
