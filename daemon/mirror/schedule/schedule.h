#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/async.h"
#include "daemon/mirror/lookup.h"
#include "daemon/mirror/schedule/rule_limits.h"
#include "daemon/periodic.h"
#include "storage/meta/mirror/mirror_rules.h"

namespace waag::daemon {

class Jobs;  // daemon/jobs/jobs.h

/// The rules of what is mirrored when, and what starts their jobs: a job for each repo and revision
/// that a rule names at that time. Nothing is ever taken away by a rule: what the upstream has no
/// more stays here. Thread-safe; calls block on disk, run() also on the upstream.
class Schedule {
 public:
  struct Options {
    std::chrono::milliseconds call_time{60'000};  // for the lists of one run
    std::function<void(std::string_view event, const std::string& about, const Status&)> log;
  };
  Schedule(storage::Store& store, Lookup& lookup, Jobs& jobs, storage::Clock& clock,
           Options options);
  ~Schedule();
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;

  /// Looks every `period` whether a rule is due. After Jobs::start().
  void begin(std::chrono::steady_clock::duration period);
  /// Begins no further run by itself; waits for the one that is under way.
  void end() { periodic_.reset(); }
  /// Runs the rules whose time has come.
  void tick();

  /// @param rule  of MirrorRule::make(). Errc::conflict if the name is taken
  Result<MirrorRule> add(MirrorRule rule, const std::string& owner);
  Result<MirrorRule> find(std::string_view name) const;  // Errc::not_found
  Result<std::vector<MirrorRule>> list() const;          // by name
  /// Also for its jobs that run or wait.
  Result<MirrorRule> change(std::string_view name, const boost::json::object& wish);
  /// Its jobs that have not begun, or wait for its window, are cancelled.
  Status remove(std::string_view name);
  /// Submits the jobs of the rule now, also if it is paused. @return the rule; its last_error says
  /// what could not be found out
  Result<MirrorRule> run(std::string_view name);
  /// What came of one.
  struct Run {
    std::vector<std::uint64_t> jobs;
    std::string error;     // the first thing that could not be found out
    bool dry_run = false;  // the jobs only say how much there is to bring

    void note(const std::string& what, const Error& why);
  };
  /// As run(), but nothing is brought, and the rule stays as it is. Errc::not_found
  Result<Run> plan(std::string_view name);
  /// What the rule allows its jobs, kept up to date as it changes. Errc::not_found
  Result<std::shared_ptr<RuleLimits>> limits(std::string_view name);
  /// For calls that wait for the upstream.
  [[nodiscard]] asio::thread_pool& threads() { return threads_; }

 private:
  Result<MirrorRule> edit(std::string_view name, const std::function<Status(MirrorRule&)>& how);
  void submit_all(const MirrorRule& rule, Run& run);
  std::vector<RepoId> repos_of(const MirrorRule& rule, Run& run);
  Result<std::vector<RepoId>> listed(RepoType type, const std::string& pattern);
  Result<std::vector<std::string>> revisions_of(const MirrorRule& rule, const RepoId& repo);
  Result<UpstreamRefs> refs_of(const RepoId& repo);
  void submit(const MirrorRule& rule, const RepoId& repo, const std::string& revision, Run& run);
  [[nodiscard]] UpstreamCall call() const;

  storage::Store& store_;
  Lookup& lookup_;
  Jobs& jobs_;
  storage::Clock& clock_;
  const Options options_;
  mutable storage::MirrorRuleTable rules_;
  std::mutex mutex_;                                           // of limits_
  std::map<std::string, std::shared_ptr<RuleLimits>> limits_;  // by the rule's name
  asio::thread_pool threads_{2};
  std::unique_ptr<Periodic> periodic_;  // last: joined before the rest goes
};

}  // namespace waag::daemon
