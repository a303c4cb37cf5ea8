#include "daemon/jobs/job_context.h"

#include <catch2/catch.hpp>

#include "tests/support/store_workload.h"

using namespace waag;
using waag::daemon::JobContext;
using waag::daemon::JobFeed;
using waag::testing::TestClock;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  static storage::JobRow row() {
    storage::JobRow row;
    row.id = 9;
    row.attempts = 2;
    row.spec = R"({"repo":"a/b"})";
    row.askers = {{"ada", "tok"}, {"bob", ""}};
    return row;
  }
  TestClock clock;
  std::shared_ptr<JobFeed> feed = std::make_shared<JobFeed>(row());
  std::stop_source stop;
  int saves = 0;
  JobContext context{feed, stop.get_token(), clock, [this] { ++saves; }};
};

}  // namespace

TEST_CASE_METHOD(Fixture, "job_context: what the work is told", "[daemon][jobs]") {
  CHECK(context.id() == 9);
  CHECK(context.attempt() == 2);
  CHECK(context.spec().at("repo") == "a/b");
  CHECK(context.owner() == storage::JobAsker{"ada", "tok"});
  CHECK_FALSE(context.stopped());
  stop.request_stop();
  CHECK(context.stopped());
  CHECK(context.stop_token().stop_requested());
}

TEST_CASE_METHOD(Fixture, "job_context: progress is seen at once and saved now and then",
                 "[daemon][jobs]") {
  context.set_total(1000, 3);
  for (int block = 0; block < 100; ++block) context.add_done(10);
  context.set_note("b.bin");
  CHECK(feed->row().progress == storage::JobProgress{1000, 1000, 0, 3, "b.bin"});
  CHECK(saves == 0);
  clock.advance(4'999ms);
  context.add_done(0, 1);
  CHECK(saves == 0);
  clock.advance(1ms);
  context.add_done(0, 1);
  context.add_done(0, 1);
  CHECK(saves == 1);
  clock.advance(5s);
  context.set_done(7, 1);
  CHECK(saves == 2);
  CHECK(feed->row().progress.done_bytes == 7);
}

TEST_CASE_METHOD(Fixture, "job_context: a long note ends with a whole character",
                 "[daemon][jobs]") {
  context.set_note(std::string(255, 'a') + "\xC3\xA9 and more");
  CHECK(feed->row().progress.note == std::string(255, 'a'));
  context.set_note("\xC3\xA9");
  CHECK(feed->row().progress.note == "\xC3\xA9");
}

TEST_CASE_METHOD(Fixture, "job_context: the last result counts", "[daemon][jobs]") {
  CHECK(context.result().empty());
  context.set_result({{"files", 1}});
  context.set_result({{"files", 2}});
  CHECK(context.result() == R"({"files":2})");
}

TEST_CASE_METHOD(Fixture, "job_context: an earlier result, and work that is put off",
                 "[daemon][jobs]") {
  CHECK(context.earlier_result().empty());
  CHECK(context.now() == clock.now());
  CHECK_FALSE(context.put_off_until());
  context.put_off(clock.now() + 1h);
  CHECK(context.put_off_until() == clock.now() + 1h);
  auto again = row();
  again.result = R"({"commit":"abc"})";
  const JobContext second(std::make_shared<JobFeed>(again), stop.get_token(), clock, [] {});
  CHECK(second.earlier_result().at("commit") == "abc");
  CHECK(second.result().empty());
}
