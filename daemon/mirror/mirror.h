#pragma once

#include <map>
#include <memory>
#include <set>

#include "daemon/mirror/cold_headers.h"
#include "daemon/mirror/fill/fills.h"
#include "daemon/mirror/filled_bytes.h"
#include "daemon/mirror/lookup.h"
#include "daemon/mirror/pull_through.h"
#include "daemon/mirror/xet/xet_source.h"
#include "daemon/upstream/upstreams.h"
#include "storage/meta/jobs/job_row.h"

namespace waag::daemon {

struct Config;
class Jobs;  // daemon/jobs/jobs.h
class Log;
class MirrorPolicy;  // daemon/mirror/policy/policy.h
class Schedule;      // daemon/mirror/schedule/schedule.h

/// Asks for what is to be made of a mirrored commit, for who asked for it. @return the job's id
using MirrorConvert = std::function<Result<std::uint64_t>(
    const storage::JobAsker& asker, const RepoId& repo, const CommitId& commit,
    const std::vector<std::string>& targets)>;

/// Everything that has to do with upstreams, wired up. Absent where none is configured.
class Mirror {
 public:
  /// @param store and the others outlive it. Errc::invalid_argument if the configuration is wrong
  static Result<std::shared_ptr<Mirror>> start(const Config& config, storage::Store& store,
                                               asio::thread_pool& blocking, storage::Clock& clock,
                                               storage::Random& random, Log& log);
  ~Mirror();
  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;

  /// Teaches `jobs` to mirror. Before Jobs::start(). @param jobs outlives the work of this
  /// @param convert  asks for what rules want made of what came; empty: nothing is
  void add_jobs(Jobs& jobs, MirrorConvert convert = {});
  /// Starts to look when rules are due. After Jobs::start().
  void begin_schedule();
  /// Ends what waits for an upstream's answer or budget, and the schedule. Nothing new begins.
  void begin_stop();

  /// Before a handler runs.
  Task<Prepared> prepare(const Route& route, const Request& request);
  /// The same for a revision that a request's body names.
  Task<Prepared> prepare(AskedRevision asked, Identity who);

  /// Whether a mirrored repo's file has still to come. Blocks.
  Result<bool> is_cold(const storage::RepoRow& repo, const storage::TreeEntry& entry) const;
  /// Where a mirrored repo names an LFS file: the commit of some ref, and the entry there.
  struct Place {
    CommitId commit;
    storage::TreeEntry entry;
  };
  /// The places of those of the files that some ref's commit names. Reads whole trees, each once
  /// for all that are wanted. Blocks.
  Result<std::map<BlobId, Place>> find(const storage::RepoRow& repo, std::set<BlobId> wanted) const;
  /// Whether readers have got bytes of this file that were not its own, and were cut off.
  [[nodiscard]] bool went_wrong(const storage::RepoRow& repo,
                                const storage::TreeEntry& entry) const;
  /// Whether the caller may have files fetched: mirror.pull_through. Errc::forbidden
  [[nodiscard]] Status may_demand(const Identity& who) const;
  /// The fill of a cold file, started if there is none. Errc::forbidden if the policy leaves the
  /// file out, Errc::no_space if mirror.fill_bytes_max does. Blocks. @param cap  as Fill::ask()
  Result<std::shared_ptr<Fill>> fill(const storage::RepoRow& repo, const CommitId& commit,
                                     const storage::TreeEntry& entry,
                                     std::shared_ptr<RateCap> cap = nullptr,
                                     Fills::For who = Fills::For::reader);
  /// How much of a cold file would not travel, as its chunks are here: as far as the upstream tells
  /// of which it is made. Blocks.
  Result<std::uint64_t> known_bytes(const storage::RepoRow& repo, const CommitId& commit,
                                    const storage::TreeEntry& entry);
  /// What the header of a cold GGUF file says: asked of the upstream, unverified. nullopt: it says
  /// nothing, or could not be had in a few seconds. Blocks.
  /// @param ask  false: if it was asked before
  std::optional<model::GgufSummary> cold_header(const storage::RepoRow& repo,
                                                const CommitId& commit,
                                                const storage::TreeEntry& entry, bool ask);
  /// A body that follows it. @param rest  as BlobReply::follow
  [[nodiscard]] std::shared_ptr<AsyncSource> follow(std::shared_ptr<Fill> fill, Stretch range,
                                                    bool rest);

  [[nodiscard]] Lookup& lookup() { return *lookup_; }
  [[nodiscard]] const Fills& fills() const { return *fills_; }
  [[nodiscard]] const Upstreams& upstreams() const { return *upstreams_; }
  /// Bytes by all roads; nullptr if Xet is off.
  [[nodiscard]] const XetTraffic* xet_traffic() const { return xet_ ? &xet_->traffic : nullptr; }
  /// After add_jobs().
  [[nodiscard]] Schedule& schedule() { return *schedule_; }

 private:
  Mirror(storage::Store& store, asio::thread_pool& blocking, storage::Clock& clock, Log& log);

  /// A file as the upstream calls it.
  static Result<HubSource::File> file_there(const storage::MirrorRow& row,
                                            const storage::RepoRow& repo, const CommitId& commit,
                                            const storage::TreeEntry& entry);
  /// With all its sources.
  Result<WantedFile> wanted(const storage::RepoRow& repo, const CommitId& commit,
                            const storage::TreeEntry& entry);
  /// One way to the bytes; by Xet where that may be worth it.
  std::shared_ptr<ByteSource> source(HubClient& hub, const HubSource::File& file,
                                     const WantedFile& wanted) const;

  storage::Store& store_;
  asio::thread_pool& blocking_;
  storage::Clock& clock_;
  Log& log_;
  std::chrono::milliseconds call_time_{};
  std::size_t files_at_once_ = 1;
  std::shared_ptr<const MirrorPolicy> policy_;
  std::unique_ptr<FilledBytes> filled_;
  std::unique_ptr<Upstreams> upstreams_;
  std::unique_ptr<Lookup> lookup_;
  std::unique_ptr<PullThrough> pull_through_;
  std::unique_ptr<XetServices> xet_;  // null: files come by plain HTTP
  std::unique_ptr<Fills> fills_;
  std::unique_ptr<Schedule> schedule_;
  ColdHeaders cold_headers_;
};

}  // namespace waag::daemon
