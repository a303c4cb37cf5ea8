#include "storage/repo/lifecycle.h"

#include "storage/git/commit_object.h"
#include "storage/git/tree_edit.h"
#include "storage/meta/accounts/grants.h"
#include "storage/meta/keys.h"
#include "storage/meta/tables/likes.h"
#include "storage/store.h"

namespace waag::storage {
namespace {

/// Other creations that may take the next uid first.
constexpr int attempts_max = 16;
/// Rows removed by one transaction of a deletion: bounds a journal frame to about a megabyte.
constexpr std::size_t step_rows_max = 10'000;
constexpr std::string_view deletion_prefix = "deleting/";

std::string deletion_key(std::uint64_t uid) {
  return keys::counter(std::string(deletion_prefix) + std::to_string(uid));
}

Result<CommitId> add_first_commit(const Parts& parts, const NewRepo& repo, TimeMs now,
                                  ObjectWriter& objects) {
  TreeEdit tree(parts.objects, std::nullopt);
  WAAG_TRY(const auto attributes, objects.add(git::ObjectKind::blob, repo.gitattributes));
  WAAG_CHECK(tree.put(".gitattributes", attributes, TreeEdit::Content::file));
  if (!repo.readme.empty()) {
    WAAG_TRY(const auto readme, objects.add(git::ObjectKind::blob, repo.readme));
    WAAG_CHECK(tree.put("README.md", readme, TreeEdit::Content::file));
  }
  NewCommit commit;
  WAAG_TRY(commit.tree, tree.write(objects));
  commit.author_name = repo.author_name.empty() ? repo.creator : repo.author_name;
  commit.author_email = repo.author_email;
  commit.date = now;
  commit.message = "initial commit";
  return add_commit_object(objects, commit);
}

Result<RepoRow> try_create(const Parts& parts, const NewRepo& repo) {
  RepoRow row;
  row.id = repo.id;
  row.visibility = repo.visibility;
  row.creator = repo.creator;
  row.created = parts.clock.now();
  row.sdk = repo.sdk;
  Transaction transaction;
  WAAG_CHECK(parts.repos.add(transaction, row));
  ObjectWriter objects(parts.rows, parts.packs);
  WAAG_TRY(const auto commit, add_first_commit(parts, repo, row.created, objects));
  WAAG_CHECK(objects.settle(transaction));
  const RefRow head{commit, {}, row.created};
  const RefTable::Move move{row.uid, head_branch, std::nullopt, head, repo.creator, row.created};
  WAAG_CHECK(parts.refs.move(transaction, move));
  RefTable::add_commit(transaction, row.uid, commit);
  WAAG_CHECK(parts.rows.apply(std::move(transaction)));
  return row;
}

/// Keys with `prefix`, at most step_rows_max.
Result<std::vector<std::string>> some_keys(const RowStore& rows, const std::string& prefix) {
  std::vector<std::string> found;
  WAAG_CHECK(rows.scan(prefix, "", [&](std::string_view key, std::string_view) {
    found.emplace_back(key);
    return found.size() < step_rows_max;
  }));
  return found;
}

Status remove_all(RowStore& rows, const std::string& prefix) {
  while (true) {
    Transaction transaction;
    WAAG_TRY(transaction.dels, some_keys(rows, prefix));
    if (transaction.dels.empty()) return ok();
    WAAG_CHECK(rows.apply(std::move(transaction)));
  }
}

Status remove_links(RowStore& rows, std::uint64_t uid) {
  while (true) {
    WAAG_TRY(const auto found, some_keys(rows, keys::links(uid)));
    if (found.empty()) return ok();
    Transaction transaction;
    for (const auto& key : found) LinkTable::remove(transaction, uid, keys::last_hash<BlobId>(key));
    WAAG_CHECK(rows.apply(std::move(transaction)));
  }
}

Status remove_grants(RowStore& rows, std::uint64_t uid) {
  while (true) {
    WAAG_TRY(const auto found, some_keys(rows, keys::grants(uid)));
    if (found.empty()) return ok();
    Transaction transaction;
    for (const auto& key : found) GrantTable::remove_rows(transaction, key);
    WAAG_CHECK(rows.apply(std::move(transaction)));
  }
}

Status remove_redirects(const Parts& parts, std::uint64_t uid) {
  Transaction transaction;
  WAAG_TRY(transaction.dels, parts.repos.redirects_to(uid));
  if (transaction.dels.empty()) return ok();
  WAAG_CHECK(parts.rows.apply(std::move(transaction)));
  return ok();
}

Status remove_rest(const Parts& parts, const UserTable& users, std::uint64_t uid) {
  auto& rows = parts.rows;
  WAAG_CHECK(remove_redirects(parts, uid));
  WAAG_CHECK(remove_all(rows, keys::refs(uid)));
  WAAG_CHECK(remove_all(rows, keys::ref_logs(uid)));
  WAAG_CHECK(remove_all(rows, keys::repo_commits(uid)));
  WAAG_CHECK(remove_all(rows, keys::replays(uid)));
  WAAG_CHECK(remove_all(rows, keys::events(uid)));
  WAAG_CHECK(remove_all(rows, keys::discussions(uid)));
  WAAG_CHECK(remove_all(rows, keys::accesses(uid)));
  WAAG_CHECK(remove_all(rows, keys::unproven_of(uid)));
  WAAG_CHECK(remove_links(rows, uid));
  WAAG_CHECK(remove_grants(rows, uid));
  WAAG_CHECK(LikeTable(rows).remove_all(uid));
  WAAG_TRY(const auto all_users, users.list());
  for (const auto& user : all_users) WAAG_CHECK(remove_all(rows, keys::uploads(user.name, uid)));
  Transaction done;
  done.dels = {keys::downloads(uid), keys::summary(uid), DiscussionTable::counter_key(uid),
               keys::mirror(uid)};
  done.dels.push_back(deletion_key(uid));
  WAAG_CHECK(rows.apply(std::move(done)));
  return ok();
}

}  // namespace

Result<RepoRow> create_repo(const Parts& parts, const NewRepo& repo) {
  WAAG_CHECK(RepoId::make(repo.id.type, repo.id.ns, repo.id.name));
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    // All creations want the same counter: they queue where uid 0, which no repo has, would.
    const auto lock = parts.locks.lock(0);
    auto row = try_create(parts, repo);
    if (row || row.error().code != Errc::conflict) return row;
    WAAG_TRY(const auto taken, parts.rows.get(keys::repo(repo.id)));
    if (taken) return row;
  }
  return fail(Errc::unavailable, "repos are created all the time");
}

Status delete_repo(const Parts& parts, const UserTable& users, std::uint64_t uid) {
  const auto lock = parts.locks.lock(uid);
  WAAG_TRY(const auto row, parts.repos.find_uid(uid));
  Transaction transaction;
  RepoTable::remove(transaction, row);
  transaction.puts.push_back({deletion_key(uid), plain_row()});
  const auto applied = parts.rows.apply(std::move(transaction));
  if (!applied) return applied.error();
  return remove_rest(parts, users, uid);
}

Status trash_repo(const Parts& parts, std::uint64_t uid, std::string_view user) {
  return parts.repos.discard(uid, user, parts.clock.now());
}

Result<std::size_t> empty_trash(const Parts& parts, const UserTable& users, TimeMs kept) {
  WAAG_TRY(const auto trash, parts.repos.trash());
  const auto now = parts.clock.now();
  std::size_t emptied = 0;
  for (const auto& trashed : trash) {
    if (now - trashed.deleted < kept) continue;
    const auto uid = trashed.repo.uid;
    const auto lock = parts.locks.lock(uid);
    const auto key = keys::trashed(uid);
    // As it is stored: a row of an older version is not what encode() gives.
    WAAG_TRY(auto stored, parts.rows.get(key));
    if (!stored) continue;  // restored meanwhile
    Transaction transaction;
    transaction.expects.push_back({key, std::move(stored)});
    transaction.dels.push_back(key);
    transaction.puts.push_back({deletion_key(uid), plain_row()});
    const auto applied = parts.rows.apply(std::move(transaction));
    if (!applied && applied.error().code == Errc::conflict) continue;
    if (!applied) return applied.error();
    WAAG_CHECK(remove_rest(parts, users, uid));
    ++emptied;
  }
  return emptied;
}

Status finish_deletions(const Parts& parts, const UserTable& users) {
  const auto prefix = keys::counter(deletion_prefix);
  WAAG_TRY(const auto found, some_keys(parts.rows, prefix));
  for (const auto& key : found)
    WAAG_CHECK(remove_rest(parts, users, std::stoull(key.substr(prefix.size()))));
  return ok();
}

}  // namespace waag::storage
