#include "storage/rewrite/lfs_files.h"

#include <algorithm>
#include <map>

#include "storage/rewrite/history_copy.h"
#include "storage/rewrite/prune.h"
#include "storage/rewrite/reach.h"

namespace waag::storage {
namespace {

/// Moves of the repo that may come first before we give up.
constexpr int attempts_max = 16;
/// Rows removed by one transaction: bounds a journal frame to about a megabyte.
constexpr std::size_t step_rows_max = 10'000;

/// The pointers to `files` that the history has: one file may have several spellings of its
/// pointer.
Result<std::unordered_set<GitId>> pointers_to(const Parts& parts, const Reach& reach,
                                              const std::set<BlobId>& files) {
  std::unordered_set<GitId> pointers;
  TreeWalk trees(parts);
  for (const auto& commit : reach.commits)
    WAAG_CHECK(trees.add(commit.info->tree, [&](const HeldFile& file) {
      if (file.lfs && files.contains(file.blob)) pointers.insert(file.git_id);
    }));
  return pointers;
}

Status forget_uploads(const Parts& parts, const UserTable& users, const LfsRemoval& removal) {
  WAAG_TRY(const auto all_users, users.list());
  for (const auto& user : all_users) {
    Transaction transaction;
    WAAG_CHECK(parts.rows.scan(keys::uploads(user.name, removal.repo_uid), "",
                               [&](std::string_view key, std::string_view) {
                                 if (removal.files.contains(keys::last_hash<BlobId>(key)))
                                   transaction.dels.emplace_back(key);
                                 return transaction.dels.size() < step_rows_max;
                               }));
    if (!transaction.dels.empty()) WAAG_CHECK(parts.rows.apply(std::move(transaction)));
  }
  return ok();
}

/// @return whether there was anything to remove; Errc::conflict if the repo was moved meanwhile
Result<bool> try_remove(const Parts& parts, const LfsRemoval& removal) {
  const auto uid = removal.repo_uid;
  Transaction transaction;
  WAAG_TRY(const auto repo, parts.repos.find_uid(uid));
  RepoTable::expect_alive(transaction, repo);
  WAAG_TRY(const auto reach, walk_refs(parts, uid));
  WAAG_TRY(auto pointers, pointers_to(parts, reach, removal.files));
  if (pointers.empty()) return false;
  ObjectWriter objects(parts.rows, parts.packs);
  HistoryCopy copy(parts, objects, std::move(pointers));
  for (const auto& commit : reach.commits) {
    WAAG_TRY(const auto id, copy.add(commit.info->id));
    if (id != commit.info->id) RefTable::add_commit(transaction, uid, id);
  }
  const auto now = parts.clock.now();
  for (const auto& ref : reach.refs) {
    WAAG_TRY(auto row, copy.of(ref.row));
    if (row.target == ref.row.target) continue;
    row.updated = now;
    const RefTable::Move move{uid, ref.name, ref.row, row, removal.user, now};
    WAAG_CHECK(parts.refs.move(transaction, move));
  }
  WAAG_CHECK(objects.settle(transaction));
  expect_pruning(transaction, uid);
  WAAG_CHECK(parts.rows.apply(std::move(transaction)));
  return true;
}

}  // namespace

Result<std::vector<LfsFile>> list_lfs_files(const Parts& parts, std::uint64_t uid) {
  WAAG_TRY(const auto reach, walk_refs(parts, uid));
  std::map<BlobId, LfsFile> found;
  TreeWalk trees(parts);
  for (const auto& commit : reach.commits) {
    WAAG_CHECK(trees.add(commit.info->tree, [&](const HeldFile& file) {
      if (!file.lfs) return;
      found.try_emplace(file.blob, LfsFile{file.blob, file.size_bytes, file.path, commit.info->date,
                                           reach.refs[commit.ref].name});
    }));
  }
  std::vector<LfsFile> files;
  files.reserve(found.size());
  for (auto& [id, file] : found) files.push_back(std::move(file));
  std::ranges::stable_sort(files, {}, &LfsFile::path);  // of one path by id, as they come
  return files;
}

Status remove_lfs_files(const Parts& parts, const UserTable& users, const LfsRemoval& removal) {
  const auto lock = parts.locks.lock(removal.repo_uid);
  // Before the history: without a link it would still be a right to the file.
  WAAG_CHECK(forget_uploads(parts, users, removal));
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    const auto removed = try_remove(parts, removal);
    if (removed) return *removed ? prune(parts, removal.repo_uid) : ok();
    if (removed.error().code != Errc::conflict) return removed.error();
  }
  return fail(Errc::unavailable, "the repo is moved all the time");
}

}  // namespace waag::storage
