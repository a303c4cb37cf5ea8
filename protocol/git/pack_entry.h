#pragma once

#include <optional>
#include <string>

#include "protocol/git/object.h"

/// The parts of a git pack: its head, the heads of its entries, and deltas.
///
///   "PACK" version objects                        3 x 4 bytes, big-endian
///   entry: kind and size | base, of a delta | zlib stream
///   SHA-1 of all before
///
/// Source: git, gitformat-pack(5).
namespace waag::git {

inline constexpr std::size_t pack_head_bytes = 12;
inline constexpr std::size_t pack_trailer_bytes = GitId::size_bytes;

std::string pack_head(std::uint32_t objects);
/// @param bytes  pack_head_bytes
/// @return number of objects; Errc::unprocessable if it is no pack of version 2 or 3
Result<std::uint32_t> parse_pack_head(ByteView bytes);

enum class EntryKind : std::uint8_t {
  commit = 1,
  tree = 2,
  blob = 3,
  tag = 4,
  offset_delta = 6,
  id_delta = 7
};

struct EntryHead {
  EntryKind kind{EntryKind::blob};
  std::uint64_t size_bytes = 0;     // inflated
  std::uint64_t base_distance = 0;  // offset_delta: from the base's start to this entry's
  GitId base_id;                    // id_delta
  std::size_t head_bytes = 0;

  [[nodiscard]] bool is_delta() const {
    return kind == EntryKind::offset_delta || kind == EntryKind::id_delta;
  }
};

/// Longest head: ten bytes of size and ten of distance, or an id.
inline constexpr std::size_t entry_head_bytes_max = 30;

/// Appends the head of an entry that is no delta.
void append_entry_head(std::string& out, ObjectKind kind, std::uint64_t size_bytes);
/// @return nullopt if `bytes` ends within the head; Errc::unprocessable if it is none
Result<std::optional<EntryHead>> parse_entry_head(ByteView bytes);

struct DeltaSizes {
  std::uint64_t base_bytes = 0;
  std::uint64_t result_bytes = 0;
  std::size_t head_bytes = 0;
};
Result<DeltaSizes> parse_delta_sizes(ByteView delta);

/// The object that `delta` makes of `base`.
/// @return Errc::unprocessable if the delta is malformed or of another base, or makes more than
///         `result_bytes_max`
Result<Bytes> apply_delta(ByteView base, ByteView delta, std::uint64_t result_bytes_max);

}  // namespace waag::git
