#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/upstream/body_queue.h"
#include "protocol/git/client/ref_advertisement.h"
#include "protocol/git/push_request.h"
#include "storage/git/transfer/push.h"

namespace waag::daemon {

struct HistoryRequest {
  std::string url;            // of the repository: "https://host/datasets/acme/words"
  std::string authorization;  // value of the header; "": none is sent
  /// Which refs the repo here follows, by their full names; others stay as they are.
  std::function<bool(std::string_view name)> selected;
  /// Commits whose history the upstream need not send again, such as the present refs. Those that
  /// are not here whole are not named.
  std::vector<CommitId> haves;
  std::chrono::steady_clock::time_point deadline;
  std::stop_token stop;  // ends the fetch of the pack with Errc::unavailable
  /// Of the pack, between network and disk; beyond it the network waits.
  std::size_t queue_bytes = BodyQueue::bytes_full;
};

struct History {
  std::vector<git::AdvertisedRef> refs;  // of the upstream, selected ones
  std::string head;                      // the ref that its HEAD stands for; "" if it does not say
  std::vector<git::RefReport> refused;   // refs that are not as the upstream has them, and why
  std::size_t moves = 0;                 // refs created, moved or deleted, refused ones included
  std::uint64_t pack_bytes = 0;
};

/// Makes a repo's refs those of an upstream's repository, with their whole history: git's protocol
/// 0 over HTTP in one round. Either all of it lands or nothing, but for refs whose history breaks
/// a rule of the hub: they are left out (History::refused). An upstream without `main` leaves ours.
/// Blocks, up to the deadline and a walk through what came; not for the network threads.
///
/// @param push  fresh, with PushOptions::mirror
/// @return Errc::upstream_failed if the upstream's answer is cut, malformed or incomplete;
///         Errc::unauthenticated, forbidden, repo_not_found, too_many_requests as it answers;
///         Errc::deadline_exceeded; unavailable when told to stop; or what the store says
Result<History> fetch_history(HttpClient& http, storage::GitPush& push,
                              const HistoryRequest& request);

}  // namespace waag::daemon
