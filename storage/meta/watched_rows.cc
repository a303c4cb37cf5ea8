#include "storage/meta/watched_rows.h"

#include <algorithm>
#include <mutex>

#include "storage/meta/keys.h"
#include "storage/meta/repo_rows.h"

namespace waag::storage {
namespace {

constexpr std::string_view head_of_lists = "refs/heads/main";
constexpr std::size_t uid_end = 1 + sizeof(std::uint64_t);  // of keys that begin kind, uid

/// The uid of a changed row's key; nullopt if lists do not show what it holds.
std::optional<std::uint64_t> touched_by(std::string_view key) {
  if (key.size() < uid_end) return std::nullopt;
  switch (key.front()) {
    case 'o':
    case 'i':
      return keys::number_at(key, 1);
    case 'h':
      if (key.substr(uid_end) == head_of_lists) return keys::number_at(key, 1);
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::vector<std::uint64_t> relinked_repos(const Transaction& transaction) {
  std::vector<std::uint64_t> uids;
  const auto add = [&uids](std::string_view key) {
    if (key.size() < uid_end || key.front() != 'l') return;
    const auto uid = keys::number_at(key, 1);
    if (std::ranges::find(uids, uid) == uids.end()) uids.push_back(uid);
  };
  for (const auto& row : transaction.puts) add(row.key);
  for (const auto& key : transaction.dels) add(key);
  return uids;
}

std::vector<std::uint64_t> touched_repos(const Transaction& transaction) {
  std::vector<std::uint64_t> uids;
  const auto add = [&uids](std::optional<std::uint64_t> uid) {
    if (uid && std::ranges::find(uids, *uid) == uids.end()) uids.push_back(*uid);
  };
  for (const auto& row : transaction.puts) {
    add(touched_by(row.key));
    if (!row.key.starts_with('r')) continue;
    // Settings change this row alone, and its key does not say the uid.
    if (const auto repo = decode_repo(row.value)) add(repo->uid);
  }
  for (const auto& key : transaction.dels) add(touched_by(key));
  return uids;
}

void WatchedRows::watch(Watcher watcher) {
  const std::unique_lock lock(mutex_);
  watcher_ = std::move(watcher);
}

void WatchedRows::note_links(const std::vector<std::uint64_t>& uids) {
  for (const auto uid : uids) ++links_versions_[uid % links_versions_.size()];
}

Result<std::uint64_t> WatchedRows::apply(Transaction transaction) {
  const auto uids = touched_repos(transaction);
  const auto relinked = relinked_repos(transaction);
  auto applied = rows_->apply(std::move(transaction));
  note_links(relinked);  // also after an error, as below
  if (uids.empty()) return applied;
  const std::shared_lock lock(mutex_);
  if (!watcher_) return applied;
  // Also after an error: what became unavailable while it was written may have been written.
  for (const auto uid : uids) watcher_(uid);
  return applied;
}

}  // namespace waag::storage
