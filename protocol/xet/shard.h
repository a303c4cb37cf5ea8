#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "protocol/xet/xorb.h"

// A shard says which chunk ranges make up files and which chunks stand in xorbs. It is the body of
// an upload and the answer to a dedup query. Every record has 48 bytes, integers are little-endian:
//
//   header | file blocks | bookend | xorb blocks | bookend | perhaps look-up tables and a footer
//
//   file block:  hash, flags, n
//                n x (xorb hash, 0, raw bytes, begin, end)
//                [n x (range hash)] [sha256]
//   xorb block:  hash, 0, n, raw bytes, stored bytes
//                n x (chunk hash, raw begin, raw bytes, flags)
//
// Source: XET 4; xet-core, metadata_shard/.

namespace waag::xet {

/// Longest shard that is read: 1.39 million chunks, about 90 GB of new data. Source: XET 4.6.
inline constexpr std::size_t shard_bytes_max = 64u << 20;

/// A part of a file: chunks `begin` to `end` (exclusive) of a xorb.
struct ShardTerm {
  XorbHash xorb;
  std::uint32_t raw_bytes = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  bool operator==(const ShardTerm&) const = default;
};

struct ShardFile {
  FileHash hash;
  std::vector<ShardTerm> terms;         // none: the empty file, whose hash is zero
  std::vector<ChunkHash> range_hashes;  // one a term, or none at all
  std::optional<BlobId> sha256;         // in the ordinary order of bytes; the sender's claim

  bool operator==(const ShardFile&) const = default;
};

struct ShardChunk {
  ChunkHash hash;               // in a dedup answer keyed with the footer's key
  std::uint32_t raw_begin = 0;  // in the raw bytes of its xorb
  std::uint32_t raw_bytes = 0;
  bool dedup_eligible = false;  // flagged by the sender: a file begins here

  bool operator==(const ShardChunk&) const = default;
};

struct ShardXorb {
  XorbHash hash;
  std::uint32_t raw_bytes = 0;
  std::uint32_t stored_bytes = 0;  // serialised; hf_xet sends 0
  std::vector<ShardChunk> chunks;

  bool operator==(const ShardXorb&) const = default;
};

/// Called with each block when its last record is read; an Error ends the walk. Either may be
/// empty.
struct ShardSink {
  std::function<Status(ShardFile&&)> file;
  std::function<Status(ShardXorb&&)> xorb;
};

/// Reads a shard that arrives in pieces of any size. Holds one block and less than a record; no
/// more than was received, whatever a count says. What stands behind the second bookend is ignored.
/// Blocks are checked within themselves only: that hashes and xorbs exist is the caller's to ask.
/// After an error the parser may only be destroyed or assigned to.
class ShardParser {
 public:
  /// @return Errc::unprocessable if it is no shard or a block contradicts itself;
  ///         Errc::too_large if it is, or claims to be, longer than shard_bytes_max
  Status feed(ByteView piece, const ShardSink& sink);
  /// The end of the stream. @return Errc::unprocessable before the second bookend
  Status finish();

 private:
  static constexpr std::size_t record_bytes = 48;
  enum class At : std::uint8_t {
    header,
    file_header,
    file_term,
    file_range,
    file_sha256,
    xorb_header,
    xorb_chunk,
    rest,
  };

  Status take_record(ByteView record, const ShardSink& sink);
  Status take_file_header(ByteView record, const ShardSink& sink);
  Status take_term(ByteView record, const ShardSink& sink);
  Status take_range(ByteView record, const ShardSink& sink);
  Status take_sha256(ByteView record, const ShardSink& sink);
  Status take_xorb_header(ByteView record);
  Status take_chunk(ByteView record, const ShardSink& sink);
  Status after_terms(const ShardSink& sink);
  Status after_ranges(const ShardSink& sink);
  Status end_file(const ShardSink& sink);
  /// Whether so many more records can come before the cap.
  Status expect(std::uint64_t records) const;

  At at_{At::header};
  std::uint64_t fed_bytes_ = 0;     // by calls of feed that began
  std::uint64_t parsed_bytes_ = 0;  // in whole records
  std::array<std::byte, record_bytes> held_{};
  std::size_t held_bytes_ = 0;
  ShardFile file_;
  ShardXorb xorb_;
  std::uint32_t flags_ = 0;      // of file_
  std::uint32_t entries_ = 0;    // of the open block, as its header says
  std::uint32_t raw_bytes_ = 0;  // of xorb_, so far
};

struct Shard {
  std::vector<ShardFile> files;
  std::vector<ShardXorb> xorbs;

  bool operator==(const Shard&) const = default;
};

Result<Shard> parse_shard(ByteView whole);

/// The answer to a dedup query: whole xorbs in order, each chunk hash keyed with `hmac_key` here,
/// and the footer that clients look for. They keep it in their cache until it expires, so that the
/// expiry must lie in the future.
///
/// @param created_s, expires_s  Unix seconds
/// Source: XET 4.5.
Bytes serialize_dedup_shard(std::span<const ShardXorb> xorbs, const Key& hmac_key,
                            std::uint64_t created_s, std::uint64_t expires_s);

/// The form of an upload: hf_xet sends it without a footer, huggingface.js with one. Range hashes
/// and a SHA-256 are written for the files that have them.
Bytes serialize_shard(const Shard& shard, bool with_footer);

}  // namespace waag::xet
