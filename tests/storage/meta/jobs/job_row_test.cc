#include "storage/meta/jobs/job_row.h"

#include "tests/storage/meta/strict_rows.h"

namespace waag::storage {
namespace {

JobRow full_row() {
  JobRow row;
  row.id = 7;
  row.kind = "mirror";
  row.state = JobState::failed;
  row.priority = -3;
  row.spec = R"({"repo":"a/b"})";
  row.key = "a/b";
  row.askers = {{"ann", "tok1"}, {"bob", ""}};
  row.created = TimeMs(1);
  row.started = TimeMs(2);
  row.finished = TimeMs(3);
  row.not_before = TimeMs(4);
  row.attempts = 5;
  row.cancelling = true;
  row.error = "no answer";
  row.result = R"({"files":3})";
  row.progress = {10, 20, 1, 3, "model.safetensors"};
  return row;
}

}  // namespace

TEST_CASE("job_row: comes back as it was", "[storage][jobs]") {
  CHECK(*decode_job(encode(full_row())) == full_row());
  CHECK(*decode_job(encode(JobRow{})) == JobRow{});
  testing::check_strict(encode(full_row()), decode_job);
}

TEST_CASE("job_row: a state or flag that encode never writes is refused", "[storage][jobs]") {
  auto value = encode(JobRow{});
  const std::size_t state_at = 1 + 8 + 1;  // version, id, length of the empty kind
  value[state_at] = 4;
  CHECK(decode_job(value)->state == JobState::cancelled);
  value[state_at] = 5;
  CHECK(decode_job(value).error().code == Errc::corrupt);
  auto row = full_row();
  const auto wanted = encode(row);
  row.cancelling = false;
  auto flag = encode(row);
  for (std::size_t i = 0; i < flag.size(); ++i)
    if (flag[i] != wanted[i]) flag[i] = 2;
  CHECK(decode_job(flag).error().code == Errc::corrupt);
}

TEST_CASE("job_row: states have names, and three of them are the end", "[storage][jobs]") {
  CHECK(job_state_name(JobState::queued) == "queued");
  CHECK(job_state_name(JobState::cancelled) == "cancelled");
  CHECK_FALSE(is_over(JobState::running));
  CHECK(is_over(JobState::done));
  CHECK(is_over(JobState::failed));
}

}  // namespace waag::storage
