#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/ids.h"
#include "storage/pack/location.h"

namespace waag::storage {

/// A stretch of a blob: `chunks` consecutive chunks of one xorb, from `first_chunk` on.
struct Term {
  XorbHash xorb;
  std::uint32_t first_chunk = 0;
  std::uint32_t chunks = 0;
  std::uint64_t bytes = 0;  // their raw lengths together
  bool operator==(const Term&) const = default;
};

/// What a blob consists of. The terms' bytes add up to size_bytes.
struct BlobManifest {
  std::uint64_t size_bytes = 0;
  FileHash file_hash;
  std::vector<Term> terms;
  bool operator==(const BlobManifest&) const = default;
};

/// `records` consecutive records of one pack.
struct RecordRun {
  PackId pack{};
  std::uint32_t first_record = 0;
  std::uint32_t records = 0;
  bool operator==(const RecordRun&) const = default;
};

struct XorbChunk {
  ChunkHash hash;
  std::uint32_t raw_bytes = 0;
  bool operator==(const XorbChunk&) const = default;
};

/// A xorb's chunks in order, and where their records lie: the runs' records add up to the chunks.
struct XorbRow {
  std::vector<XorbChunk> chunks;
  std::vector<RecordRun> runs;
  bool operator==(const XorbRow&) const = default;
};

/// What an LFS pointer blob points to.
struct LfsPointerRow {
  BlobId blob;
  std::uint64_t size_bytes = 0;
  std::uint32_t pointer_bytes = 0;  // length of the pointer text itself
  bool operator==(const LfsPointerRow&) const = default;
};

std::string encode(const BlobManifest& row);
std::string encode(const XorbRow& row);
std::string encode(const LfsPointerRow& row);
/// The row of a git blob too large for one record: which chunked blob holds its bytes.
std::string encode_large_git_blob(const BlobId& blob);
/// The row of a Xet file hash: which blob has it.
std::string encode_file_row(const BlobId& blob);
/// Errc::corrupt unless `value` is what encode() writes and its sums agree.
Result<BlobManifest> decode_manifest(std::string_view value);
Result<XorbRow> decode_xorb(std::string_view value);
Result<LfsPointerRow> decode_lfs_pointer(std::string_view value);
Result<BlobId> decode_large_git_blob(std::string_view value);
Result<BlobId> decode_file_row(std::string_view value);

}  // namespace waag::storage
