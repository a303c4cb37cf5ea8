#include "daemon/api/jobs/job_events.h"

#include "daemon/api/jobs/job_json.h"
#include "daemon/observe/log.h"
#include "tests/daemon/jobs/jobs_fixture.h"
#include "tests/daemon/run_task.h"

using namespace waag;
using namespace waag::daemon;
using namespace waag::daemon::testing;

namespace {

struct Events : JobsFixture {
  Events() { make(); }
  JobEvents events(JobEvents::Pace pace = {1ms, 1h}) { return {*jobs, feed, pace}; }
  /// One read; "" at the end.
  static std::string next(JobEvents& events, std::size_t room = 4096) {
    std::vector<std::byte> block(room);
    const auto got = run_task(events.read(block));
    REQUIRE(got);
    return std::string(as_text(ByteView(block).first(*got)));
  }
  void set(JobState state) {
    auto row = feed->row();
    row.state = state;
    feed->set(row);
  }
  std::string state_event() const {
    return "event: state\ndata: " + job_json(feed->row()) + "\n\n";
  }
  static JobRow first_row() {
    JobRow row;
    row.id = 4;
    row.kind = "mirror";
    return row;
  }
  std::shared_ptr<JobFeed> feed = std::make_shared<JobFeed>(first_row());
};

}  // namespace

TEST_CASE_METHOD(Events, "job_events: the job, its progress, its end", "[daemon][jobs]") {
  auto stream = events();
  CHECK(next(stream) == state_event());
  feed->set_total(10, 1);
  feed->add_done(3, 0);
  CHECK(next(stream) ==
        "event: progress\ndata: "
        R"({"doneBytes":3,"totalBytes":10,"doneFiles":0,"totalFiles":1})"
        "\n\n");
  set(JobState::running);
  CHECK(next(stream) == state_event());
  feed->set_note("line\nbreak");
  CHECK(next(stream).find(R"("note":"line\nbreak"})") != std::string::npos);
  set(JobState::done);
  CHECK(next(stream) == state_event());
  CHECK(next(stream).empty());
  CHECK(next(stream).empty());
}

TEST_CASE_METHOD(Events, "job_events: small reads lose nothing", "[daemon][jobs]") {
  set(JobState::failed);
  auto stream = events();
  std::string all;
  for (auto part = next(stream, 7); !part.empty(); part = next(stream, 7)) all += part;
  CHECK(all == state_event());
}

TEST_CASE_METHOD(Events, "job_events: a word now and then while nothing happens",
                 "[daemon][jobs]") {
  auto stream = events({1ms, 5ms});
  CHECK(next(stream) == state_event());
  CHECK(next(stream) == ": nothing new\n\n");
  CHECK(next(stream) == ": nothing new\n\n");
}

TEST_CASE_METHOD(Events, "job_events: an end of the daemon ends the stream", "[daemon][jobs]") {
  auto stream = events();
  CHECK(next(stream) == state_event());
  jobs->begin_stop();
  CHECK(next(stream).empty());
}

TEST_CASE_METHOD(Events, "job_events: a job from its queue to its end", "[daemon][jobs]") {
  kind("mirror", [this](JobContext& context) -> Status {
    context.set_total(2, 2);
    door.pass(context);
    context.add_done(2, 2);
    return ok();
  });
  const auto id = submit();
  JobEvents stream(*jobs, *jobs->watch(id), {1ms, 1h});
  CHECK(next(stream).find(R"("state":"queued")") != std::string::npos);
  REQUIRE(jobs->start());
  REQUIRE(door.wait_for(id));
  std::string seen;
  while (seen.find(R"("state":"running")") == std::string::npos) seen += next(stream);
  door.open();
  for (auto part = next(stream); !part.empty(); part = next(stream)) seen += part;
  CHECK(seen.find(R"("state":"done")") != std::string::npos);
  CHECK(seen.find(R"("doneFiles":2)") != std::string::npos);
}
