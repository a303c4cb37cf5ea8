#include "tests/daemon/jobs/jobs_fixture.h"

using namespace waag;
using namespace waag::daemon;
using namespace waag::daemon::testing;

TEST_CASE_METHOD(JobsFixture, "jobs: done, with progress and a result", "[daemon][jobs]") {
  make();
  kind("mirror", [](JobContext& context) -> Status {
    context.set_total(10, 1);
    context.add_done(10, 1);
    context.set_note(context.spec().at("repo").as_string());
    context.set_result({{"commit", "abc"}});
    return ok();
  });
  REQUIRE(jobs->start());
  const auto id = submit();
  const auto over = ended(id);
  CHECK(over.state == JobState::done);
  CHECK(over.attempts == 1);
  CHECK(over.error.empty());
  CHECK(over.result == R"({"commit":"abc"})");
  CHECK(over.progress == storage::JobProgress{10, 10, 1, 1, "a/b"});
  CHECK(over.created == job_clock.now());
  CHECK(over.finished == job_clock.now());
  CHECK(*store->jobs().find(id) == over);
  CHECK(row(id) == over);
}

TEST_CASE_METHOD(JobsFixture, "jobs: an error or an exception ends the job alone",
                 "[daemon][jobs]") {
  make();
  kind("mirror", [](JobContext& context) -> Status {
    if (context.id() == 1) return fail(Errc::invalid_argument, "no such repo upstream");
    if (context.id() == 2) throw std::runtime_error("oops");
    if (context.id() == 3) throw 42;
    return ok();
  });
  REQUIRE(jobs->start());
  for (int i = 0; i < 4; ++i) submit();
  CHECK(ended(1).error == "no such repo upstream");
  CHECK(ended(2).error == "it threw: oops");
  CHECK(ended(3).state == JobState::failed);
  CHECK(ended(4).state == JobState::done);
}

TEST_CASE_METHOD(JobsFixture, "jobs: what is refused", "[daemon][jobs]") {
  auto options = default_options();
  options.queued_max = 1;
  make(options);
  door_kind();
  CHECK(jobs->submit({"bake", {}, {}, 0, ""}).error().code == Errc::invalid_argument);
  NewJob large{"mirror", {}, {}, 0, ""};
  large.spec["text"] = std::string(70'000, 'x');
  CHECK(jobs->submit(large).error().code == Errc::too_large);
  submit();
  CHECK(jobs->submit({"mirror", {}, {}, 0, ""}).error().code == Errc::too_many_requests);
  CHECK(jobs->find(7).error().code == Errc::not_found);
  CHECK(jobs->cancel(7, "ada").error().code == Errc::not_found);
  jobs->begin_stop();
  CHECK(jobs->submit({"mirror", {}, {}, 0, ""}).error().code == Errc::unavailable);
}

TEST_CASE_METHOD(JobsFixture, "jobs: who asks for the same gets the same job", "[daemon][jobs]") {
  make();
  door_kind();
  REQUIRE(jobs->start());
  const auto first = submit("a/b");
  REQUIRE(door.wait_for(first));
  CHECK(submit("a/b", 0, "bob") == first);
  CHECK(submit("a/b", 7, "bob") == first);
  const auto other = submit("c/d");
  CHECK(other != first);
  CHECK(submit() != first);
  const auto joined = *store->jobs().find(first);
  CHECK(joined.priority == 7);
  CHECK(joined.askers == std::vector<storage::JobAsker>{{"ada", "tok"}, {"bob", "tok"}});
  door.open();
  CHECK(ended(first).state == JobState::done);
  CHECK(submit("a/b") > other);
}

TEST_CASE_METHOD(JobsFixture, "jobs: a queued one that more ask for comes sooner",
                 "[daemon][jobs]") {
  make();
  std::vector<std::uint64_t> order;  // by the one thread
  kind("mirror", [&](JobContext& context) -> Status {
    order.push_back(context.id());
    return ok();
  });
  submit();
  const auto second = submit("a/b");
  CHECK(submit("a/b", 1) == second);
  REQUIRE(jobs->start());
  CHECK(ended(1).state == JobState::done);
  CHECK(order == std::vector<std::uint64_t>{2, 1});
}

TEST_CASE_METHOD(JobsFixture, "jobs: a queued one is cancelled at once, one that is over stays",
                 "[daemon][jobs]") {
  make();
  door_kind();
  const auto id = submit("a/b");
  const auto now = jobs->cancel(id, "root");
  REQUIRE(now);
  CHECK(now->state == JobState::cancelled);
  CHECK(now->error == "cancelled by root");
  CHECK(store->jobs().find(id)->state == JobState::cancelled);
  CHECK(*jobs->cancel(id, "ada") == *now);
  const auto next = submit("a/b");
  CHECK(next != id);
  door.open();
  REQUIRE(jobs->start());
  CHECK(ended(next).state == JobState::done);
  CHECK(jobs->cancel(next, "ada")->state == JobState::done);
  CHECK(row(id).attempts == 0);
}

TEST_CASE_METHOD(JobsFixture, "jobs: a running one is told to stop", "[daemon][jobs]") {
  make();
  door_kind();
  REQUIRE(jobs->start());
  const auto id = submit("a/b");
  REQUIRE(door.wait_for(id));
  SECTION("and does") {
    const auto now = jobs->cancel(id, "ada");
    CHECK(now->state == JobState::running);
    CHECK(now->cancelling);
    CHECK(ended(id).state == JobState::cancelled);
    CHECK(row(id).error == "cancelled by ada");
    CHECK_FALSE(row(id).cancelling);
  }
  SECTION("but was about to end well") {
    door.open();
    REQUIRE(jobs->cancel(id, "ada"));
    CHECK(ended(id).state != JobState::failed);
  }
}

TEST_CASE_METHOD(JobsFixture, "jobs: what is being cancelled is no answer", "[daemon][jobs]") {
  make();
  std::mutex held;
  held.lock();
  kind("mirror", [&](JobContext& context) -> Status {
    door.pass(context);
    const std::scoped_lock lock(held);
    return fail(Errc::unavailable, "told to stop");
  });
  REQUIRE(jobs->start());
  const auto id = submit("a/b");
  REQUIRE(door.wait_for(id));
  REQUIRE(jobs->cancel(id, "ada"));
  CHECK(jobs->submit({"mirror", {}, {}, 0, "a/b"}).error().code == Errc::conflict);
  held.unlock();
  CHECK(ended(id).state == JobState::cancelled);
  CHECK(submit("a/b") != id);
}

TEST_CASE_METHOD(JobsFixture, "jobs: kinds have their own room", "[daemon][jobs]") {
  make();
  door_kind(2);
  kind("convert", [](JobContext&) -> Status { return ok(); });
  REQUIRE(jobs->start());
  for (int i = 0; i < 3; ++i) submit();
  REQUIRE(door.wait_for(1));
  REQUIRE(door.wait_for(2));
  const auto other = jobs->submit({"convert", {}, {}, 0, ""});
  CHECK(ended(other->id).state == JobState::done);
  CHECK(door.inside() == 2);
  CHECK(row(3).state == JobState::queued);
  const auto counts = jobs->counts();
  const auto count = [&](const std::string& of, JobState state) {
    for (const auto& one : counts)
      if (one.kind == of && one.state == state) return one.count;
    return std::uint64_t{999};
  };
  CHECK(count("mirror", JobState::queued) == 1);
  CHECK(count("mirror", JobState::running) == 2);
  CHECK(count("convert", JobState::running) == 0);
  CHECK(count("convert", JobState::done) == 1);
  door.open();
  CHECK(ended(3).state == JobState::done);
}

TEST_CASE_METHOD(JobsFixture, "jobs: only the newest that are over are kept", "[daemon][jobs]") {
  auto options = default_options();
  options.kept = 10;
  make(options);
  kind("mirror", [](JobContext&) -> Status { return ok(); }, 1);
  REQUIRE(jobs->start());
  for (int i = 0; i < 64; ++i) submit();
  for (std::uint64_t id = 1; id <= 64; ++id)
    if (const auto feed = jobs->watch(id)) REQUIRE((*feed)->wait_over(long_enough));
  jobs->stop();  // the last one's end is seen before the rest of its work is done: pruning
  const auto left = jobs->list({}, 0, 100);
  REQUIRE(left);
  CHECK(left->size() == 10);
  CHECK(left->front().id == 64);
}
