#include "protocol/xet/hashing_chunker.h"

#include <algorithm>
#include <cstring>

#include "protocol/xet/sha_gear.h"

namespace waag::xet {

HashingChunker::HashingChunker(Way way) : state_(sha_gear::initial_state) {
  if (way == Way::portable || !sha_gear::available()) sha256_.emplace();
}

void HashingChunker::update(ByteView piece, std::vector<std::size_t>& cuts) {
  if (sha256_) {
    sha256_->update(piece);
    return scan(piece, 0, cuts);
  }
  stream_bytes_ += piece.size();
  std::size_t at = 0;
  const auto hold = [&](std::size_t bytes) {
    std::memcpy(partial_.data() + partial_bytes_, piece.data() + at, bytes);
    partial_bytes_ += bytes;
    scan(piece.subspan(at, bytes), at, cuts);
    at += bytes;
  };
  if (piece.empty()) return;
  if (partial_bytes_ > 0) {
    hold(std::min(piece.size(), block_bytes - partial_bytes_));
    if (partial_bytes_ < block_bytes) return;
    sha_gear::compress(state_, partial_);
    partial_bytes_ = 0;
  }
  while (piece.size() - at >= block_bytes) {
    const auto whole = (piece.size() - at) / block_bytes * block_bytes;
    at += take_blocks(piece.subspan(at, whole), at, cuts);
  }
  if (at < piece.size()) hold(piece.size() - at);
}

std::size_t HashingChunker::take_blocks(ByteView blocks, std::size_t offset,
                                        std::vector<std::size_t>& cuts) {
  const auto whole = [](std::size_t bytes) { return bytes / block_bytes * block_bytes; };
  auto& open_bytes = chunker_.open_bytes_;
  if (open_bytes + block_bytes <= chunk_bytes_skipped) {  // nothing to hash for the cuts
    const auto bytes = std::min(blocks.size(), whole(chunk_bytes_skipped - open_bytes));
    sha_gear::compress(state_, blocks.first(bytes));
    open_bytes += bytes;
    return bytes;
  }
  if (open_bytes + 1 >= chunk_bytes_min && open_bytes + block_bytes < chunk_bytes_max) {
    const auto limit = std::min(blocks.size(), whole(chunk_bytes_max - 1 - open_bytes));
    const auto stretch = sha_gear::compress_until_cut(state_, blocks.first(limit), chunker_.hash_);
    const auto scanned = stretch.cut ? stretch.bytes - block_bytes : stretch.bytes;
    open_bytes += scanned;
    scan(blocks.subspan(scanned, stretch.bytes - scanned), offset + scanned, cuts);
    return stretch.bytes;
  }
  sha_gear::compress(state_, blocks.first(block_bytes));
  scan(blocks.first(block_bytes), offset, cuts);
  return block_bytes;
}

void HashingChunker::scan(ByteView bytes, std::size_t offset, std::vector<std::size_t>& cuts) {
  while (!bytes.empty()) {
    const auto step = chunker_.next(bytes);
    offset += step.used_bytes;
    bytes = bytes.subspan(step.used_bytes);
    if (step.cut) cuts.push_back(offset);
  }
}

BlobId HashingChunker::finish() {
  if (sha256_) return sha256_->finish();
  // Source: FIPS 180-4, 5.1.1: a one bit, zeros, the length in bits, big-endian.
  std::array<std::byte, 2 * block_bytes> end{};
  std::copy_n(partial_.begin(), partial_bytes_, end.begin());
  end[partial_bytes_] = std::byte{0x80};
  const auto bytes = partial_bytes_ + 1 + 8 <= block_bytes ? block_bytes : 2 * block_bytes;
  const auto bits = stream_bytes_ * 8;
  for (std::size_t i = 0; i < 8; ++i) end[bytes - 1 - i] = static_cast<std::byte>(bits >> (8 * i));
  sha_gear::compress(state_, ByteView(end).first(bytes));
  BlobId id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i)
    id.bytes[i] = static_cast<std::byte>(state_[i / 4] >> (24 - 8 * (i % 4)));
  return id;
}

}  // namespace waag::xet
