#pragma once

#include <span>
#include <utility>
#include <vector>

#include "protocol/hash.h"
#include "protocol/xet/chunker.h"
#include "protocol/xet/shard.h"

namespace waag::testing {

struct XetXorb {
  XorbHash hash;
  Bytes body;  // serialised, without a footer
};

/// What a Xet client sends for some files: xorbs first, then the shard.
struct XetUpload {
  std::vector<XetXorb> xorbs;
  xet::Shard shard;
};

/// Cuts files into chunks and packs these into xorbs of at most `chunks_max`, across the files'
/// borders, as hf_xet does. Nothing is deduplicated.
class XetPacker {
 public:
  explicit XetPacker(std::size_t chunks_max = 1000, xet::Scheme scheme = xet::Scheme::none)
      : chunks_max_(chunks_max), scheme_(scheme) {}

  void add(ByteView file) {
    xet::ShardFile& said = upload_.shard.files.emplace_back();
    said.sha256 = sha256(file);
    std::vector<xet::HashedLength> chunks;
    for (const auto bytes : xet::chunk_lengths(file)) {
      const auto raw = file.first(bytes);
      if (chunks_.size() == chunks_max_) close_xorb();
      const auto number = static_cast<std::uint32_t>(chunks_.size());
      if (number == 0 || chunks.empty()) {
        said.terms.push_back({{}, 0, number, number});
        open_.push_back({upload_.shard.files.size() - 1, said.terms.size() - 1});
      }
      said.terms.back().end = number + 1;
      said.terms.back().raw_bytes += static_cast<std::uint32_t>(bytes);
      chunks.push_back({xet::chunk_hash(raw), bytes});
      chunks_.push_back(chunks.back());
      append_chunk(raw, scheme_, body_);
      file = file.subspan(bytes);
    }
    said.hash = xet::file_hash(chunks);
  }

  XetUpload take() {
    close_xorb();
    return std::move(upload_);
  }

 private:
  struct OpenTerm {
    std::size_t file = 0;
    std::size_t term = 0;
  };

  /// Only now the terms can name it, and prove that its chunks are known.
  void close_xorb() {
    if (chunks_.empty()) return;
    const auto hash = xet::xorb_hash(chunks_);
    for (const auto& open : open_) {
      auto& said = upload_.shard.files[open.file];
      auto& term = said.terms[open.term];
      term.xorb = hash;
      std::vector<ChunkHash> hashes;
      for (auto i = term.begin; i < term.end; ++i) hashes.push_back(chunks_[i].hash);
      said.range_hashes.push_back(xet::range_hash(hashes));
    }
    xet::ShardXorb& listed = upload_.shard.xorbs.emplace_back();
    listed.hash = hash;
    for (const auto& chunk : chunks_) {
      const auto bytes = static_cast<std::uint32_t>(chunk.bytes);
      listed.chunks.push_back({chunk.hash, listed.raw_bytes, bytes, false});
      listed.raw_bytes += bytes;
    }
    upload_.xorbs.push_back({hash, std::exchange(body_, {})});
    chunks_.clear();
    open_.clear();
  }

  std::size_t chunks_max_;
  xet::Scheme scheme_;
  XetUpload upload_;
  Bytes body_;                             // of the open xorb
  std::vector<xet::HashedLength> chunks_;  // in it
  std::vector<OpenTerm> open_;             // terms that lie in it
};

inline XetUpload xet_upload(ByteView file) {
  XetPacker packer;
  packer.add(file);
  return packer.take();
}

}  // namespace waag::testing
