#pragma once

#include <array>
#include <string>
#include <string_view>

#include "protocol/ids.h"
#include "storage/pack/location.h"

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
///   X pack record           -> ""            the record failed a check
///   E chunk hash BlobId     -> ""            the blob has this chunk, and clients ask for it
///   m BlobId                -> TensorMap
///   r type lower(ns/name)   -> RepoRow       o repo uid -> key of its r row
///   R type lower(ns/name)   -> RedirectRow   the repo that had this name before
///   q uid                   -> TrashRow      deleted; may be restored for a while
///   h uid refname           -> RefRow        H uid refname NUL seq -> RefLogRow
///   C uid commit id         -> ""            the commit belongs to this repo's known history
///   l uid BlobId            -> ""            a commit of this repo names the blob
///   L BlobId uid            -> ""            the same, reversed
///   u user NUL uid BlobId   -> ""            this user uploaded the blob for this repo
///   k uid replay-key        -> CommitId      commit replays (HUB_API 5.4 idempotence)
///   U lower(user)           -> UserRow       t token public id -> TokenRow
///   T user NUL token id     -> ""
///   O lower(org)            -> OrgRow
///   W org NUL user          -> MemberRow     w user NUL org -> ""
///   P org NUL group         -> GroupRow
///   Q org NUL group NUL user -> ""           the user is in the group; V user NUL org NUL group
///   B uid grantee           -> GrantRow      D grantee NUL uid -> ""
///   i uid NUL user          -> LikeRow       I user NUL uid -> LikeRow: the same, reversed
///   i uid                   -> how many users like the repo; none if nobody does
///   s upload id             -> multipart session
///   a uid lower(user)       -> AccessRow     requests for a gated repo's files
///   v uid                   -> DownloadRow   S uid -> summary of the repo for lists; both soft
///   n name                  -> counters and store settings
///   d uid number            -> DiscussionRow
///   e uid number seq        -> EventRow      of that discussion, from 0 on without gaps
///   M uid                   -> MirrorRow     the repo comes from an upstream
///   N git id                -> size          an upstream's word for the size of a regular file
///   Y uid git id            -> ""            the mirrored repo names it, its upstream has not yet
///                                            sent it: what others have of that name is not shown
///   K commit id             -> ClaimedCommit an upstream's word for a commit; gone once it is here
///   J SHA-256 XorbHash      -> SeenXorb      what the upstream of that URL has sent of its xorb
///   j job id                -> JobRow
///   Z lower(name)           -> mirror rule, a value of daemon/mirror
///   reserved: z leases, y tombstones
namespace waag::storage::keys {

std::string chunk(const ChunkHash& hash);
std::string git_object(const GitId& id);
/// chunk() or git_object(), from what a pack's directory says of a record.
std::string look_up(RecordKind kind, const std::array<std::byte, 32>& hash);
std::string large_git_blob(const GitId& id);
std::string lfs_pointer(const GitId& id);
std::string blob(const BlobId& id);
std::string file(const FileHash& hash);
std::string xorb(const XorbHash& hash);
std::string tensor_map(const BlobId& id);
std::string dedup(const ChunkHash& chunk, const BlobId& blob);
std::string dedup_of(const ChunkHash& chunk);  // prefix
std::string damaged(const RecordPlace& at);
std::string repo(const RepoId& id);
std::string repo_type(RepoType type);  // prefix of all r rows of one type
std::string repo_uid(std::uint64_t uid);
std::string redirect(const RepoId& former);
std::string trashed(std::uint64_t uid);
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
std::string org(std::string_view name);
std::string member(std::string_view org, std::string_view user);
std::string members(std::string_view org);  // prefix
std::string membership(std::string_view user, std::string_view org);
std::string memberships(std::string_view user);  // prefix; an org's name follows
std::string group(std::string_view org, std::string_view name);
std::string groups(std::string_view org);  // prefix
std::string group_member(std::string_view org, std::string_view group, std::string_view user);
std::string group_members(std::string_view org, std::string_view group);  // prefix; a user follows
std::string user_group(std::string_view user, std::string_view org, std::string_view group);
std::string user_groups(std::string_view user);                           // prefix
std::string user_groups_in(std::string_view user, std::string_view org);  // prefix
/// `grantee`: of grantee() below.
std::string grant(std::uint64_t uid, std::string_view grantee);
std::string grants(std::uint64_t uid);  // prefix; a grantee follows
std::string granted(std::string_view grantee, std::uint64_t uid);
std::string granted_to(std::string_view grantee);  // prefix; a uid follows
/// A user (org "") or a group of an organisation as one text of a key.
std::string grantee(std::string_view org, std::string_view name);
std::string like(std::uint64_t uid, std::string_view user);
std::string likes(std::uint64_t uid);       // prefix
std::string like_count(std::uint64_t uid);  // not below that prefix
std::string user_like(std::string_view user, std::uint64_t uid);
std::string user_likes(std::string_view user);  // prefix
std::string session(std::string_view upload_id);
std::string access(std::uint64_t uid, std::string_view user);
std::string accesses(std::uint64_t uid);  // prefix
std::string counter(std::string_view name);
std::string discussion(std::uint64_t uid, std::uint64_t number);
std::string discussions(std::uint64_t uid);  // prefix
std::string event(std::uint64_t uid, std::uint64_t number, std::uint64_t seq);
std::string events_of(std::uint64_t uid, std::uint64_t number);  // prefix: one discussion's
std::string events(std::uint64_t uid);                           // prefix
std::string downloads(std::uint64_t uid);
std::string summary(std::uint64_t uid);
std::string mirror(std::uint64_t uid);
std::string listed_size(const GitId& id);
std::string unproven(std::uint64_t uid, const GitId& id);
std::string unproven_of(std::uint64_t uid);  // prefix
std::string claimed_commit(const CommitId& id);
std::string seen_xorb(const BlobId& upstream, const XorbHash& xorb);
std::string job(std::uint64_t id);
std::string mirror_rule(std::string_view name);

/// All rows of one kind: `kind` is the letter above.
inline std::string all(char kind) { return std::string(1, kind); }
/// The hash at the end of a key (chunk, git object, blob, link, ...).
template <class Hash>
Hash last_hash(std::string_view key) {
  Hash hash;
  std::memcpy(hash.bytes.data(), key.data() + key.size() - Hash::size_bytes, Hash::size_bytes);
  return hash;
}
/// The record that a damaged() key names.
RecordPlace damaged_record(std::string_view key);
/// The number at the end of a key (holder, repo_uid), or at `offset` from its start.
std::uint64_t number_at(std::string_view key, std::size_t offset);
inline std::uint64_t last_number(std::string_view key) { return number_at(key, key.size() - 8); }

}  // namespace waag::storage::keys
