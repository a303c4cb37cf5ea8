#include "protocol/xet/chunker.h"

#include <algorithm>

#include "protocol/xet/gear_table.h"

namespace waag::xet {
namespace {

inline std::uint64_t roll(std::uint64_t hash, std::byte byte) {
  return (hash << 1) + gear_table[static_cast<std::uint8_t>(byte)];
}

/// Folds bytes into `hash` up to and with the first that makes the top bits zero.
/// @return how many were folded; size + 1 if none did (all were folded then)
std::size_t scan(const std::byte* bytes, std::size_t size, std::uint64_t& hash) {
  std::uint64_t h = hash;
  std::size_t i = 0;
  // Eight at a time: the loop's own cost is then small beside the two loads that every byte needs.
  for (; i + 8 <= size; i += 8) {
    const std::byte* p = bytes + i;
#define WAAG_GEAR_STEP(k)                   \
  h = roll(h, p[k]);                        \
  if ((h & chunk_mask) == 0) [[unlikely]] { \
    hash = h;                               \
    return i + (k) + 1;                     \
  }
    WAAG_GEAR_STEP(0)
    WAAG_GEAR_STEP(1)
    WAAG_GEAR_STEP(2)
    WAAG_GEAR_STEP(3)
    WAAG_GEAR_STEP(4)
    WAAG_GEAR_STEP(5)
    WAAG_GEAR_STEP(6)
    WAAG_GEAR_STEP(7)
#undef WAAG_GEAR_STEP
  }
  for (; i < size; ++i) {
    h = roll(h, bytes[i]);
    if ((h & chunk_mask) == 0) {
      hash = h;
      return i + 1;
    }
  }
  hash = h;
  return size + 1;
}

}  // namespace

Chunker::Step Chunker::next(ByteView piece) {
  const std::size_t limit = std::min(piece.size(), chunk_bytes_max - open_bytes_);
  std::size_t at = 0;  // bytes of the piece that are done
  if (open_bytes_ < chunk_bytes_skipped) at = std::min(limit, chunk_bytes_skipped - open_bytes_);
  // Up to the smallest size the hash is warmed up, without a test.
  if (const std::size_t untested = chunk_bytes_min - 1; open_bytes_ + at < untested) {
    const std::size_t end = std::min(limit, untested - open_bytes_);
    for (; at < end; ++at) hash_ = roll(hash_, piece[at]);
  }
  bool cut = false;
  if (at < limit) {
    const std::size_t folded = scan(piece.data() + at, limit - at, hash_);
    cut = folded <= limit - at;
    at = cut ? at + folded : limit;
  }
  open_bytes_ += at;
  if (open_bytes_ == chunk_bytes_max) cut = true;
  if (cut) reset();
  return {at, cut};
}

std::vector<std::size_t> chunk_lengths(ByteView whole) {
  std::vector<std::size_t> lengths;
  lengths.reserve(whole.size() / chunk_bytes_mean + 1);
  Chunker chunker;
  for (ByteView rest = whole; !rest.empty();) {
    const auto step = chunker.next(rest);
    lengths.push_back(step.used_bytes);
    rest = rest.subspan(step.used_bytes);
  }
  return lengths;
}

}  // namespace waag::xet
