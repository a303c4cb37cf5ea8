#include "storage/meta/blob_rows.h"

namespace waag::storage {

namespace {

constexpr std::uint8_t manifest_version = 1;
constexpr std::uint8_t xorb_version = 1;
constexpr std::uint8_t lfs_pointer_version = 1;
constexpr std::uint8_t link_version = 1;

// Fewest bytes that one element takes in a row: counts are checked against it before memory is
// taken.
constexpr std::size_t term_bytes_min = 32 + 3;
constexpr std::size_t chunk_bytes_min = 32 + 1;
constexpr std::size_t run_bytes_min = 8 + 2;

Error bad(const char* row) { return fail(Errc::corrupt, std::string(row) + " row: malformed"); }

/// Reads a count of elements that take at least `bytes_min` each; more than fit is an error
/// (nullopt).
bool read_count(ByteReader& in, std::size_t bytes_min, std::size_t& count) {
  const auto value = in.varint();
  if (!in.ok() || value > in.left() / bytes_min) return false;
  count = static_cast<std::size_t>(value);
  return true;
}

template <class Hash>
Hash read_hash(ByteReader& in) {
  const auto raw = in.raw(Hash::size_bytes);
  Hash hash;
  if (raw.size() == Hash::size_bytes) std::memcpy(hash.bytes.data(), raw.data(), raw.size());
  return hash;
}

/// A varint that must fit 32 bits.
bool read_u32(ByteReader& in, std::uint32_t& out) {
  const auto value = in.varint();
  out = static_cast<std::uint32_t>(value);
  return in.ok() && value == out;
}

/// A row that only names a blob.
std::string encode_link(const BlobId& blob) {
  ByteWriter out;
  out.fixed(link_version);
  out.raw(blob.view());
  return out.str();
}

Result<BlobId> decode_link(std::string_view value, const char* row) {
  ByteReader in(as_bytes(value));
  if (in.fixed<std::uint8_t>() != link_version) return bad(row);
  const auto blob = read_hash<BlobId>(in);
  if (!in.ok() || !in.at_end()) return bad(row);
  return blob;
}

}  // namespace

std::string encode(const BlobManifest& row) {
  ByteWriter out;
  out.fixed(manifest_version);
  out.varint(row.size_bytes);
  out.raw(row.file_hash.view());
  out.varint(row.terms.size());
  for (const auto& term : row.terms) {
    out.raw(term.xorb.view());
    out.varint(term.first_chunk);
    out.varint(term.chunks);
    out.varint(term.bytes);
  }
  return out.str();
}

Result<BlobManifest> decode_manifest(std::string_view value) {
  ByteReader in(as_bytes(value));
  if (in.fixed<std::uint8_t>() != manifest_version) return bad("manifest");
  BlobManifest row;
  row.size_bytes = in.varint();
  row.file_hash = read_hash<FileHash>(in);
  std::size_t count = 0;
  if (!read_count(in, term_bytes_min, count)) return bad("manifest");
  row.terms.resize(count);
  auto left = row.size_bytes;
  for (auto& term : row.terms) {
    term.xorb = read_hash<XorbHash>(in);
    if (!read_u32(in, term.first_chunk) || !read_u32(in, term.chunks)) return bad("manifest");
    term.bytes = in.varint();
    if (term.bytes > left || term.bytes == 0 || term.chunks == 0) return bad("manifest");
    left -= term.bytes;
  }
  if (!in.ok() || !in.at_end() || left != 0) return bad("manifest");
  return row;
}

std::string encode(const XorbRow& row) {
  ByteWriter out;
  out.fixed(xorb_version);
  out.varint(row.chunks.size());
  for (const auto& chunk : row.chunks) {
    out.raw(chunk.hash.view());
    out.varint(chunk.raw_bytes);
  }
  out.varint(row.runs.size());
  for (const auto& run : row.runs) {
    out.fixed(static_cast<std::uint64_t>(run.pack));
    out.varint(run.first_record);
    out.varint(run.records);
  }
  return out.str();
}

Result<XorbRow> decode_xorb(std::string_view value) {
  ByteReader in(as_bytes(value));
  if (in.fixed<std::uint8_t>() != xorb_version) return bad("xorb");
  XorbRow row;
  std::size_t count = 0;
  if (!read_count(in, chunk_bytes_min, count)) return bad("xorb");
  row.chunks.resize(count);
  for (auto& chunk : row.chunks) {
    chunk.hash = read_hash<ChunkHash>(in);
    if (!read_u32(in, chunk.raw_bytes)) return bad("xorb");
  }
  if (!read_count(in, run_bytes_min, count)) return bad("xorb");
  row.runs.resize(count);
  std::uint64_t records = 0;
  for (auto& run : row.runs) {
    run.pack = PackId{in.fixed<std::uint64_t>()};
    if (!read_u32(in, run.first_record) || !read_u32(in, run.records)) return bad("xorb");
    records += run.records;
  }
  if (!in.ok() || !in.at_end() || records != row.chunks.size()) return bad("xorb");
  return row;
}

std::string encode(const LfsPointerRow& row) {
  ByteWriter out;
  out.fixed(lfs_pointer_version);
  out.raw(row.blob.view());
  out.varint(row.size_bytes);
  out.varint(row.pointer_bytes);
  return out.str();
}

Result<LfsPointerRow> decode_lfs_pointer(std::string_view value) {
  ByteReader in(as_bytes(value));
  if (in.fixed<std::uint8_t>() != lfs_pointer_version) return bad("LFS pointer");
  LfsPointerRow row;
  row.blob = read_hash<BlobId>(in);
  row.size_bytes = in.varint();
  if (!read_u32(in, row.pointer_bytes) || !in.at_end()) return bad("LFS pointer");
  return row;
}

std::string encode_large_git_blob(const BlobId& blob) { return encode_link(blob); }
Result<BlobId> decode_large_git_blob(std::string_view value) {
  return decode_link(value, "large git blob");
}

std::string encode_file_row(const BlobId& blob) { return encode_link(blob); }
Result<BlobId> decode_file_row(std::string_view value) { return decode_link(value, "file"); }

}  // namespace waag::storage
