#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/hash.h"
#include "protocol/ids.h"

// The exact bytes of git's objects, so that our ids equal those of upstream and of every clone. An
// object's id is SHA-1 over "<kind> <size>\0" and its body. Source: git,
// Documentation/gitformat-*.txt, object-file.c.

namespace waag::git {

enum class ObjectKind : std::uint8_t { commit = 1, tree = 2, blob = 3, tag = 4 };
/// "commit", "tree", "blob", "tag".
std::string_view to_string(ObjectKind kind);
Result<ObjectKind> parse_object_kind(std::string_view text);

/// @param body without the "<kind> <size>\0" header
GitId object_id(ObjectKind kind, ByteView body);
inline GitId blob_id(ByteView body) { return object_id(ObjectKind::blob, body); }
inline GitId tree_id(ByteView body) { return object_id(ObjectKind::tree, body); }
inline CommitId commit_id(ByteView body) { return {object_id(ObjectKind::commit, body).bytes}; }
inline GitId to_git_id(const CommitId& id) { return {id.bytes}; }

/// Ready to be fed an object's body; the id holds only if exactly `size_bytes` follow.
Sha1 object_hasher(ObjectKind kind, std::uint64_t size_bytes);
/// The same for a blob.
Sha1 git_blob_hasher(std::uint64_t size_bytes);

// File modes of tree entries: the only ones that git writes today.
inline constexpr std::uint32_t mode_file = 0100644;
inline constexpr std::uint32_t mode_executable = 0100755;
inline constexpr std::uint32_t mode_directory = 0040000;
inline constexpr std::uint32_t mode_symlink = 0120000;
inline constexpr std::uint32_t mode_gitlink = 0160000;  // a submodule's commit
bool is_known_mode(std::uint32_t mode);

/// Largest tree, commit or tag body that is parsed. A tree of 100,000 entries takes 5 MB.
inline constexpr std::size_t object_bytes_max = 128u << 20;

struct GitTreeEntry {
  std::uint32_t mode = mode_file;
  std::string name;  // one path segment: not empty, no '/', no NUL
  GitId id;

  bool operator==(const GitTreeEntry&) const = default;
};

/// True if `a` stands before `b` in a tree: by bytes, a directory's name as if it ended in '/'.
bool tree_order(const GitTreeEntry& a, const GitTreeEntry& b);

/// The tree's body, entries sorted as git wants them. The directory mode is spelt "40000".
/// @return Errc::unprocessable for an unknown mode, a bad segment or two entries of one name
Result<std::string> serialize_tree(std::vector<GitTreeEntry> entries);
/// Accepts what git's fsck accepts without a word (modes of old writers excepted): sorted, unique,
/// known modes, no ".", ".." or ".git". So serialize_tree(parse_tree(x)) == x.
/// @return Errc::unprocessable if the bytes are no such tree
Result<std::vector<GitTreeEntry>> parse_tree(ByteView body);

/// Who did something, and when. Spelt "name <email> seconds +hhmm".
struct Signature {
  std::string name;
  std::string email;
  std::int64_t unix_seconds = 0;
  std::string zone = "+0000";  // sign and four digits, kept as read

  bool operator==(const Signature&) const = default;
};

struct GitCommit {
  GitId tree;
  std::vector<CommitId> parents;
  Signature author;
  Signature committer;
  /// The header lines after the committer (encoding, gpgsig, mergetag, unknown ones), each with its
  /// continuation lines and newlines exactly as read, so that the id survives a round trip.
  std::string extra_headers;
  std::string message;  // as it stands after the empty line; we write one '\n' at its end, git does
                        // not add it

  bool operator==(const GitCommit&) const = default;
};

/// @return Errc::unprocessable if a name or email holds '<', '>', NUL or a newline, or
/// extra_headers are
///         not whole header lines
Result<std::string> serialize_commit(const GitCommit& commit);
/// serialize_commit(parse_commit(x)) == x for every commit that it accepts.
/// @return Errc::unprocessable if the bytes are no commit
Result<GitCommit> parse_commit(ByteView body);

/// An annotated tag.
struct GitTag {
  GitId object;
  ObjectKind kind{ObjectKind::commit};
  std::string name;                 // without refs/tags/
  std::optional<Signature> tagger;  // tags from before 2005 have none
  std::string extra_headers;
  std::string message;  // with its signature, if it has one

  bool operator==(const GitTag&) const = default;
};

Result<std::string> serialize_tag(const GitTag& tag);
Result<GitTag> parse_tag(ByteView body);

}  // namespace waag::git
