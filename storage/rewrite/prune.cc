#include "storage/rewrite/prune.h"

#include <set>
#include <utility>

#include "storage/repo/committer.h"
#include "storage/rewrite/reach.h"

namespace waag::storage {
namespace {

/// Rows removed by one transaction: bounds a journal frame to about a megabyte.
constexpr std::size_t step_rows_max = 10'000;
constexpr std::string_view pruning_prefix = "pruning/";

std::string pruning_key(std::uint64_t uid) {
  return keys::counter(std::string(pruning_prefix) + std::to_string(uid));
}

Result<std::set<BlobId>> blobs_of(const Parts& parts, const Reach& reach) {
  std::set<BlobId> blobs;
  TreeWalk trees(parts);
  for (const auto& commit : reach.commits)
    WAAG_CHECK(
        trees.add(commit.info->tree, [&](const HeldFile& file) { blobs.insert(file.blob); }));
  return blobs;
}

/// Collects rows to remove and lets them go in steps.
class Remover {
 public:
  explicit Remover(RowStore& rows) : rows_(rows) {}

  Transaction& transaction() { return transaction_; }
  Status step() { return transaction_.dels.size() < step_rows_max ? ok() : finish(); }
  Status finish() {
    if (transaction_.dels.empty()) return ok();
    WAAG_CHECK(rows_.apply(std::exchange(transaction_, {})));
    return ok();
  }

 private:
  RowStore& rows_;
  Transaction transaction_;
};

Status remove_commits(const Parts& parts, std::uint64_t uid, const Reach& reach) {
  WAAG_TRY(const auto known, parts.refs.commits(uid));
  Remover remover(parts.rows);
  for (const auto& commit : known) {
    if (reach.ids.contains(commit)) continue;
    remover.transaction().dels.push_back(keys::repo_commit(uid, commit));
    WAAG_CHECK(remover.step());
  }
  return remover.finish();
}

Status remove_replays(const Parts& parts, std::uint64_t uid, const Reach& reach) {
  Remover remover(parts.rows);
  WAAG_CHECK(scan_rows(parts.rows, keys::replays(uid), "", decode_replay,
                       [&](std::string_view key, const Replay& replay) {
                         if (!reach.ids.contains(replay.commit))
                           remover.transaction().dels.emplace_back(key);
                         return true;
                       }));
  return remover.finish();
}

Status remove_links(const Parts& parts, std::uint64_t uid, const std::set<BlobId>& kept) {
  WAAG_TRY(const auto linked, parts.links.of(uid));
  Remover remover(parts.rows);
  for (const auto& blob : linked) {
    if (kept.contains(blob)) continue;
    LinkTable::remove(remover.transaction(), uid, blob);
    WAAG_CHECK(remover.step());
  }
  return remover.finish();
}

}  // namespace

void expect_pruning(Transaction& transaction, std::uint64_t uid) {
  transaction.puts.push_back({pruning_key(uid), plain_row()});
}

Status prune(const Parts& parts, std::uint64_t uid) {
  WAAG_TRY(const auto reach, walk_refs(parts, uid));
  WAAG_TRY(const auto blobs, blobs_of(parts, reach));
  // Commits before links: a commit that can still be read has all its files.
  WAAG_CHECK(remove_commits(parts, uid, reach));
  WAAG_CHECK(remove_replays(parts, uid, reach));
  WAAG_CHECK(remove_links(parts, uid, blobs));
  Transaction done;
  done.dels.push_back(pruning_key(uid));
  WAAG_CHECK(parts.rows.apply(std::move(done)));
  return ok();
}

Status finish_pruning(const Parts& parts) {
  const auto prefix = keys::counter(pruning_prefix);
  std::vector<std::uint64_t> uids;
  WAAG_CHECK(parts.rows.scan(prefix, "", [&](std::string_view key, std::string_view) {
    uids.push_back(std::stoull(std::string(key.substr(prefix.size()))));
    return true;
  }));
  for (const auto uid : uids) WAAG_CHECK(prune(parts, uid));
  return ok();
}

}  // namespace waag::storage
