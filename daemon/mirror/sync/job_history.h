#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "daemon/jobs/job_context.h"
#include "daemon/mirror/lookup.h"
#include "daemon/mirror/schedule/rule_limits.h"

namespace waag::daemon {

/// The history in the work of a mirror job: brings it by the rule's rate and inside its window, and
/// finds out what there is to tell of it: that it is missing, that the revision does not lead where
/// it led, that refs are left out. Used once, by one thread.
class JobHistory {
 public:
  /// @param look  how often it is looked whether the window has closed
  JobHistory(storage::Store& store, Lookup& lookup, JobContext& context,
             std::chrono::milliseconds look)
      : store_(store), lookup_(lookup), context_(context), look_(look) {}

  /// Before the upstream is asked where the revision is.
  /// @param before  where it led when the job was first begun, if that is known
  void note_before(const RepoId& repo, const std::string& revision,
                   const std::optional<CommitId>& before);
  /// One that nobody can have is an outcome, which is told; one that did not come is an error().
  /// @param limits  of a rule; null: it may come at any time and speed
  void bring(const Found& found, const std::shared_ptr<RuleLimits>& limits);

  /// Of one that did not come though the upstream has it.
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  /// Why it is not here; "" if it is.
  [[nodiscard]] const std::string& missing() const { return missing_; }
  /// After a forced push: where the revision led, and leads no more, not even through its history.
  [[nodiscard]] const std::optional<CommitId>& rewritten_from() const { return rewritten_from_; }
  void tell(boost::json::object& result) const;

 private:
  Status fetch(std::uint64_t uid, const std::shared_ptr<RuleLimits>& limits);
  Result<std::optional<CommitId>> find_rewritten(const Found& found) const;
  void find_left_out(std::uint64_t uid);

  storage::Store& store_;
  Lookup& lookup_;
  JobContext& context_;
  const std::chrono::milliseconds look_;
  std::vector<CommitId> earlier_;  // where the revision led, oldest first
  std::optional<Error> error_;
  std::string missing_;
  std::optional<CommitId> rewritten_from_;
  std::uint64_t refs_left_out_ = 0;
  std::vector<storage::LeftOutRef> left_out_;  // the first of them
};

}  // namespace waag::daemon
