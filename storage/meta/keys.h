#pragma once

#include <string>
#include <string_view>

#include "protocol/ids.h"

/// Every row key of the store. One byte names the kind; hashes are raw bytes; integers big-endian
/// so that keys sort; texts are the last field or end with NUL. Values start with a version byte.
///
///   c chunk hash            -> Location      derived from pack directories, not journaled
///   g git id                -> Location      derived, not journaled
///   G git id                -> BlobId        git blob too large for one record: a chunked blob
///   p git id                -> LFS pointer   (BlobId, size) of that pointer blob
///   b BlobId                -> BlobManifest
///   f FileHash              -> BlobId
///   x XorbHash              -> XorbRow
///   m BlobId                -> TensorMap
///   r type lower(ns/name)   -> RepoRow       o repo uid -> key of its r row
///   h uid refname           -> RefRow        H uid refname NUL seq -> RefLogRow
///   C uid commit id         -> ""            the commit belongs to this repo's known history
///   l uid BlobId            -> ""            a commit of this repo names the blob
///   L BlobId uid            -> ""            the same, reversed
///   u user NUL uid BlobId   -> ""            this user uploaded the blob for this repo
///   k uid replay-key        -> CommitId      commit replays (HUB_API 5.4 idempotence)
///   U lower(user)           -> UserRow       t token public id -> TokenRow
///   T user NUL token id     -> ""
///   s upload id             -> multipart session
///   a uid lower(user)       -> AccessRow     requests for a gated repo's files
///   n name                  -> counters and store settings
///   reserved: z leases, y tombstones, j jobs, M mirrors; R redirects, q trash, d discussions and
///   e their events, O organisations, W and w their members, i and I likes, v soft counters
namespace waag::storage::keys {

std::string chunk(const ChunkHash& hash);
std::string git_object(const GitId& id);
std::string large_git_blob(const GitId& id);
std::string lfs_pointer(const GitId& id);
std::string blob(const BlobId& id);
std::string file(const FileHash& hash);
std::string xorb(const XorbHash& hash);
std::string tensor_map(const BlobId& id);
std::string repo(const RepoId& id);
std::string repo_type(RepoType type);  // prefix of all r rows of one type
std::string repo_uid(std::uint64_t uid);
std::string ref(std::uint64_t uid, std::string_view name);
std::string refs(std::uint64_t uid);  // prefix
std::string ref_log(std::uint64_t uid, std::string_view name, std::uint64_t seq);
std::string ref_log_of(std::uint64_t uid, std::string_view name);  // prefix: one ref's history
std::string ref_logs(std::uint64_t uid);                           // prefix
std::string repo_commit(std::uint64_t uid, const CommitId& commit);
std::string repo_commits(std::uint64_t uid);  // prefix
std::string link(std::uint64_t uid, const BlobId& blob);
std::string links(std::uint64_t uid);  // prefix
std::string holder(const BlobId& blob, std::uint64_t uid);
std::string holders(const BlobId& blob);  // prefix
std::string upload(std::string_view user, std::uint64_t uid, const BlobId& blob);
std::string uploads(std::string_view user, std::uint64_t uid);  // prefix
std::string replay(std::uint64_t uid, const BlobId& key);
std::string replays(std::uint64_t uid);  // prefix
std::string user(std::string_view name);
std::string token(std::string_view public_id);
std::string user_token(std::string_view user, std::string_view public_id);
std::string session(std::string_view upload_id);
std::string access(std::uint64_t uid, std::string_view user);
std::string accesses(std::uint64_t uid);  // prefix
std::string counter(std::string_view name);

/// All rows of one kind: `kind` is the letter above.
inline std::string all(char kind) { return std::string(1, kind); }
/// The hash at the end of a key (chunk, git object, blob, link, ...).
template <class Hash>
Hash last_hash(std::string_view key) {
  Hash hash;
  std::memcpy(hash.bytes.data(), key.data() + key.size() - Hash::size_bytes, Hash::size_bytes);
  return hash;
}
/// The number at the end of a key (holder, repo_uid), or at `offset` from its start.
std::uint64_t number_at(std::string_view key, std::size_t offset);
inline std::uint64_t last_number(std::string_view key) { return number_at(key, key.size() - 8); }

}  // namespace waag::storage::keys
