#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/ids.h"

// Names of chunks, xorbs and files: keyed BLAKE3 over bytes, and over a tree whose groups are cut
// by content, so that an edit in a long list changes few of its inner nodes. Source: XET 2.

namespace waag::xet {

using Key = std::array<std::uint8_t, 32>;

/// Names a chunk by its bytes. Source: XET 2.1; xet-core, merklehash/data_hash.rs.
inline constexpr Key data_key{102, 151, 245, 119, 91,  149, 80,  222, 49,  53,  203,
                              172, 165, 151, 24,  28,  157, 228, 33,  16,  155, 235,
                              43,  88,  180, 208, 176, 75,  147, 173, 242, 41};
/// Names an inner node of the tree.
inline constexpr Key internal_node_key{1,   126, 197, 199, 165, 71,  41,  150, 253, 148, 102,
                                       102, 180, 138, 2,   230, 93,  221, 83,  111, 55,  199,
                                       109, 210, 248, 99,  82,  230, 74,  83,  113, 63};
/// Names a range of chunks within a xorb: the proof in a shard's file entry.
/// Source: xet-core, metadata_shard/chunk_verification.rs.
inline constexpr Key verification_key{127, 24,  87,  214, 206, 86,  237, 102, 18,  127, 249,
                                      19,  231, 165, 195, 243, 164, 205, 38,  213, 181, 219,
                                      73,  230, 65,  36,  152, 127, 40,  251, 148, 195};

/// One of the four little-endian words of a hash, index 0 to 3. Word 0 is the "truncated hash" of
/// look-up tables, word 3 decides tree cuts and dedup eligibility.
std::uint64_t hash_word(ByteView hash32, std::size_t index);

namespace detail {
/// The bytes of each of the four words reversed: from what binary structures hold to what the text
/// form spells, and back.
std::array<std::byte, 32> reverse_words(ByteView hash32);
std::string xet_string(ByteView hash32);
Status parse_xet_string(std::string_view text, std::span<std::byte, 32> out);
}  // namespace detail

/// The protocol's text form: four little-endian words in hex, so the bytes are reversed within each
/// group of eight. Used in URLs, JSON and X-Xet-Hash; binary structures hold the plain bytes.
template <class Tag>
std::string xet_string(const HashId<Tag, 32>& hash) {
  return detail::xet_string(hash.view());
}

/// Reads what xet_string wrote: parse_xet_string<FileHash>(text).
/// @return Errc::invalid_argument if it is not 64 hex digits
template <class Id>
Result<Id> parse_xet_string(std::string_view text) {
  Id hash;
  WAAG_CHECK(detail::parse_xet_string(text, hash.bytes));
  return hash;
}

/// A chunk, or a node of the tree over chunks, with the bytes it stands for.
struct HashedLength {
  ChunkHash hash;
  std::uint64_t bytes = 0;

  bool operator==(const HashedLength&) const = default;
};

ChunkHash chunk_hash(ByteView chunk);
/// What the protocol calls hmac(hash, key): keyed BLAKE3 of the 32 bytes, not RFC 2104. Shards
/// protect chunk hashes with it.
ChunkHash keyed_hash(const ChunkHash& hash, const Key& key);

/// The tree over a list that is too long to hold: keeps one open group of at most 9 nodes per level
/// (a file of 1 TB has 16 million chunks and 12 levels).
class MerkleBuilder {
 public:
  void add(const HashedLength& leaf) { add_at(0, leaf); }
  /// Root over what was added: zero bytes for nothing, the leaf itself for one. Ends the list.
  HashedLength finish();

 private:
  struct Level {
    std::vector<HashedLength> open;  // < 9
    std::uint64_t nodes = 0;         // ever added here
  };
  void add_at(std::size_t level, const HashedLength& node);
  void close_group(std::size_t level);
  std::vector<Level> levels_;
};

/// Name of a xorb with these chunks (uncompressed lengths): depends on content only.
XorbHash xorb_hash(std::span<const HashedLength> chunks);
/// Name of a file with these chunks.
/// @param salt zero on every hub known; the client reads it from its shards
FileHash file_hash(std::span<const HashedLength> chunks, const Key& salt = {});
/// The same from a finished builder's root. An empty list is named by zero bytes.
FileHash file_hash_of_root(const HashedLength& root, bool empty, const Key& salt = {});
/// Proof that the sender knows the chunks of a range of a xorb. Source: XET 2.4.
ChunkHash range_hash(std::span<const ChunkHash> chunks);

}  // namespace waag::xet
