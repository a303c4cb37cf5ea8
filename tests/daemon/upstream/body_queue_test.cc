#include "daemon/upstream/body_queue.h"

#include <thread>

#include <catch2/catch.hpp>

#include "tests/daemon/upstream/client_fixture.h"

using namespace waag;
using namespace waag::daemon;
using namespace std::chrono_literals;

namespace {

Status any(const UpstreamReply&) { return ok(); }

auto soon() { return std::chrono::steady_clock::now() + 20s; }

ByteView view(std::string_view text) { return as_bytes(text); }

}  // namespace

TEST_CASE("body_queue: bytes come out in order, then the end", "[daemon][upstream]") {
  BodyQueue queue(any);
  std::thread network([&] {
    for (int i = 0; i < 1000; ++i) CHECK(queue.write(view(std::to_string(i) + " ")).has_value());
    queue.done(ok());
  });
  std::string expected;
  for (int i = 0; i < 1000; ++i) expected += std::to_string(i) + " ";
  std::string text;
  while (true) {
    const auto part = queue.next(soon());
    REQUIRE(part);
    if (!*part) break;
    text += as_text(**part);
  }
  network.join();
  CHECK(text == expected);
  CHECK_FALSE(*queue.next(soon()));
}

TEST_CASE("body_queue: a full one pauses its transfer", "[daemon][upstream]") {
  BodyQueue queue(any, 8);
  CHECK(queue.write(view("half")).has_value());
  CHECK_FALSE(queue.full());
  CHECK_FALSE(queue.was_full());
  CHECK(queue.write(view("more")).has_value());
  CHECK(queue.full());
  CHECK(queue.write(view(", read before")).has_value());
  CHECK(queue.full());
  CHECK(as_text(**queue.next(soon())) == "halfmore, read before");
  CHECK(queue.was_full());
  CHECK_FALSE(queue.was_full());
  CHECK_FALSE(queue.full());
}

TEST_CASE("body_queue: it holds no more than it says", "[daemon][upstream]") {
  BodyQueue queue(any, 8);
  const std::string most(8 + BodyQueue::bytes_over_max, 'x');
  CHECK(queue.write(view(most)).has_value());
  CHECK(queue.write(view("y")).error().code == Errc::internal);
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
  BodyQueue queue([](const UpstreamReply& reply) -> Status {
    if (reply.status == 200) return ok();
    return fail(Errc::repo_not_found, "none");
  });
  UpstreamReply reply;
  reply.status = 404;
  CHECK(queue.begin(reply).error().code == Errc::repo_not_found);
  reply.status = 200;
  CHECK(queue.begin(reply).has_value());
  CHECK(queue.next(std::chrono::steady_clock::now() + 1ms).error().code == Errc::deadline_exceeded);
  queue.close();
  CHECK(queue.write(view("x")).error().code == Errc::unavailable);
}

TEST_CASE("body_queue: a real transfer pauses and goes on", "[daemon][upstream]") {
  const std::string body(2'000'000, 'b');
  waag::testing::ScriptServer server(
      [&](waag::testing::ScriptPeer& peer, const auto&) { peer.reply("200 OK", "", body); });
  auto client = HttpClient::start(waag::daemon::testing::options_for({server.origin()}));
  REQUIRE(client);
  const auto queue = std::make_shared<BodyQueue>(any, 100'000);
  const auto transfer = (*client)->stream(waag::daemon::testing::request_for(server, "/x"), queue);
  const auto deadline = soon();
  while (!queue->was_full() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  transfer->resume();
  std::string text;
  while (true) {
    const auto part = queue->next(deadline);
    REQUIRE(part);
    if (queue->was_full()) transfer->resume();
    if (!*part) break;
    text += as_text(**part);
  }
  CHECK(text == body);
}
