#pragma once

#include <map>
#include <mutex>

#include "daemon/upstream/history/git_client.h"
#include "daemon/upstream/hub_client.h"
#include "storage/store.h"

namespace waag::daemon {

/// Brings histories by whatever road an upstream has: raw objects from a hub of our kind, else git.
/// An upstream that does not know raw objects is asked for them again after an hour only.
/// Thread-safe; every call blocks.
class HistoryRoads {
 public:
  struct Options {
    unsigned retries = 4;
    std::chrono::milliseconds retry_base{500};
  };
  HistoryRoads(storage::Store& store, Options options) : store_(store), options_(options) {}

  /// Tried again, also by the other road, and without what we have if that confused the upstream.
  /// @param there  the repository as the upstream calls it
  /// @return errors as fetch_history()'s; what git's routes alone refuse is Errc::upstream_failed.
  ///         Errc::not_found: the upstream has no road to give a history by
  Result<History> fetch(HubClient& hub, const RepoId& there, const storage::PushOptions& options,
                        HistoryRequest request);

 private:
  Result<History> by_raw_or_git(HubClient& hub, const RepoId& there, storage::GitPush& push,
                                const HistoryRequest& request);
  [[nodiscard]] bool may_have_raw(const HubClient& hub);
  void note_no_raw(const HubClient& hub);

  storage::Store& store_;
  const Options options_;
  std::mutex mutex_;
  std::map<const HubClient*, std::chrono::steady_clock::time_point> no_raw_until_;
};

}  // namespace waag::daemon
