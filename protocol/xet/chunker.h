#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "protocol/bytes.h"

// Content-defined chunking. A rolling 64-bit gear hash, reset at each chunk's start, ends a chunk
// where its top 16 bits are zero; so equal content gives equal chunks wherever it stands in a file.

namespace waag::xet {

/// Smallest, mean and largest chunk in bytes (the last of a file may be smaller). Fixed by the
/// wire: changing one breaks deduplication with every client. Source: XET 1.1; xet-core,
/// xet_core_structures/src/xorb_object/constants.rs.
inline constexpr std::size_t chunk_bytes_min = 8 * 1024;
inline constexpr std::size_t chunk_bytes_mean = 64 * 1024;
inline constexpr std::size_t chunk_bytes_max = 128 * 1024;
/// A chunk ends where (hash & mask) == 0: log2(mean) one bits at the top.
inline constexpr std::uint64_t chunk_mask = 0xFFFF000000000000;
/// The hash forgets a byte after 64 shifts, so a chunk's first bytes need no hashing: it is enough
/// that 65 are folded in before the first test. Source: XET 1.2.
inline constexpr std::size_t chunk_bytes_skipped = chunk_bytes_min - 64 - 1;
static_assert(chunk_bytes_min < chunk_bytes_mean && chunk_bytes_mean < chunk_bytes_max);
static_assert(chunk_mask == (chunk_bytes_mean - 1) << 48);

/// Finds the cuts of one stream of bytes, fed in pieces of any size; the cuts do not depend on how
/// it was split. Holds no bytes, only the rolling hash.
///
///   for (ByteView rest = piece; !rest.empty();) {
///     const auto step = chunker.next(rest);
///     take(rest.first(step.used_bytes));  // they belong to the current chunk
///     if (step.cut) end_chunk();
///     rest = rest.subspan(step.used_bytes);
///   }
///   if (chunker.open_bytes() > 0) end_chunk();  // the end of the stream ends the last chunk
class Chunker {
 public:
  struct Step {
    std::size_t used_bytes = 0;  // of the piece; all of it unless `cut`
    bool cut = false;            // the chunk ends right after them
  };

  Step next(ByteView piece);
  /// Bytes of the chunk that has not ended yet, < chunk_bytes_max.
  [[nodiscard]] std::size_t open_bytes() const { return open_bytes_; }
  /// Forgets the open chunk: the next byte starts a stream.
  void reset() { *this = Chunker{}; }

 private:
  friend class HashingChunker;  // runs the hash itself, interleaved with SHA-256
  std::uint64_t hash_ = 0;
  std::size_t open_bytes_ = 0;
};

/// Lengths of the chunks of a whole stream, in order; their sum is whole.size(). Empty if it is.
std::vector<std::size_t> chunk_lengths(ByteView whole);

}  // namespace waag::xet
