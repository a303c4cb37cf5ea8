#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "protocol/bytes.h"

namespace waag {

/// A hash of N bytes with a tag, so that a commit cannot be passed for a blob. Ordered by bytes.
template <class Tag, std::size_t N>
struct HashId {
  static constexpr std::size_t size_bytes = N;
  std::array<std::byte, N> bytes{};

  auto operator<=>(const HashId&) const = default;
  [[nodiscard]] ByteView view() const { return bytes; }
  [[nodiscard]] bool is_zero() const { return bytes == std::array<std::byte, N>{}; }
  /// Plain lower-case hex. The Xet string form of chunk, xorb and file hashes is another one:
  /// protocol/xet/merkle.h.
  [[nodiscard]] std::string hex() const { return to_hex(bytes); }
  static Result<HashId> parse(std::string_view hex) {
    HashId id;
    WAAG_CHECK(from_hex(hex, id.bytes));
    return id;
  }
  /// @param raw exactly N bytes
  static Result<HashId> from(ByteView raw) {
    HashId id;
    if (raw.size() != N) return fail(Errc::invalid_argument, "hash of wrong length");
    std::memcpy(id.bytes.data(), raw.data(), N);
    return id;
  }
};

using GitId = HashId<struct GitIdTag, 20>;          // SHA-1 of a git object: blob, tree or commit
using CommitId = HashId<struct CommitIdTag, 20>;    // a git id known to name a commit
using BlobId = HashId<struct BlobIdTag, 32>;        // SHA-256 of a file's bytes: the LFS oid
using ChunkHash = HashId<struct ChunkHashTag, 32>;  // keyed BLAKE3 of a chunk
using XorbHash = HashId<struct XorbHashTag, 32>;    // Merkle root over a xorb's chunks
using FileHash = HashId<struct FileHashTag, 32>;    // Xet file hash

enum class RepoType : std::uint8_t { model = 0, dataset = 1, space = 2 };

/// "models", "datasets", "spaces": the segment after /api/.
std::string_view api_plural(RepoType type);
/// "", "datasets/", "spaces/": what stands before ns/name in web routes.
std::string_view web_prefix(RepoType type);
/// "model", "dataset", "space".
std::string_view to_string(RepoType type);
Result<RepoType> parse_repo_type(std::string_view singular);

/// A repository's name. `ns` and `name` keep the spelling they were created with; look-ups fold
/// case.
struct RepoId {
  RepoType type{RepoType::model};
  std::string ns;
  std::string name;

  bool operator==(const RepoId&) const = default;
  [[nodiscard]] std::string full_name() const { return ns + "/" + name; }
  /// Checks both parts: [A-Za-z0-9._-], name <= 96, no leading or trailing '-' or '.', no "--", no
  /// "..", no ".git" ending. Source: HUB_API 2.1, huggingface_hub utils/_validators.py.
  static Result<RepoId> make(RepoType type, std::string_view ns, std::string_view name);
};

}  // namespace waag

template <class Tag, std::size_t N>
struct std::hash<waag::HashId<Tag, N>> {
  std::size_t operator()(const waag::HashId<Tag, N>& id) const noexcept {
    std::size_t word = 0;
    std::memcpy(&word, id.bytes.data(), sizeof(word));  // already a hash: its first word will do
    return word;
  }
};
