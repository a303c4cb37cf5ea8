#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "storage/blob_reader.h"
#include "storage/commit.h"
#include "storage/git/transfer/fetch.h"
#include "storage/git/transfer/push.h"
#include "storage/ingest.h"
#include "storage/lfs_files.h"
#include "storage/merge/pulls.h"
#include "storage/meta/accounts/account_rows.h"
#include "storage/meta/soft/soft_table.h"
#include "storage/mirror/mirrors.h"
#include "storage/repo/usage/repo_usage.h"
#include "storage/snapshot.h"
#include "storage/xet/xet_files.h"

namespace waag::storage {

class AccessTable;  // storage/meta/tables/access.h
class OrgTable;     // storage/meta/accounts/orgs.h
class GroupTable;   // storage/meta/accounts/groups.h
class GrantTable;   // storage/meta/accounts/grants.h
class LikeTable;    // storage/meta/tables/likes.h
class JobTable;     // storage/meta/jobs/job_table.h

struct NewRepo {
  RepoId id;
  Visibility visibility{Visibility::open};
  std::string creator;
  std::string author_name;  // of the initial commit
  std::string author_email;
  std::string sdk;
  std::string gitattributes;  // content of the first commit's .gitattributes
  std::string readme;         // of its README.md; none if empty
};

struct StoreOptions {
  std::filesystem::path data;  // absolute or relative folder, made if missing
  std::uint64_t reserve_bytes =
      1ull << 30;          // writes are refused with Errc::no_space below this much free
  RowStore::Options rows;  // .data is set by open
  PackSet::Options packs;
  std::size_t tree_cache_bytes = 32u << 20;  // parsed trees kept in memory
};

/// The whole store. Thread-safe; every call may block on disk.
class Store {
 public:
  /// Checks DATA/FORMAT (unknown version: refused), takes the lock, recovers. Errc::conflict if
  /// another process holds the folder.
  static Result<std::unique_ptr<Store>> open(FileSystem& fs, Clock& clock, Random& random,
                                             StoreOptions options);
  virtual ~Store() = default;
  virtual Status close() = 0;

  // --- bytes in and out (the two waists) ---
  /// Errc::no_space below the reserve.
  virtual Result<std::unique_ptr<Ingest>> ingest() = 0;
  /// For the files of one commit.
  virtual std::shared_ptr<StagingArea> staging_area() = 0;
  virtual Result<CommitOutcome> commit(CommitRequest request) = 0;
  /// The ref's history becomes one commit with the same tree; other refs stay. From then on the
  /// repo knows only commits that some ref reaches. Errc::revision_not_found;
  /// Errc::invalid_argument for a tag. @return the new commit
  virtual Result<CommitId> squash(const SquashRequest& request) = 0;
  /// Every LFS file that a commit of a ref names, by path, then by id. Reads the whole history.
  virtual Result<std::vector<LfsFile>> list_lfs_files(std::uint64_t repo_uid) = 0;
  /// Takes LFS files out of every commit of every ref, for good; ids of commits change.
  virtual Status remove_lfs_files(const LfsRemoval& removal) = 0;
  virtual Result<std::shared_ptr<const Snapshot>> snapshot(std::uint64_t repo_uid,
                                                           const CommitId& commit) = 0;
  virtual Result<std::unique_ptr<BlobReader>> open_blob(const BlobId& id) = 0;
  virtual Result<std::unique_ptr<BlobReader>> open_git_blob(const GitId& id) = 0;

  // --- the Xet protocol ---
  virtual XetFiles& xet() = 0;

  // --- repos of upstreams ---
  virtual Mirrors& mirrors() = 0;
  /// Where parts of files wait that are on their way from an upstream; who puts them sweeps it.
  [[nodiscard]] virtual std::filesystem::path fills() const = 0;
  virtual FileSystem& files() = 0;

  // --- git's own protocol ---
  /// See GitFetch::open for the errors.
  virtual Result<std::unique_ptr<GitFetch>> git_fetch(std::uint64_t repo_uid,
                                                      git::FetchRequest request) = 0;
  /// Errc::no_space below the reserve.
  virtual Result<std::unique_ptr<GitPush>> git_push(PushOptions options) = 0;

  // --- repos ---
  virtual Result<RepoRow> create_repo(const NewRepo& repo) = 0;  // Errc::conflict
  virtual Result<RepoRow> find_repo(const RepoId& id) = 0;       // Errc::repo_not_found
  /// The repo that had this name before; Errc::repo_not_found
  virtual Result<RepoRow> find_moved_repo(const RepoId& former) = 0;
  /// For good and at once.
  virtual Status delete_repo(std::uint64_t uid, std::string_view user) = 0;
  /// Out of sight, its name free for another; it can be restored until the trash is emptied.
  virtual Status trash_repo(std::uint64_t uid, std::string_view user) = 0;
  virtual Result<std::vector<TrashRow>> list_trash() = 0;  // last deleted first
  /// @return Errc::not_found if the trash has no such repo, Errc::conflict if the name is taken
  virtual Result<RepoRow> restore_repo(std::uint64_t uid, const RepoId& as) = 0;
  /// Deletes for good what has been in the trash for `kept` or longer. @return how many repos
  virtual Result<std::size_t> empty_trash(TimeMs kept) = 0;
  /// @return the row as it is now; Errc::repo_not_found
  virtual Result<RepoRow> change_repo(std::uint64_t uid, const RepoSettings& settings) = 0;
  /// Another name; the old one leads to the repo until another repo takes it. Another spelling of
  /// the own name works too. @return the row as it is now; Errc::repo_not_found, Errc::conflict
  virtual Result<RepoRow> move_repo(std::uint64_t uid, const RepoId& to) = 0;
  /// Repos of one type ordered by name, from `after` (full name, exclusive) on; at most `limit`.
  virtual Result<std::vector<RepoRow>> list_repos(RepoType type, std::string_view after,
                                                  std::size_t limit) = 0;

  virtual LikeTable& likes() = 0;
  // --- lists (daemon/catalog) ---
  /// Calls `changed` with the uid of each repo whose row, head of main or likes have changed,
  /// before the change is acknowledged, on the thread of the change; it must be quick and not call
  /// the store. One watcher; nullptr ends it.
  virtual void watch_repos(std::function<void(std::uint64_t uid)> changed) = 0;
  virtual SoftTable& summaries() = 0;
  virtual SoftTable& downloads() = 0;

  // --- refs ---
  /// What a user types: branch, tag, refs/..., HEAD, 40-hex commit, unique short hash of >= 7
  /// digits. Errc::revision_not_found.
  virtual Result<CommitId> resolve(std::uint64_t uid, std::string_view revision) = 0;
  virtual Result<std::optional<RefRow>> find_ref(std::uint64_t uid, std::string_view full_name) = 0;
  virtual Result<std::vector<Ref>> list_refs(std::uint64_t uid) = 0;
  /// expected = nullopt: must not exist yet (Errc::conflict); target = nullopt: delete.
  virtual Status move_ref(std::uint64_t uid, std::string_view full_name,
                          std::optional<CommitId> expected, std::optional<CommitId> target,
                          std::string_view user) = 0;
  /// An annotated tag; must not exist yet (Errc::conflict).
  virtual Status create_tag(const NewTag& tag) = 0;
  /// Commit history from `from`, newest first, by first come in date order; at most `limit` after
  /// `skip`.
  virtual Result<std::vector<CommitInfo>> history(std::uint64_t uid, const CommitId& from,
                                                  std::size_t skip, std::size_t limit) = 0;
  virtual Result<std::uint64_t> history_length(std::uint64_t uid, const CommitId& from) = 0;
  /// The same of one file or folder: the commits that changed it.
  virtual Result<PathCommits> path_history(std::uint64_t uid, const CommitId& from,
                                           std::string_view path, std::size_t skip,
                                           std::size_t limit) = 0;

  // --- discussions and pull requests ---
  virtual DiscussionTable& discussions() = 0;
  virtual Pulls& pulls() = 0;

  // --- possession or permission (DESIGN 7) ---
  virtual Result<std::optional<std::uint64_t>> blob_size(
      const BlobId& id) = 0;  // nullopt: not held
  virtual Result<bool> repo_has_blob(std::uint64_t uid, const BlobId& id) = 0;
  virtual Result<bool> has_uploaded(std::string_view user, std::uint64_t uid, const BlobId& id) = 0;
  /// Puts the possession row; durable. Used with Ingest::finish's `extra` when the bytes come now.
  virtual Transaction possession(std::string_view user, std::uint64_t uid, const BlobId& id) = 0;
  virtual Status record_possession(std::string_view user, std::uint64_t uid, const BlobId& id) = 0;
  /// The LFS files that commits of the repo name, whatever ref leads to them.
  virtual Result<std::vector<BlobId>> linked_blobs(std::uint64_t uid) = 0;
  /// Asked before linked_blobs(): the answer holds as long as the number stays.
  [[nodiscard]] virtual std::uint64_t links_version(std::uint64_t uid) const = 0;
  /// Repos whose commits name the blob, up to `limit`.
  virtual Result<std::vector<std::uint64_t>> holders(const BlobId& id, std::size_t limit) = 0;
  virtual Result<RepoRow> find_repo_by_uid(std::uint64_t uid) = 0;

  /// Whether some of its bytes cannot be read any more, as far as is known: a client that says it
  /// has them should send them again. False for what the store does not hold.
  virtual Result<bool> is_damaged(const BlobId& id) = 0;
  virtual Result<bool> is_damaged(const GitId& blob) = 0;
  // --- gated repos ---
  virtual AccessTable& accesses() = 0;

  // --- users and tokens ---
  virtual Status add_user(const UserRow& user) = 0;  // Errc::conflict
  virtual Result<UserRow> change_user(std::string_view name, const UserChange& change) = 0;
  virtual Result<UserRow> find_user(std::string_view name) = 0;  // Errc::not_found
  virtual Result<std::vector<UserRow>> list_users() = 0;
  virtual Status put_token(const TokenRow& token) = 0;
  virtual Result<TokenRow> find_token(std::string_view public_id) = 0;  // Errc::not_found
  virtual Result<std::vector<TokenRow>> list_tokens(std::string_view user) = 0;
  virtual Status delete_token(std::string_view public_id) = 0;
  virtual OrgTable& orgs() = 0;
  virtual GroupTable& groups() = 0;
  virtual GrantTable& grants() = 0;

  // --- work that outlives its request (daemon/jobs) ---
  virtual JobTable& jobs() = 0;

  // --- multipart upload sessions: opaque values owned by daemon/api/lfs ---
  virtual Status put_session(std::string_view id, std::string value) = 0;
  virtual Result<std::string> find_session(std::string_view id) = 0;  // Errc::not_found
  virtual Status delete_session(std::string_view id) = 0;
  virtual Result<std::map<std::string, std::string>> list_sessions() = 0;  // by id
  /// Folder for bytes that are not yet part of the store (multipart parts). Who puts something
  /// there sweeps it.
  [[nodiscard]] virtual std::filesystem::path scratch() const = 0;

  // --- operations ---
  struct Stats {
    std::uint64_t repos = 0, blobs = 0, logical_bytes = 0, pack_bytes = 0, packs = 0,
                  free_bytes = 0;
  };
  virtual Result<Stats> stats() = 0;
  /// What the files of one repo take. With `sharers` it walks the files of the whole store.
  virtual Result<RepoUsage> repo_usage(std::uint64_t uid,
                                       const std::optional<Sharers>& sharers) = 0;
  /// Store can write: reserve free, journal alive. For /readyz.
  virtual Status writable() = 0;
  virtual RowStore& rows() = 0;
  virtual PackSet& packs() = 0;
};

/// Checks every invariant, offline or on a quiet store: packs' checksums and hashes, xorb runs,
/// manifests, trees complete, refs, links. @return what was found, empty if whole
struct FsckReport {
  std::uint64_t packs = 0, records = 0, blobs = 0, commits = 0, refs = 0;
  std::vector<std::string> problems;
  std::vector<std::string> notes;  // damaged records that nothing needs: they were stored again
};
Result<FsckReport> fsck(Store& store);
/// Deletes DATA/index, opens again (journal + pack directories rebuild it).
Status rebuild_index(FileSystem& fs, const std::filesystem::path& data);

}  // namespace waag::storage
