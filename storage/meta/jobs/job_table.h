#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/meta/jobs/job_row.h"
#include "storage/meta/tables/table.h"

namespace waag::storage {

/// Which jobs a list shows; all of them unless told otherwise.
struct JobFilter {
  std::optional<JobState> state;
  std::string kind;      // "" = any
  std::string asker;     // user who asked, in any case; "" = anybody
  std::string token_id;  // and with this token; "" = with any
  [[nodiscard]] bool lets_in(const JobRow& row) const;
};

/// Rows j: jobs, and the counter of their ids. Thread-safe; of one job there is one writer at a
/// time (daemon/jobs).
class JobTable {
 public:
  explicit JobTable(RowStore& rows) : rows_(rows) {}

  /// Puts a new job. @return the row with its id
  Result<JobRow> add(JobRow row);
  Result<JobRow> find(std::uint64_t id) const;  // Errc::not_found
  /// Puts the row in the place of the one that is there. Errc::not_found
  Status put(const JobRow& row);
  /// Newest first, older than the job `before` (0: from the newest on), at most `limit`. Looks at
  /// every row: prune() keeps them few.
  Result<std::vector<JobRow>> list(const JobFilter& filter, std::uint64_t before,
                                   std::size_t limit) const;
  /// Queued and running ones, oldest first.
  Result<std::vector<JobRow>> unfinished() const;
  /// Forgets the oldest jobs that are over, but for `kept` of them. @return how many
  Result<std::size_t> prune(std::size_t kept);

 private:
  RowStore& rows_;
};

}  // namespace waag::storage
