#include "storage/check/examiner.h"
#include "storage/meta/jobs/job_table.h"

namespace waag::storage::check {

void check_jobs(const Examiner& examiner) {
  std::uint64_t last = 0;
  const auto counter = get_row(examiner.rows, keys::counter("jobs"), decode_counter);
  if (examiner.good(counter, "counter of jobs") && *counter) last = **counter;
  const auto look = [&](std::string_view key, std::string_view value) {
    const auto id = keys::last_number(key);
    const auto about = "job " + std::to_string(id);
    const auto row = decode_job(value);
    if (examiner.good(row, about) && row->id != id)
      examiner.problem(about + ": the row is of job " + std::to_string(row->id));
    if (id > last) examiner.problem(about + ": its number will be given away again");
    return true;
  };
  examiner.good(examiner.rows.scan(keys::all('j'), "", look), "jobs");
}

}  // namespace waag::storage::check
