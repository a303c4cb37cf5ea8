#include "tests/daemon/jobs/jobs_fixture.h"

/// What happens to jobs when the daemon ends, in order or not, and when what they need is away.

using namespace waag;
using namespace waag::daemon;
using namespace waag::daemon::testing;

TEST_CASE_METHOD(JobsFixture, "jobs: an orderly end leaves them for the next start",
                 "[daemon][jobs]") {
  make();
  door_kind();
  REQUIRE(jobs->start());
  const auto running = submit("a/b");
  const auto queued = submit("c/d", 0, "bob");
  REQUIRE(door.wait_for(running));
  const auto watched = jobs->watch(running);
  jobs->stop();
  CHECK(jobs->stopping());
  CHECK((*watched)->row().state == JobState::running);
  jobs.reset();
  reopen();
  CHECK(store->jobs().find(running)->state == JobState::running);
  CHECK(store->jobs().find(running)->attempts == 0);  // nobody's fault

  make();
  door_kind();
  REQUIRE(jobs->start());
  REQUIRE(door.wait_for(running));
  CHECK(submit("c/d", 0, "bob") == queued);
  CHECK(submit("a/b") == running);
  door.open();
  CHECK(ended(running).state == JobState::done);
  CHECK(ended(running).attempts == 1);
  CHECK(ended(queued).state == JobState::done);
  CHECK(fsck(*store)->problems.empty());
}

TEST_CASE_METHOD(JobsFixture, "jobs: a crash counts as an attempt, up to a limit",
                 "[daemon][jobs]") {
  make();
  door_kind();
  const auto id = submit("a/b");
  jobs.reset();
  const auto attempts = GENERATE(2u, 3u);
  leave_running(id, attempts);
  make();
  door_kind();
  door.open();
  REQUIRE(jobs->start());
  const auto over = ended(id);
  if (attempts == 2) {
    CHECK(over.state == JobState::done);
    CHECK(over.attempts == 3);
  } else {
    CHECK(over.state == JobState::failed);
    CHECK(over.error == "the daemon ended while it ran, 3 times");
    CHECK(over.attempts == 3);
    CHECK(submit("a/b") != id);
  }
}

TEST_CASE_METHOD(JobsFixture, "jobs: cancelled before the crash, cancelled after it",
                 "[daemon][jobs]") {
  make();
  door_kind();
  const auto id = submit();
  jobs.reset();
  leave_running(id, 1, /*cancelling=*/true);
  make();
  door_kind();
  REQUIRE(jobs->start());
  CHECK(row(id).state == JobState::cancelled);
  CHECK(row(id).error == "cancelled by ada");
}

TEST_CASE_METHOD(JobsFixture, "jobs: of a kind that nobody knows any more they wait",
                 "[daemon][jobs]") {
  make();
  door_kind();
  const auto id = submit();
  jobs.reset();
  leave_running(id, 1);
  make();
  kind("convert", [](JobContext&) -> Status { return ok(); });
  REQUIRE(jobs->start());
  CHECK(ended(jobs->submit({"convert", {}, {}, 0, ""})->id).state == JobState::done);
  CHECK(row(id).state == JobState::queued);
  CHECK(jobs->cancel(id, "ada")->state == JobState::cancelled);
}

TEST_CASE_METHOD(JobsFixture, "jobs: errors that time heals are tried again, later and later",
                 "[daemon][jobs]") {
  make();
  kind("mirror", [&](JobContext& context) -> Status {
    context.set_done(context.attempt(), 0);
    return fail(Errc::upstream_failed, "no answer");
  });
  REQUIRE(jobs->start());
  const auto id = submit();
  const auto waits = [&](std::uint32_t attempt) {
    for (auto until = std::chrono::steady_clock::now() + long_enough;
         std::chrono::steady_clock::now() < until; std::this_thread::sleep_for(1ms))
      if (const auto now = row(id); now.attempts == attempt && now.state != JobState::running)
        return now;
    FAIL("attempt " << attempt << " did not come");
    return JobRow{};
  };
  const auto first = waits(1);
  CHECK(first.state == JobState::queued);
  CHECK(first.error == "no answer");
  CHECK(first.not_before == job_clock.now() + 5s);
  CHECK(*store->jobs().find(id) == first);
  job_clock.advance(5s);
  CHECK(waits(2).not_before == job_clock.now() + 10s);
  job_clock.advance(10s);
  const auto last = ended(id);
  CHECK(last.state == JobState::failed);
  CHECK(last.attempts == 3);
  CHECK(last.progress.done_bytes == 3);
  CHECK(last.not_before == storage::TimeMs{});
}

TEST_CASE_METHOD(JobsFixture, "jobs: progress outlives a crash but for the last seconds",
                 "[daemon][jobs]") {
  make();
  kind("mirror", [&](JobContext& context) -> Status {
    context.set_total(100, 1);
    job_clock.advance(5s);
    context.add_done(60);
    context.add_done(1);
    door.pass(context);
    return ok();
  });
  REQUIRE(jobs->start());
  const auto id = submit();
  REQUIRE(door.wait_for(id));
  const auto saved = *store->jobs().find(id);
  CHECK(saved.state == JobState::running);
  CHECK(saved.progress.done_bytes == 60);
  CHECK(row(id).progress.done_bytes == 61);
  CHECK(jobs->list({}, 0, 10)->front().progress.done_bytes == 61);
  door.open();
  CHECK(ended(id).state == JobState::done);
}

namespace {

/// Puts itself off until `opens`.
struct Closed : JobsFixture {
  void closed_kind() {
    kind(
        "mirror",
        [this](JobContext& context) -> Status {
          ++begun;
          if (at_door) door.pass(context);
          if (context.now() >= storage::TimeMs(opens)) return ok();
          context.set_total(10, 1);
          context.add_done(4);
          context.set_note("waits");
          context.set_result({{"half", true}});
          context.put_off(storage::TimeMs(opens));
          return fail(Errc::unavailable, "closed");
        },
        /*at_once=*/1, /*attempts_max=*/2);
  }
  JobRow waiting(std::uint64_t id, int beginnings) {
    for (auto until = std::chrono::steady_clock::now() + long_enough;
         std::chrono::steady_clock::now() < until; std::this_thread::sleep_for(1ms))
      if (const auto now = row(id); begun == beginnings && now.state == JobState::queued)
        return now;
    FAIL("it does not wait");
    return JobRow{};
  }
  std::atomic<storage::TimeMs::rep> opens{(job_clock.now() + 1h).count()};
  std::atomic<int> begun{0};
  std::atomic<bool> at_door{false};
};

}  // namespace

TEST_CASE_METHOD(Closed, "jobs: what puts itself off waits in the queue, also over a restart",
                 "[daemon][jobs]") {
  make();
  closed_kind();
  REQUIRE(jobs->start());
  const auto id = submit();
  const auto first = waiting(id, 1);
  CHECK(first.not_before == storage::TimeMs(opens));
  CHECK(first.attempts == 0);
  CHECK(first.error.empty());
  CHECK(first.result == R"({"half":true})");
  CHECK(first.progress == storage::JobProgress{4, 10, 0, 1, "waits"});
  CHECK(*store->jobs().find(id) == first);
  // Its place is free for others meanwhile.
  opens = 0;
  CHECK(ended(submit()).state == JobState::done);
  opens = first.not_before.count();
  jobs.reset();
  reopen();
  begun = 0;
  make();
  closed_kind();
  REQUIRE(jobs->start());
  std::this_thread::sleep_for(20ms);  // ten looks at the queue
  CHECK(begun == 0);
  CHECK(row(id).progress.note == "waits");
  job_clock.advance(1h);
  const auto over = ended(id);
  CHECK(over.state == JobState::done);
  CHECK(over.attempts == 1);
}

TEST_CASE_METHOD(Closed, "jobs: being put off ever again is no failure", "[daemon][jobs]") {
  make();
  closed_kind();
  REQUIRE(jobs->start());
  const auto id = submit();
  for (int turn = 1; turn <= 5; ++turn) {
    CHECK(waiting(id, turn).attempts == 0);
    opens = (job_clock.now() + 2h).count();
    job_clock.advance(1h);
  }
  opens = job_clock.now().count();
  REQUIRE(jobs->hasten(id));
  CHECK(ended(id).state == JobState::done);
}

TEST_CASE_METHOD(Closed, "jobs: hastened ones look again at once", "[daemon][jobs]") {
  make();
  closed_kind();
  REQUIRE(jobs->start());
  const auto id = submit();
  waiting(id, 1);
  REQUIRE(jobs->hasten(id));
  CHECK(waiting(id, 2).not_before == storage::TimeMs(opens));
  // One that has looked already, and is about to say that it waits.
  at_door = true;
  REQUIRE(jobs->hasten(id));
  REQUIRE(door.wait_for(id));
  REQUIRE(jobs->hasten(id));
  at_door = false;
  door.open();
  CHECK(waiting(id, 4).not_before == storage::TimeMs(opens));
  CHECK(jobs->cancel(id, "ada")->state == JobState::cancelled);
  CHECK(jobs->hasten(id));
  CHECK(jobs->hasten(99).error().code == Errc::not_found);
}
