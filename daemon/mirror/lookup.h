#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "daemon/async.h"
#include "daemon/mirror/history_roads.h"
#include "daemon/upstream/askers.h"
#include "daemon/upstream/hub_client.h"
#include "storage/store.h"

namespace waag::daemon {

/// A revision that somebody wants to have here.
struct Wish {
  RepoId repo;
  std::string revision;  // "main", "v1", "refs/pr/1", 40 hex
  UpstreamCall call;
  bool with_history = true;  // what is new: it follows in the background, as fast as it can
};

/// What came of a look at the upstream.
struct Found {
  storage::RepoRow repo;
  CommitId commit;
  std::string base_url;  // of the upstream
  std::string name;      // ns/name there
};

/// May say no to a revision before anything of it is taken: Errc::forbidden names the rule. It may
/// ask the hub for more about it.
using MirrorCheck = std::function<Status(HubClient&, const UpstreamRevision&,
                                         const std::vector<UpstreamEntry>&, const UpstreamCall&)>;

/// Brings revisions of upstream repos here: names and trees at once, histories behind them.
/// Thread-safe; every call blocks on the upstream and on disk.
class Lookup {
 public:
  struct Options {
    bool git = true;  // fetch histories, by whatever road
    std::chrono::milliseconds history_time{600'000};
    unsigned retries = 4;
    std::chrono::milliseconds retry_base{500};
    MirrorCheck check;  // empty: everything may come
    std::function<void(std::string_view event, const std::string& about, const Status&)> log;
  };
  /// @param hubs  in the order in which they are asked; outlive this
  Lookup(storage::Store& store, std::vector<HubClient*> hubs, storage::Clock& clock,
         Options options);
  ~Lookup();
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  /// Asks where the revision is, and takes its tree unless it is here.
  /// @return Errc::repo_not_found, revision_not_found or gated as the upstream says; conflict if
  ///         the name is that of a repo of our own; forbidden by the check; upstream_failed,
  ///         deadline_exceeded
  Result<Found> bring(const Wish& wish);
  /// The whole history of a mirrored repo, with all its refs. Waits if it is on its way
  /// already. Errors as HistoryRoads'; ok if it is here. Errc::not_found if there is none to have:
  /// the upstream gives none, or Options::git is off.
  /// @param stop  whoever asks does not want it any more: Errc::unavailable, unless it comes for
  ///              somebody else besides, whom the caller then waits for
  /// @param cap  as Askers::ask()
  Status bring_history(std::uint64_t uid, const std::stop_token& stop = {},
                       const std::shared_ptr<RateCap>& cap = nullptr);
  /// The same, in the background, unless it failed a moment ago.
  void bring_history_later(std::uint64_t uid);

  /// The hub that a mirrored repo is bound to; nullptr if it is not configured any more.
  [[nodiscard]] HubClient* hub_of(const storage::MirrorRow& row) const;
  [[nodiscard]] const std::vector<HubClient*>& hubs() const { return hubs_; }

 private:
  Status check_namespace(const Wish& wish, const RepoId& canonical) const;
  Result<Found> bring_from(HubClient& hub, const Wish& wish, const RepoId& there,
                           const storage::RepoRow* here);
  Result<storage::Listing> list(HubClient& hub, const UpstreamRevision& revision, const Wish& wish);
  static void describe(HubClient& hub, const UpstreamRevision& revision, const Wish& wish,
                       storage::Listing& listing);
  Result<storage::ListedFile> listed_file(HubClient& hub, const UpstreamRevision& revision,
                                          UpstreamEntry entry, const UpstreamCall& call);
  Result<Found> unchanged(const HubClient& hub, const Wish& wish, const storage::RepoRow& here);
  Status note_answer(std::uint64_t uid, const std::function<void(storage::MirrorRow&)>& edit);
  Status close_as_there(const storage::RepoRow& here, const storage::NewMirror& there);
  [[nodiscard]] std::string etag_of(const storage::RepoRow* here, const std::string& revision);
  void remember_etag(std::uint64_t uid, const std::string& revision, const std::string& etag);
  Result<std::string> ref_of(HubClient& hub, const UpstreamRevision& revision, const Wish& wish);
  Status fetch_history_now(std::uint64_t uid, const Askers& askers);
  Status note_left_out(const storage::RepoRow& repo, const std::vector<git::RefReport>& refused);
  void note_gone(std::uint64_t uid, const RepoId& id);

  storage::Store& store_;
  const std::vector<HubClient*> hubs_;
  storage::Clock& clock_;
  const Options options_;
  HistoryRoads roads_;
  std::mutex mutex_;                                                    // guards all below
  std::map<std::pair<std::uint64_t, std::string>, std::string> etags_;  // of the last answers
  std::condition_variable_any changed_;
  std::map<std::uint64_t, std::shared_ptr<Askers>> histories_;  // on their way
  std::map<std::uint64_t, std::chrono::steady_clock::time_point> failed_;
  bool closed_ = false;
  asio::thread_pool background_{2};  // last: joined before the rest goes
};

}  // namespace waag::daemon
