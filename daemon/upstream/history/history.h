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

/// How an upstream gives the history of one of its repositories. Blocks; not thread-safe.
class HistorySource {
 public:
  /// When a transfer is given up: then, or as soon as somebody says so.
  struct Until {
    std::chrono::steady_clock::time_point deadline;
    std::stop_token stop{};
    /// What packs keep to; null: nothing. With a rate they have more time than the deadline.
    std::shared_ptr<const Throttle> throttle{};
  };
  /// The next bytes of a pack; they are only good until it returns. Its error ends the transfer.
  using Take = std::function<Status(ByteView)>;

  virtual ~HistorySource() = default;
  /// @return Errc::unauthenticated, forbidden, repo_not_found, too_many_requests as the upstream
  ///         answers; Errc::upstream_failed, deadline_exceeded; unavailable when told to stop
  virtual Result<git::RefAdvertisement> refs(const Until& until) = 0;
  /// After refs(): a pack, which may be thin, of what `wants` reach and `haves` do not.
  /// @param wants  at least one
  virtual Status pack(const std::vector<GitId>& wants, const std::vector<CommitId>& haves,
                      const Until& until, const Take& take) = 0;
};

struct HistoryRequest {
  /// Which refs the repo here follows, by their full names; others stay as they are.
  std::function<bool(std::string_view name)> selected;
  /// Commits whose history the upstream need not send again, such as the present refs. Those that
  /// are not here whole are not named.
  std::vector<CommitId> haves;
  HistorySource::Until until;
};

struct History {
  std::vector<git::AdvertisedRef> refs;  // of the upstream, selected ones
  std::string head;                      // the ref that its HEAD stands for; "" if it does not say
  std::vector<git::RefReport> refused;   // refs that are not as the upstream has them, and why
  std::size_t moves = 0;                 // refs created, moved or deleted, refused ones included
  std::uint64_t pack_bytes = 0;
};

/// Makes a repo's refs those of an upstream's repository, with their whole history. Either all of
/// it lands or nothing, but for refs whose history breaks a rule of the hub: they are left out
/// (History::refused). An upstream without `main` leaves ours. Blocks, up to the deadline and a
/// walk through what came; not for the network threads.
///
/// @param push  fresh, with PushOptions::mirror
/// @return Errc::upstream_failed if the upstream's answer is cut, malformed or incomplete; what the
///         source or the store says
Result<History> fetch_history(HistorySource& source, storage::GitPush& push,
                              const HistoryRequest& request);

/// Refs of one repository, as long as an upstream may make their list: 200,000 with names of 250
/// bytes.
inline constexpr std::size_t refs_bytes_max = 64u << 20;
/// Of a pack, between network and disk; beyond it the network waits.
inline constexpr std::size_t history_queue_bytes = BodyQueue::bytes_full;

// --- for sources ---

/// Errc::deadline_exceeded if it is over.
Result<std::chrono::milliseconds> time_until(std::chrono::steady_clock::time_point deadline);
/// For a pack. A rate may make it last for hours: then who set it ends it (Until::stop), or the
/// time without a byte, at the latest a day.
HistorySource::Until for_pack(HistorySource::Until until);
/// A renamed repository: where the refs came from is asked for the rest, never at another host, for
/// our credentials go there.
/// @param base      what was asked is this and `path`
/// @param answered  URL of the last hop
/// @return the base of what answered
Result<std::string> followed_base(const std::string& base, std::string_view path,
                                  std::string_view answered);
/// Hands a body on, as it comes, until its end. Cancels the transfer on an error.
Status drain(BodyQueue& queue, HttpClient::Transfer& transfer, const HistorySource::Until& until,
             const HistorySource::Take& take);

}  // namespace waag::daemon
