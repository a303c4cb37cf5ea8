#include "protocol/xet/merkle.h"

#include <algorithm>

#include "protocol/hash.h"

namespace waag::xet {
namespace {

/// Groups have 3 to 9 members; from the third on, a member whose last word is a multiple of 4 ends
/// it. Source: XET 2.3; xet-core, merklehash/aggregated_hashes.rs.
constexpr std::size_t group_nodes_min = 3;
constexpr std::size_t group_nodes_max = 9;
constexpr std::uint64_t group_cut_modulus = 4;

HashedLength group_node(std::span<const HashedLength> group) {
  std::string text;
  text.reserve(group_nodes_max * 88);
  std::uint64_t bytes = 0;
  for (const auto& member : group) {
    text += xet_string(member.hash);
    text += " : ";
    text += std::to_string(member.bytes);
    text += '\n';
    bytes += member.bytes;
  }
  return {ChunkHash{blake3_keyed(internal_node_key, as_bytes(text))}, bytes};
}

HashedLength merkle_root(std::span<const HashedLength> leaves) {
  MerkleBuilder builder;
  for (const auto& leaf : leaves) builder.add(leaf);
  return builder.finish();
}

}  // namespace

std::uint64_t hash_word(ByteView hash32, std::size_t index) {
  ByteReader reader(hash32.subspan(index * 8, 8));
  return reader.fixed<std::uint64_t>();
}

std::array<std::byte, 32> detail::reverse_words(ByteView hash32) {
  std::array<std::byte, 32> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = hash32[(i & ~std::size_t{7}) + 7 - (i & 7)];
  return out;
}

std::string detail::xet_string(ByteView hash32) { return to_hex(reverse_words(hash32)); }

Status detail::parse_xet_string(std::string_view text, std::span<std::byte, 32> out) {
  WAAG_CHECK(from_hex(text, out));
  std::ranges::copy(reverse_words(out), out.begin());
  return ok();
}

ChunkHash chunk_hash(ByteView chunk) { return {blake3_keyed(data_key, chunk)}; }

ChunkHash keyed_hash(const ChunkHash& hash, const Key& key) {
  return {blake3_keyed(key, hash.view())};
}

void MerkleBuilder::add_at(std::size_t level, const HashedLength& node) {
  if (level == levels_.size()) levels_.emplace_back();
  auto& open = levels_[level].open;
  open.push_back(node);
  ++levels_[level].nodes;
  const bool content_cut =
      open.size() >= group_nodes_min && hash_word(node.hash.view(), 3) % group_cut_modulus == 0;
  if (content_cut || open.size() == group_nodes_max) close_group(level);
}

void MerkleBuilder::close_group(std::size_t level) {
  const auto node = group_node(levels_[level].open);
  levels_[level].open.clear();
  add_at(level + 1, node);  // may move levels_
}

HashedLength MerkleBuilder::finish() {
  HashedLength root;
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    if (levels_[level].nodes == 1) {  // alone on its level, so it is the top
      root = levels_[level].open.front();
      break;
    }
    // What is left is a group of its own, also when it is a single node.
    if (!levels_[level].open.empty()) close_group(level);
  }
  levels_.clear();
  return root;
}

XorbHash xorb_hash(std::span<const HashedLength> chunks) {
  return {merkle_root(chunks).hash.bytes};
}

FileHash file_hash(std::span<const HashedLength> chunks, const Key& salt) {
  return file_hash_of_root(merkle_root(chunks), chunks.empty(), salt);
}

FileHash file_hash_of_root(const HashedLength& root, bool empty, const Key& salt) {
  if (empty) return {};
  return {blake3_keyed(salt, root.hash.view())};
}

ChunkHash range_hash(std::span<const ChunkHash> chunks) {
  Bytes joined;
  joined.reserve(chunks.size() * ChunkHash::size_bytes);
  for (const auto& chunk : chunks)
    joined.insert(joined.end(), chunk.bytes.begin(), chunk.bytes.end());
  return {blake3_keyed(verification_key, joined)};
}

}  // namespace waag::xet
