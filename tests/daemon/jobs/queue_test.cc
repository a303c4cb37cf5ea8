#include "daemon/jobs/queue.h"

#include <catch2/catch.hpp>

using namespace waag;
using storage::TimeMs;
using waag::daemon::JobQueue;

TEST_CASE("queue: highest priority first, then the oldest", "[daemon][jobs]") {
  JobQueue queue;
  queue.set_limit("mirror", 10);
  queue.push({3, "mirror", 0, {}});
  queue.push({1, "mirror", 0, {}});
  queue.push({4, "mirror", 5, {}});
  queue.push({2, "mirror", -1, {}});
  CHECK(queue.size() == 4);
  for (const std::uint64_t id : {4, 1, 3, 2}) CHECK(queue.take(TimeMs(0))->id == id);
  CHECK_FALSE(queue.take(TimeMs(0)));
}

TEST_CASE("queue: a kind at its limit does not hold up another", "[daemon][jobs]") {
  JobQueue queue;
  queue.set_limit("mirror", 1);
  queue.set_limit("convert", 1);
  queue.push({1, "mirror", 0, {}});
  queue.push({2, "mirror", 9, {}});
  queue.push({3, "convert", 0, {}});
  queue.push({4, "unheard", 99, {}});
  CHECK(queue.take(TimeMs(0))->id == 2);
  CHECK(queue.take(TimeMs(0))->id == 3);
  CHECK_FALSE(queue.take(TimeMs(0)));
  queue.release("mirror");
  CHECK(queue.take(TimeMs(0))->id == 1);
  CHECK(queue.size() == 1);
}

TEST_CASE("queue: what waits for its time, and what is taken back", "[daemon][jobs]") {
  JobQueue queue;
  queue.set_limit("mirror", 2);
  queue.push({1, "mirror", 9, TimeMs(100)});
  queue.push({2, "mirror", 0, {}});
  CHECK(queue.any_later(TimeMs(99)));
  CHECK(queue.take(TimeMs(99))->id == 2);
  CHECK_FALSE(queue.take(TimeMs(99)));
  CHECK_FALSE(queue.any_later(TimeMs(100)));
  CHECK(queue.remove(1));
  CHECK_FALSE(queue.remove(1));
  CHECK_FALSE(queue.take(TimeMs(100)));
}
