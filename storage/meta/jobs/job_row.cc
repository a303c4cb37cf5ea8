#include "storage/meta/jobs/job_row.h"

#include <array>

namespace waag::storage {
namespace {

constexpr std::uint8_t row_version = 1;
constexpr std::array<std::string_view, 5> state_names{"queued", "running", "done", "failed",
                                                      "cancelled"};

void put_progress(ByteWriter& out, const JobProgress& progress) {
  out.fixed(progress.done_bytes);
  out.fixed(progress.total_bytes);
  out.fixed(progress.done_files);
  out.fixed(progress.total_files);
  out.text(progress.note);
}

JobProgress get_progress(ByteReader& in) {
  JobProgress progress;
  progress.done_bytes = in.fixed<std::uint64_t>();
  progress.total_bytes = in.fixed<std::uint64_t>();
  progress.done_files = in.fixed<std::uint64_t>();
  progress.total_files = in.fixed<std::uint64_t>();
  progress.note = in.text();
  return progress;
}

std::vector<JobAsker> get_askers(ByteReader& in) {
  std::vector<JobAsker> askers;
  const auto count = in.fixed<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    JobAsker asker;
    asker.user = in.text();
    asker.token_id = in.text();
    askers.push_back(std::move(asker));
  }
  return askers;
}

}  // namespace

std::string_view job_state_name(JobState state) {
  return state_names[static_cast<std::size_t>(state)];
}

std::string encode(const JobRow& row) {
  ByteWriter out;
  out.fixed(row_version);
  out.fixed(row.id);
  out.text(row.kind);
  out.fixed(static_cast<std::uint8_t>(row.state));
  out.fixed(static_cast<std::uint32_t>(row.priority));
  out.text(row.spec);
  out.text(row.key);
  out.fixed(static_cast<std::uint32_t>(row.askers.size()));
  for (const auto& asker : row.askers) {
    out.text(asker.user);
    out.text(asker.token_id);
  }
  put_time(out, row.created);
  put_time(out, row.started);
  put_time(out, row.finished);
  put_time(out, row.not_before);
  out.fixed(row.attempts);
  out.fixed(static_cast<std::uint8_t>(row.cancelling));
  out.text(row.error);
  out.text(row.result);
  put_progress(out, row.progress);
  return out.str();
}

Result<JobRow> decode_job(std::string_view value) {
  ByteReader in(as_bytes(value));
  const auto version = in.fixed<std::uint8_t>();
  JobRow row;
  row.id = in.fixed<std::uint64_t>();
  row.kind = in.text();
  const auto state = in.fixed<std::uint8_t>();
  row.priority = static_cast<std::int32_t>(in.fixed<std::uint32_t>());
  row.spec = in.text();
  row.key = in.text();
  row.askers = get_askers(in);
  row.created = get_time(in);
  row.started = get_time(in);
  row.finished = get_time(in);
  row.not_before = get_time(in);
  row.attempts = in.fixed<std::uint32_t>();
  const auto cancelling = in.fixed<std::uint8_t>();
  row.error = in.text();
  row.result = in.text();
  row.progress = get_progress(in);
  if (state >= state_names.size() || cancelling > 1)
    return fail(Errc::corrupt, "not the row of a job");
  row.state = JobState{state};
  row.cancelling = cancelling == 1;
  return checked_row(in, version, std::move(row), "job");
}

}  // namespace waag::storage
