#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/jobs/job_context.h"
#include "daemon/mirror/mirror.h"
#include "daemon/mirror/schedule/rule_limits.h"
#include "daemon/mirror/sync/job_history.h"
#include "daemon/mirror/sync/mirror_spec.h"

namespace waag::daemon {

class Jobs;  // daemon/jobs/jobs.h

/// Brings one revision here with its history and the files that are wanted: the work of a job of
/// the kind "mirror". Files are filled as for readers, and with them: who asks for one meanwhile
/// follows the same transfer. What came stays, however the job ends, so a second beginning goes on
/// where the first stopped. A rule's job keeps to the rule's rate, and outside the rule's window it
/// puts itself off. Used once, by one thread.
class MirrorJob {
 public:
  struct Options {
    std::size_t files_at_once = 16;
    std::chrono::milliseconds call_time{60'000};  // to learn what there is
    std::chrono::milliseconds look{200};          // how often it is looked how far the fills are
    std::function<void(std::string_view event, const std::string& about, const Status&)> log;
    MirrorConvert convert{};  // empty: nothing is
    /// Of a rule, by its name. Errc::not_found if it is not there any more
    std::function<Result<std::shared_ptr<RuleLimits>>(const std::string& rule)> limits{};
  };
  MirrorJob(storage::Store& store, Mirror& mirror, JobContext& context, Options options)
      : store_(store),
        mirror_(mirror),
        context_(context),
        options_(options),
        history_(store, mirror.lookup(), context, options.look) {}
  ~MirrorJob();
  MirrorJob(const MirrorJob&) = delete;
  MirrorJob& operator=(const MirrorJob&) = delete;

  /// @return the first error of the files that did not come, with all their names; one that may
  ///         heal before others. That of the history, if it alone did not come though the upstream
  ///         has one
  Status run();

 private:
  struct Running {
    storage::TreeEntry entry;
    std::shared_ptr<Fill> fill;
    bool shared = false;  // with another one: its bytes are counted there
  };
  Status find_limits();
  void take_up_earlier();
  Status keep_window();
  void let_go();
  [[nodiscard]] std::shared_ptr<RateCap> cap() const { return limits_ ? limits_->cap() : nullptr; }
  [[nodiscard]] std::size_t files_at_once() const;
  [[nodiscard]] bool is_new() const;
  Status may_see(const storage::RepoRow& repo) const;
  Status plan();
  void count_known();
  void bring_history();
  void convert();
  [[nodiscard]] std::optional<CommitId> head_before() const;
  Status bring_files();
  void start(const storage::TreeEntry& entry);
  void reap();
  void count_here(const storage::TreeEntry& entry);
  void fail_file(const std::string& path, const Error& error);
  void tell_progress();
  void tell_result(bool finished);
  [[nodiscard]] Status outcome() const;

  storage::Store& store_;
  Mirror& mirror_;
  JobContext& context_;
  const Options options_;
  MirrorSpec spec_;
  std::shared_ptr<RuleLimits> limits_;  // null: nobody's but who waits for it
  Found found_;
  std::vector<storage::TreeEntry> cold_;
  std::vector<Running> running_;
  std::vector<std::pair<std::string, Error>> failed_;
  std::uint64_t files_ = 0, bytes_ = 0;            // of all that is wanted
  std::uint64_t files_here_ = 0, bytes_here_ = 0;  // by now
  std::uint64_t files_before_ = 0, bytes_before_ = 0, bytes_fetched_ = 0, files_left_out_ = 0;
  std::uint64_t bytes_known_ = 0;   // of files to come: here by chunks
  std::optional<CommitId> before_;  // where the revision led
  bool was_new_ = false;            // so an earlier beginning has found it
  bool convert_asked_ = false;      // by this beginning or an earlier one
  std::uint64_t convert_job_ = 0;   // 0: none
  std::string convert_error_;       // why there is none
  JobHistory history_;
};

/// Teaches `jobs` the kind "mirror". @param mirror and the store outlive the work
void add_mirror_jobs(Jobs& jobs, storage::Store& store, Mirror& mirror, MirrorJob::Options options);

}  // namespace waag::daemon
