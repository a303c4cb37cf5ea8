#include "daemon/jobs/job_feed.h"

#include <thread>

#include <catch2/catch.hpp>

using namespace waag;
using waag::daemon::JobFeed;
using namespace std::chrono_literals;

TEST_CASE("job_feed: each change makes a version, rows show the progress of now",
          "[daemon][jobs]") {
  storage::JobRow row;
  row.id = 3;
  row.progress = {1, 2, 3, 4, "at first"};
  JobFeed feed(row);
  CHECK(feed.row() == row);
  auto version = feed.version();
  const auto changed = [&] { return std::exchange(version, feed.version()) < feed.version(); };
  feed.set_total(100, 10);
  CHECK(changed());
  feed.set_done(50, 5);
  CHECK(changed());
  feed.add_done(25, 1);
  CHECK(changed());
  feed.set_note("now");
  CHECK(changed());
  CHECK_FALSE(changed());
  CHECK(feed.row().progress == storage::JobProgress{75, 100, 6, 10, "now"});

  row.state = storage::JobState::running;
  feed.set(row);
  CHECK(changed());
  CHECK(feed.row().state == storage::JobState::running);
  CHECK(feed.row().progress == storage::JobProgress{75, 100, 6, 10, "now"});
  feed.reset_progress();
  CHECK(feed.row().progress == storage::JobProgress{});
}

TEST_CASE("job_feed: who waits for the end is woken", "[daemon][jobs]") {
  storage::JobRow row;
  JobFeed feed(row);
  CHECK_FALSE(feed.wait_over(0ms));
  std::thread ends([&] {
    row.state = storage::JobState::cancelled;
    feed.set(row);
  });
  CHECK(feed.wait_over(20s));
  ends.join();
}
