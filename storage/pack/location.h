#pragma once

#include <compare>
#include <cstdint>

#include "protocol/ids.h"

namespace waag::storage {

/// Names a pack: 16 hex digits, packs/ab/<id>.pack where "ab" are its first two.
enum class PackId : std::uint64_t {};
std::string pack_name(PackId pack);

/// What a record holds and which hash names it. Values are on disk: never renumbered.
enum class RecordKind : std::uint8_t {
  chunk = 1,
  git_blob = 2,
  git_tree = 3,
  git_commit = 4,
  git_tag = 5
};

/// How a record's payload is encoded at rest. Values are on disk: decoders are kept for ever.
/// Outside the wire's 0, 1, 2 (XET 3.2) so that the two can never be mistaken for each other.
enum class Codec : std::uint8_t {
  raw = 16,
  lz4 = 17,
  zstd = 18 /* 19..: float codecs (STORAGE B.3) */
};

/// Element type of the tensor that a chunk lies in, from the file's tensor map; `none` if unknown.
enum class Dtype : std::uint8_t {
  none = 0,
  bf16 = 1,
  f16 = 2,
  f32 = 3,
  f64 = 4,
  f8_e4m3 = 5,
  f8_e5m2 = 6,
  i8 = 7,
  u8 = 8,
  i16 = 9,
  i32 = 10,
  i64 = 11,
  boolean = 12,
  quantized = 13 /* GGUF block types */
};

/// Where one record's payload lies: all that a read needs, so that it costs one look-up and one
/// pread.
struct Location {
  PackId pack{};
  std::uint32_t record = 0;        // number within the pack, from 0
  std::uint32_t offset = 0;        // of the payload in the pack file
  std::uint32_t stored_bytes = 0;  // encoded length
  std::uint32_t raw_bytes = 0;     // decoded length
  std::uint32_t crc = 0;           // CRC-32C of the encoded payload
  RecordKind kind{RecordKind::chunk};
  Codec codec{Codec::raw};
  Dtype dtype{Dtype::none};
  std::uint8_t phase = 0;  // offset of the chunk's first byte within an element, 0..7

  bool operator==(const Location&) const = default;
};

/// Names one record of one pack.
struct RecordPlace {
  PackId pack{};
  std::uint32_t record = 0;

  auto operator<=>(const RecordPlace&) const = default;
};
inline RecordPlace place_of(const Location& at) { return {at.pack, at.record}; }

/// The value of keys::chunk and keys::git_object rows: version byte and the fields above, fixed
/// width.
std::string encode(const Location& at);
/// Errc::corrupt if it is not what encode wrote.
Result<Location> decode_location(std::string_view value);

/// A durable stretch of whole groups in one pack. Journaled with the rows that need it; at replay
/// the rows derived from it (chunk and object look-ups) are read back from the group directories.
struct PackExtent {
  PackId pack{};
  std::uint32_t begin = 0;  // file offset of the first group
  std::uint32_t end = 0;    // file offset past the last group
  std::uint32_t first_record = 0;
  std::uint32_t records = 0;

  bool operator==(const PackExtent&) const = default;
};

}  // namespace waag::storage
