#pragma once

#include <array>
#include <optional>
#include <vector>

#include "protocol/hash.h"
#include "protocol/xet/chunker.h"

namespace waag::xet {

/// SHA-256 and the chunk cuts of one stream in one pass. On x86-64 with SHA extensions the two are
/// interleaved: a SHA-256 round waits for the one before it and leaves most of the core idle, and
/// the gear hash fits in there, so the pair costs what SHA-256 costs (0.56 s/GB against 0.57 + 0.30
/// one after the other). Elsewhere they run one after the other. docs/decisions/0005.
class HashingChunker {
 public:
  enum class Way : std::uint8_t { fastest, portable };
  explicit HashingChunker(Way way = Way::fastest);

  /// Takes all of `piece`. Appends to `cuts` where in it chunks end: offsets in (0, piece.size()],
  /// rising. The cuts and the hash do not depend on how the stream is split.
  void update(ByteView piece, std::vector<std::size_t>& cuts);
  /// Bytes of the chunk that has not ended yet, < chunk_bytes_max.
  [[nodiscard]] std::size_t open_bytes() const { return chunker_.open_bytes(); }
  /// SHA-256 of the stream. Ends it; the object may then only be destroyed or assigned to.
  BlobId finish();

 private:
  static constexpr std::size_t block_bytes = 64;  // of SHA-256

  /// Takes some whole blocks from the front of `blocks`. @return how many bytes
  std::size_t take_blocks(ByteView blocks, std::size_t offset, std::vector<std::size_t>& cuts);
  /// The chunker alone.
  void scan(ByteView bytes, std::size_t offset, std::vector<std::size_t>& cuts);

  Chunker chunker_;
  std::optional<Sha256> sha256_;  // the portable way
  std::array<std::uint32_t, 8> state_{};
  std::array<std::byte, block_bytes> partial_{};
  std::size_t partial_bytes_ = 0;
  std::uint64_t stream_bytes_ = 0;
};

}  // namespace waag::xet
