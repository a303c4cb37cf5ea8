#include "daemon/mirror/xet/other_revisions.h"

#include <algorithm>
#include <set>

namespace waag::daemon {
namespace {

/// Of as many commits; who has more looks again.
constexpr std::size_t found_max = 256;

}  // namespace

Result<bool> OtherRevisions::has(std::uint64_t uid, const CommitId& commit) {
  const std::pair key(uid, commit);
  const std::scoped_lock lock(mutex_);  // the files of one commit wait for one look
  if (const auto found = found_.find(key); found != found_.end()) return found->second;
  WAAG_TRY(const bool other, look(uid, commit));
  if (found_.size() >= found_max) found_.clear();
  found_[key] = other;
  return other;
}

Result<bool> OtherRevisions::look(std::uint64_t uid, const CommitId& commit) const {
  WAAG_TRY(const auto linked, store_.linked_blobs(uid));
  if (linked.empty()) return false;
  WAAG_TRY(const auto snapshot, store_.snapshot(uid, commit));
  WAAG_TRY(const auto entries, snapshot->list("", /*recursive=*/true, "", 0));
  std::set<BlobId> named;
  for (const auto& entry : entries)
    if (entry.lfs) named.insert(entry.lfs->id);
  return std::ranges::any_of(linked, [&](const BlobId& blob) { return !named.contains(blob); });
}

}  // namespace waag::daemon
