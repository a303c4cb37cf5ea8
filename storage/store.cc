#include "storage/store.h"

#include "storage/meta/accounts/grants.h"
#include "storage/meta/accounts/groups.h"
#include "storage/meta/accounts/orgs.h"
#include "storage/meta/blob_rows.h"
#include "storage/meta/damage.h"
#include "storage/meta/jobs/job_table.h"
#include "storage/meta/tables/access.h"
#include "storage/meta/tables/likes.h"
#include "storage/meta/tables/sessions.h"
#include "storage/meta/tables/tokens.h"
#include "storage/meta/watched_rows.h"
#include "storage/repo/committer.h"
#include "storage/repo/data_folder.h"
#include "storage/repo/history.h"
#include "storage/repo/lifecycle.h"
#include "storage/repo/path_history.h"
#include "storage/repo/reserve.h"
#include "storage/repo/revision.h"
#include "storage/repo/statistics.h"
#include "storage/rewrite/lfs_files.h"
#include "storage/rewrite/prune.h"
#include "storage/rewrite/squash.h"

// The façade: wires the parts in the order of their dependence and says which of them does what.
// Whatever makes the store grow asks the reserve first; reads and deletes never do.

namespace waag::storage {
namespace {

struct Foundation {
  std::unique_ptr<DataFolder> folder;
  std::unique_ptr<PackSet> packs;
  std::unique_ptr<WatchedRows> rows;
};

class StoreImpl final : public Store {
 public:
  StoreImpl(FileSystem& fs, Clock& clock, const StoreOptions& options, Foundation foundation)
      : fs_(fs),
        base_(std::move(foundation)),
        reserve_(fs, options.data, options.reserve_bytes),
        objects_(*base_.rows, *base_.packs, options.tree_cache_bytes),
        repos_(*base_.rows),
        refs_(*base_.rows),
        links_(*base_.rows),
        likes_(*base_.rows),
        discussions_(*base_.rows),
        users_(*base_.rows),
        tokens_(*base_.rows),
        orgs_(*base_.rows),
        groups_(*base_.rows),
        grants_(*base_.rows),
        jobs_(*base_.rows),
        sessions_(*base_.rows),
        accesses_(*base_.rows),
        summaries_(*base_.rows, keys::summary),
        downloads_(*base_.rows, keys::downloads),
        history_(objects_),
        path_history_(objects_),
        xet_(*base_.rows, *base_.packs, reserve_),
        statistics_(fs, reserve_, *base_.rows, base_.folder->packs()),
        parts_{clock, *base_.rows, *base_.packs, objects_, repos_,
               refs_, links_,      discussions_, locks_},
        pulls_(parts_, reserve_),
        mirrors_(parts_, reserve_) {}

  Status recover() {
    WAAG_CHECK(finish_deletions(parts_, users_));
    return finish_pruning(parts_);
  }

  Status close() override {
    WAAG_CHECK(base_.rows->close());
    return base_.packs->close();
  }

  // --- bytes in and out ---
  Result<std::unique_ptr<Ingest>> ingest() override {
    WAAG_CHECK(reserve_.check());
    return guard_ingest(reserve_, begin_ingest(*base_.rows, *base_.packs));
  }
  std::shared_ptr<StagingArea> staging_area() override {
    return std::make_shared<StagingArea>(*base_.rows, *base_.packs, reserve_);
  }
  Result<CommitOutcome> commit(CommitRequest request) override {
    WAAG_CHECK(reserve_.check());
    if (!request.staged) request.staged = staging_area();
    return commit_changes(parts_, request);
  }
  Result<CommitId> squash(const SquashRequest& request) override {
    WAAG_CHECK(reserve_.check());
    return squash_ref(parts_, request);
  }
  Result<std::vector<LfsFile>> list_lfs_files(std::uint64_t uid) override {
    return storage::list_lfs_files(parts_, uid);
  }
  Status remove_lfs_files(const LfsRemoval& removal) override {
    return storage::remove_lfs_files(parts_, users_, removal);
  }
  Result<std::shared_ptr<const Snapshot>> snapshot(std::uint64_t repo_uid,
                                                   const CommitId& commit) override {
    WAAG_TRY(const bool known, refs_.knows(repo_uid, commit));
    if (!known) return fail(Errc::revision_not_found, "no commit " + commit.hex());
    WAAG_TRY(auto info, objects_.commit(commit));
    return make_snapshot(objects_, std::move(info));
  }
  Result<std::unique_ptr<BlobReader>> open_blob(const BlobId& id) override {
    return storage::open_blob(*base_.rows, *base_.packs, id);
  }
  Result<std::unique_ptr<BlobReader>> open_git_blob(const GitId& id) override {
    return storage::open_git_blob(*base_.rows, *base_.packs, id);
  }

  XetFiles& xet() override { return xet_; }
  Mirrors& mirrors() override { return mirrors_; }
  std::filesystem::path fills() const override { return base_.folder->path() / "fills"; }
  FileSystem& files() override { return fs_; }

  // --- git's own protocol ---
  Result<std::unique_ptr<GitFetch>> git_fetch(std::uint64_t repo_uid,
                                              git::FetchRequest request) override {
    return GitFetch::open(parts_, repo_uid, std::move(request));
  }
  Result<std::unique_ptr<GitPush>> git_push(PushOptions options) override {
    WAAG_CHECK(reserve_.check());
    auto name = base_.folder->scratch() /
                (std::string(DataFolder::push_prefix) + std::to_string(++pushes_));
    return std::make_unique<GitPush>(fs_, parts_, reserve_, std::move(options), std::move(name),
                                     staging_area());
  }

  // --- repos ---
  Result<RepoRow> create_repo(const NewRepo& repo) override {
    WAAG_CHECK(reserve_.check());
    return storage::create_repo(parts_, repo);
  }
  Result<RepoRow> find_repo(const RepoId& id) override { return repos_.find(id); }
  Result<RepoRow> find_moved_repo(const RepoId& former) override {
    return repos_.find_moved(former);
  }
  Result<RepoRow> find_repo_by_uid(std::uint64_t uid) override { return repos_.find_uid(uid); }
  Status delete_repo(std::uint64_t uid, std::string_view /*user*/) override {
    return storage::delete_repo(parts_, users_, uid);
  }
  Status trash_repo(std::uint64_t uid, std::string_view user) override {
    return storage::trash_repo(parts_, uid, user);
  }
  Result<std::vector<TrashRow>> list_trash() override { return repos_.trash(); }
  Result<RepoRow> restore_repo(std::uint64_t uid, const RepoId& as) override {
    return repos_.restore(uid, as);
  }
  Result<std::size_t> empty_trash(TimeMs kept) override {
    return storage::empty_trash(parts_, users_, kept);
  }
  Result<RepoRow> change_repo(std::uint64_t uid, const RepoSettings& settings) override {
    return repos_.change(uid, settings);
  }
  Result<RepoRow> move_repo(std::uint64_t uid, const RepoId& to) override {
    return repos_.move(uid, to);
  }
  Result<std::vector<RepoRow>> list_repos(RepoType type, std::string_view after,
                                          std::size_t limit) override {
    return repos_.list(type, after, limit);
  }

  LikeTable& likes() override { return likes_; }
  // --- lists ---
  void watch_repos(std::function<void(std::uint64_t)> changed) override {
    base_.rows->watch(std::move(changed));
  }
  SoftTable& summaries() override { return summaries_; }
  SoftTable& downloads() override { return downloads_; }

  // --- refs ---
  Result<CommitId> resolve(std::uint64_t uid, std::string_view revision) override {
    return resolve_revision(parts_, uid, revision);
  }
  Result<std::optional<RefRow>> find_ref(std::uint64_t uid, std::string_view name) override {
    return refs_.find(uid, name);
  }
  Result<std::vector<Ref>> list_refs(std::uint64_t uid) override { return refs_.list(uid); }
  Status move_ref(std::uint64_t uid, std::string_view name, std::optional<CommitId> expected,
                  std::optional<CommitId> target, std::string_view user) override {
    return storage::move_ref(parts_, uid, name, expected, target, user);
  }
  Status create_tag(const NewTag& tag) override {
    WAAG_CHECK(reserve_.check());
    return storage::create_tag(parts_, tag);
  }
  Result<std::vector<CommitInfo>> history(std::uint64_t uid, const CommitId& from, std::size_t skip,
                                          std::size_t limit) override {
    WAAG_CHECK(check_known(uid, from));
    return history_.walk(from, skip, limit);
  }
  Result<std::uint64_t> history_length(std::uint64_t uid, const CommitId& from) override {
    WAAG_CHECK(check_known(uid, from));
    return history_.length(from);
  }

  Result<PathCommits> path_history(std::uint64_t uid, const CommitId& from, std::string_view path,
                                   std::size_t skip, std::size_t limit) override {
    WAAG_CHECK(check_known(uid, from));
    return path_history_.page(uid, from, path, skip, limit);
  }

  // --- discussions and pull requests ---
  DiscussionTable& discussions() override { return discussions_; }
  Pulls& pulls() override { return pulls_; }

  // --- possession or permission ---
  Result<std::optional<std::uint64_t>> blob_size(const BlobId& id) override {
    WAAG_TRY(const auto manifest, get_row(*base_.rows, keys::blob(id), decode_manifest));
    std::optional<std::uint64_t> size;
    if (manifest) size = manifest->size_bytes;
    return size;
  }
  Result<bool> repo_has_blob(std::uint64_t uid, const BlobId& id) override {
    return links_.has(uid, id);
  }
  Result<bool> has_uploaded(std::string_view user, std::uint64_t uid, const BlobId& id) override {
    return links_.has_uploaded(user, uid, id);
  }
  Transaction possession(std::string_view user, std::uint64_t uid, const BlobId& id) override {
    return LinkTable::possession(user, uid, id);
  }
  Status record_possession(std::string_view user, std::uint64_t uid, const BlobId& id) override {
    WAAG_CHECK(base_.rows->apply(LinkTable::possession(user, uid, id)));
    return ok();
  }
  Result<std::vector<BlobId>> linked_blobs(std::uint64_t uid) override { return links_.of(uid); }
  std::uint64_t links_version(std::uint64_t uid) const override {
    return base_.rows->links_version(uid);
  }
  Result<std::vector<std::uint64_t>> holders(const BlobId& id, std::size_t limit) override {
    return links_.holders(id, limit);
  }

  Result<bool> is_damaged(const BlobId& id) override {
    return storage::is_damaged(*base_.rows, *base_.packs, id);
  }
  Result<bool> is_damaged(const GitId& blob) override {
    return storage::is_damaged(*base_.rows, *base_.packs, blob);
  }
  // --- gated repos ---
  AccessTable& accesses() override { return accesses_; }

  // --- users, tokens, sessions ---
  Status add_user(const UserRow& user) override { return users_.add(user); }
  Result<UserRow> change_user(std::string_view name, const UserChange& change) override {
    return users_.change(name, change);
  }
  Result<UserRow> find_user(std::string_view name) override { return users_.find(name); }
  Result<std::vector<UserRow>> list_users() override { return users_.list(); }
  Status put_token(const TokenRow& token) override { return tokens_.put(token); }
  Result<TokenRow> find_token(std::string_view id) override { return tokens_.find(id); }
  Result<std::vector<TokenRow>> list_tokens(std::string_view user) override {
    return tokens_.list(user);
  }
  Status delete_token(std::string_view id) override { return tokens_.remove(id); }
  OrgTable& orgs() override { return orgs_; }
  GroupTable& groups() override { return groups_; }
  GrantTable& grants() override { return grants_; }
  JobTable& jobs() override { return jobs_; }
  Status put_session(std::string_view id, std::string value) override {
    return sessions_.put(id, value);
  }
  Result<std::string> find_session(std::string_view id) override { return sessions_.find(id); }
  Status delete_session(std::string_view id) override { return sessions_.remove(id); }
  Result<std::map<std::string, std::string>> list_sessions() override { return sessions_.list(); }
  std::filesystem::path scratch() const override { return base_.folder->scratch(); }

  // --- operations ---
  Result<Stats> stats() override { return statistics_.get(); }
  Result<RepoUsage> repo_usage(std::uint64_t uid, const std::optional<Sharers>& sharers) override {
    return storage::repo_usage(*base_.rows, *base_.packs, uid, sharers);
  }
  Status writable() override {
    WAAG_CHECK(reserve_.check());
    return base_.rows->writable();
  }
  RowStore& rows() override { return *base_.rows; }
  PackSet& packs() override { return *base_.packs; }

 private:
  Status check_known(std::uint64_t uid, const CommitId& commit) const {
    WAAG_TRY(const bool known, refs_.knows(uid, commit));
    if (!known) return fail(Errc::revision_not_found, "no commit " + commit.hex());
    return ok();
  }

  FileSystem& fs_;
  std::atomic<std::uint64_t> pushes_{0};  // makes the names of their scratch files differ
  Foundation base_;
  Reserve reserve_;
  ObjectCache objects_;
  RepoLocks locks_;
  RepoTable repos_;
  RefTable refs_;
  LinkTable links_;
  LikeTable likes_;
  DiscussionTable discussions_;
  UserTable users_;
  TokenTable tokens_;
  OrgTable orgs_;
  GroupTable groups_;
  GrantTable grants_;
  JobTable jobs_;
  SessionTable sessions_;
  AccessTable accesses_;
  SoftTable summaries_;
  SoftTable downloads_;
  History history_;
  PathHistory path_history_;
  XetFiles xet_;
  Statistics statistics_;
  Parts parts_;
  Pulls pulls_;
  Mirrors mirrors_;
};

}  // namespace

Result<std::unique_ptr<Store>> Store::open(FileSystem& fs, Clock& clock, Random& random,
                                           StoreOptions options) {
  Foundation base;
  WAAG_TRY(base.folder, DataFolder::open(fs, random, options.data));
  WAAG_TRY(base.packs, PackSet::open(fs, random, base.folder->packs(), options.packs));
  options.rows.data = options.data;
  WAAG_TRY(auto rows, RowStore::open(fs, *base.packs, options.rows));
  base.rows = std::make_unique<WatchedRows>(std::move(rows));
  auto store = std::make_unique<StoreImpl>(fs, clock, options, std::move(base));
  WAAG_CHECK(store->recover());
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace waag::storage
