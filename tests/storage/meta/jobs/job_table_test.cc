#include "storage/meta/jobs/job_table.h"

#include <thread>

#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

namespace {

JobRow job_of(const std::string& kind, const std::string& user, JobState state = JobState::queued) {
  JobRow row;
  row.kind = kind;
  row.state = state;
  row.askers = {{user, "tok-" + user}};
  return row;
}

std::vector<std::uint64_t> ids(const Result<std::vector<JobRow>>& rows) {
  REQUIRE(rows);
  std::vector<std::uint64_t> found;
  for (const auto& row : *rows) found.push_back(row.id);
  return found;
}

using Ids = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE_METHOD(StoreFixture, "jobs: newest first, page by page, as asked for",
                 "[storage][jobs]") {
  auto& jobs = store->jobs();
  for (const auto* user : {"ann", "bob", "ann", "bob", "ann"})
    REQUIRE(jobs.add(job_of("mirror", user)));
  REQUIRE(jobs.add(job_of("convert", "Ann", JobState::done)));
  CHECK(ids(jobs.list({}, 0, 10)) == Ids{6, 5, 4, 3, 2, 1});
  CHECK(ids(jobs.list({}, 0, 2)) == Ids{6, 5});
  CHECK(ids(jobs.list({}, 5, 2)) == Ids{4, 3});
  CHECK(ids(jobs.list({}, 1, 2)).empty());
  CHECK(ids(jobs.list({}, 0, 0)).empty());
  JobFilter filter;
  filter.asker = "ann";
  CHECK(ids(jobs.list(filter, 0, 10)) == Ids{6, 5, 3, 1});
  filter.kind = "mirror";
  CHECK(ids(jobs.list(filter, 5, 10)) == Ids{3, 1});
  filter.token_id = "tok-bob";
  CHECK(ids(jobs.list(filter, 0, 10)).empty());
  CHECK(ids(jobs.list({JobState::done, "", "", ""}, 0, 10)) == Ids{6});
  CHECK(ids(jobs.unfinished()) == Ids{1, 2, 3, 4, 5});
}

TEST_CASE_METHOD(StoreFixture, "jobs: changes survive a restart, ids come once",
                 "[storage][jobs]") {
  auto row = store->jobs().add(job_of("mirror", "ann"));
  REQUIRE(row);
  row->state = JobState::running;
  row->attempts = 2;
  REQUIRE(store->jobs().put(*row));
  reopen();
  CHECK(*store->jobs().find(row->id) == *row);
  CHECK(store->jobs().find(99).error().code == Errc::not_found);
  auto missing = *row;
  missing.id = 99;
  CHECK(store->jobs().put(missing).error().code == Errc::not_found);
  row->state = JobState::done;
  REQUIRE(store->jobs().put(*row));
  CHECK(*store->jobs().prune(0) == 1);
  CHECK(store->jobs().find(row->id).error().code == Errc::not_found);
  CHECK(store->jobs().add(job_of("mirror", "ann"))->id == 2);
}

TEST_CASE_METHOD(StoreFixture, "jobs: only the oldest that are over are forgotten",
                 "[storage][jobs]") {
  auto& jobs = store->jobs();
  for (int i = 0; i < 6; ++i)
    REQUIRE(jobs.add(job_of("mirror", "ann", i % 2 == 0 ? JobState::failed : JobState::queued)));
  CHECK(*jobs.prune(3) == 0);
  CHECK(*jobs.prune(1) == 2);
  CHECK(ids(jobs.list({}, 0, 10)) == Ids{6, 5, 4, 2});
  CHECK(*jobs.prune(0) == 1);
}

TEST_CASE_METHOD(StoreFixture, "jobs: writers at once get numbers of their own",
                 "[storage][jobs]") {
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i)
    writers.emplace_back([&] {
      for (int n = 0; n < 10; ++n) (void)store->jobs().add(job_of("mirror", "ann"));
    });
  for (auto& writer : writers) writer.join();
  const auto all = ids(store->jobs().list({}, 0, 100));
  REQUIRE(all.size() == 40);
  CHECK(all.front() == 40);
  CHECK(all.back() == 1);
}

}  // namespace waag::storage
