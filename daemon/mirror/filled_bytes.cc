#include "daemon/mirror/filled_bytes.h"

namespace waag::daemon {

Result<std::uint64_t> FilledBytes::total() {
  WAAG_TRY(const auto repos, store_.mirrors().list());
  const std::scoped_lock lock(mutex_);
  std::map<std::uint64_t, Known> now;
  std::uint64_t bytes = 0;
  for (const auto& repo : repos) {
    const auto old = known_.find(repo.uid);
    auto& known = now[repo.uid];
    if (old != known_.end() && old->second.version == store_.links_version(repo.uid)) {
      known = old->second;
    } else {
      WAAG_TRY(known, read(repo.uid));
    }
    bytes += known.bytes;
  }
  known_ = std::move(now);
  return bytes;
}

Status FilledBytes::admit(std::uint64_t more_bytes) {
  if (bytes_max_ == 0) return ok();
  WAAG_TRY(const auto here, total());
  if (here + more_bytes > bytes_max_)
    return fail(Errc::no_space, "files from upstreams have reached mirror.fill_bytes_max");
  return ok();
}

Result<FilledBytes::Known> FilledBytes::read(std::uint64_t uid) const {
  Known known;
  known.version = store_.links_version(uid);  // before the links: it says no more than they do
  WAAG_TRY(const auto blobs, store_.linked_blobs(uid));
  for (const auto& blob : blobs) {
    WAAG_TRY(const auto size, store_.blob_size(blob));
    known.bytes += size.value_or(0);
  }
  return known;
}

}  // namespace waag::daemon
