#include "daemon/mirror/history_roads.h"

#include "daemon/upstream/history/raw_client.h"

namespace waag::daemon {
namespace {

/// An upstream becomes a hub of our kind, or a newer one, rarely.
constexpr std::chrono::hours no_raw_time{1};

Result<History> by_git(HubClient& hub, const RepoId& there, storage::GitPush& push,
                       const HistoryRequest& request) {
  GitSource source(hub.http(), {hub.git_url(there), hub.git_authorization()});
  return fetch_history(source, push, request);
}

bool may_pass(Errc code) {
  return code == Errc::upstream_failed || code == Errc::deadline_exceeded ||
         code == Errc::too_many_requests;
}

bool is_refusal(Errc code) {
  return code == Errc::unauthenticated || code == Errc::forbidden || code == Errc::repo_not_found;
}

}  // namespace

Result<History> HistoryRoads::fetch(HubClient& hub, const RepoId& there,
                                    const storage::PushOptions& options, HistoryRequest request) {
  for (unsigned attempt = 1;; ++attempt) {
    WAAG_TRY(const auto push, store_.git_push(options));
    const bool raw = may_have_raw(hub);
    // Every other time by git alone: raw objects may be what fails.
    const bool raw_left_out = raw && attempt % 2 == 0;
    auto history = raw && !raw_left_out ? by_raw_or_git(hub, there, *push, request)
                                        : by_git(hub, there, *push, request);
    if (history) return history;
    const auto code = history.error().code;
    const bool last = attempt > options_.retries || request.until.stop.stop_requested();
    // Neither road is there at all.
    if (code == Errc::repo_not_found && !may_have_raw(hub))
      return fail(Errc::not_found,
                  "the upstream gives no histories (" + history.error().what + ")");
    // Of git's routes alone: says nothing of the repo, which the API has shown.
    if (is_refusal(code) && (last || !raw_left_out))
      return fail(Errc::upstream_failed, history.error().what);
    if (last || (!may_pass(code) && !is_refusal(code))) return history;
    WAAG_CHECK(hub.governor().pause(hub.governor().backoff(attempt, options_.retry_base)));
    if (request.until.stop.stop_requested()) return history;
    request.haves.clear();
  }
}

Result<History> HistoryRoads::by_raw_or_git(HubClient& hub, const RepoId& there,
                                            storage::GitPush& push, const HistoryRequest& request) {
  RawSource source(hub, there);
  auto history = fetch_history(source, push, request);
  if (history || source.offer() == RawSource::Offer::open) return history;
  // Nothing came yet: the push is as fresh as it was.
  if (source.offer() == RawSource::Offer::unknown) note_no_raw(hub);
  return by_git(hub, there, push, request);
}

bool HistoryRoads::may_have_raw(const HubClient& hub) {
  const std::scoped_lock lock(mutex_);
  const auto found = no_raw_until_.find(&hub);
  return found == no_raw_until_.end() || std::chrono::steady_clock::now() >= found->second;
}

void HistoryRoads::note_no_raw(const HubClient& hub) {
  const std::scoped_lock lock(mutex_);
  no_raw_until_[&hub] = std::chrono::steady_clock::now() + no_raw_time;
}

}  // namespace waag::daemon
