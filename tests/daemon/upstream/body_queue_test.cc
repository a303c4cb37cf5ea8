#include "daemon/upstream/body_queue.h"

#include <thread>

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::daemon;
using namespace std::chrono_literals;

namespace {

constexpr auto no_time = 1ms;
constexpr auto long_time = 20s;

Status any(const UpstreamReply&) { return ok(); }

auto soon() { return std::chrono::steady_clock::now() + long_time; }

ByteView view(std::string_view text) { return as_bytes(text); }

}  // namespace

TEST_CASE("body_queue: bytes come out in order, then the end", "[daemon][upstream]") {
  BodyQueue queue(any, 10, long_time);
  std::thread network([&] {
    for (int i = 0; i < 1000; ++i) CHECK(queue.write(view(std::to_string(i) + " ")).has_value());
    queue.done(ok());
  });
  std::string expected;
  for (int i = 0; i < 1000; ++i) expected += std::to_string(i) + " ";
  std::string text;
  std::size_t largest = 0;
  while (true) {
    const auto part = queue.next(soon());
    REQUIRE(part);
    if (!*part) break;
    text += as_text(**part);
    largest = std::max(largest, (*part)->size());
  }
  network.join();
  CHECK(text == expected);
  CHECK(largest < 10 + 4 + 1);  // full, and one more piece
  CHECK_FALSE(*queue.next(soon()));
}

TEST_CASE("body_queue: a full one waits, but not for ever", "[daemon][upstream]") {
  BodyQueue queue(any, 4, no_time);
  CHECK(queue.write(view("full")).has_value());
  const auto status = queue.write(view("more"));
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Errc::unavailable);
  CHECK(as_text(**queue.next(soon())) == "full");
  CHECK(queue.write(view("more")).has_value());
}

TEST_CASE("body_queue: errors come after the bytes before them", "[daemon][upstream]") {
  BodyQueue queue(any);
  CHECK(queue.write(view("part")).has_value());
  queue.done(fail(Errc::upstream_failed, "cut"));
  queue.done(ok());  // the first one counts
  CHECK(as_text(**queue.next(soon())) == "part");
  CHECK(queue.next(soon()).error().what == "cut");
  CHECK(queue.next(soon()).error().what == "cut");
}

TEST_CASE("body_queue: nothing comes, nothing is wanted", "[daemon][upstream]") {
  BodyQueue queue(
      [](const UpstreamReply& reply) -> Status {
        if (reply.status == 200) return ok();
        return fail(Errc::repo_not_found, "none");
      },
      4, long_time);
  UpstreamReply reply;
  reply.status = 404;
  CHECK(queue.begin(reply).error().code == Errc::repo_not_found);
  reply.status = 200;
  CHECK(queue.begin(reply).has_value());
  CHECK(queue.next(std::chrono::steady_clock::now() + no_time).error().code ==
        Errc::deadline_exceeded);
  CHECK(queue.write(view("full")).has_value());
  std::thread taker([&] { queue.close(); });
  CHECK_FALSE(queue.write(view("waits")));
  taker.join();
  CHECK_FALSE(queue.write(view("x")));
}
