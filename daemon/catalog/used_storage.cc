#include "daemon/catalog/used_storage.h"

namespace waag::daemon {
namespace {

/// Of memory for one file's size, with what the map adds to it.
constexpr std::size_t size_weight = 64;

}  // namespace

Result<std::uint64_t> UsedStorage::lfs_bytes(std::uint64_t uid) {
  const auto before = known_.find(uid);
  if (before && before->version == store_.links_version(uid)) return before->bytes;
  WAAG_TRY(const auto now, measure(uid, before ? *before : Known{}));
  known_.put(uid, now, sizeof(Known) + now->sizes.size() * size_weight);
  return now->bytes;
}

Result<std::shared_ptr<const UsedStorage::Known>> UsedStorage::measure(std::uint64_t uid,
                                                                       const Known& before) {
  auto now = std::make_shared<Known>();
  now->version = store_.links_version(uid);
  WAAG_TRY(const auto linked, store_.linked_blobs(uid));
  now->sizes.reserve(linked.size());
  for (const auto& blob : linked) {
    std::uint64_t bytes = 0;
    if (const auto known = before.sizes.find(blob); known != before.sizes.end()) {
      bytes = known->second;
    } else {
      // A linked blob that is gone is fsck's to report.
      WAAG_TRY(const auto found, store_.blob_size(blob));
      bytes = found.value_or(0);
    }
    now->sizes.emplace(blob, bytes);
    now->bytes += bytes;
  }
  return std::shared_ptr<const Known>(std::move(now));
}

}  // namespace waag::daemon
