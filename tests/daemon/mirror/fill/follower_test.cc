#include "daemon/mirror/fill/follower.h"

#include <boost/asio/post.hpp>

#include "tests/daemon/mirror/fill/fill_fixture.h"
#include "tests/daemon/run_task.h"

namespace waag::daemon::testing {

using waag::testing::noise;

namespace {

struct Body {
  std::string bytes;
  Status end = fail(Errc::internal, "it has not ended");
};

/// Reads to the end, or an error.
Task<bool> take(std::shared_ptr<Follower> follower, Body& body, std::size_t buffer_bytes = 10'000) {
  std::vector<std::byte> buffer(buffer_bytes);
  while (true) {
    const auto got = co_await follower->read(buffer);
    if (!got) {
      body.end = got.error();
      co_return false;
    }
    if (*got == 0) {
      body.end = ok();
      co_return true;
    }
    body.bytes += as_text(ByteView(buffer).first(*got));
  }
}

struct FollowerFixture : FillFixture {
  ~FollowerFixture() { pool.join(); }
  std::shared_ptr<Follower> follow(const std::shared_ptr<Fill>& fill, Stretch range,
                                   bool rest = true) {
    return std::make_shared<Follower>(fill, pool, range, rest);
  }
  asio::thread_pool pool{1};
};

}  // namespace

TEST_CASE_METHOD(FollowerFixture, "follower: the bytes of its range, as they come",
                 "[daemon][follower]") {
  const auto content = noise(1, 2 * mib + 77);
  const std::uint64_t size = content.size();
  mirror(content);
  const auto made = fill(wanted(content, {source(content)}), limits(3));
  RunningFill running(made);
  Body whole;
  CHECK(run_task(take(follow(made, {0, size}), whole)));
  CHECK(whole.bytes == content);
  Body part;
  CHECK(run_task(take(follow(made, {100'000, 100'300}, /*rest=*/false), part, 7)));
  CHECK(part.bytes == content.substr(100'000, 300));
  REQUIRE(running.end());
  Body later;  // the names of its file are gone
  CHECK(run_task(take(follow(made, {size - 500, size}), later)));
  CHECK(later.bytes == content.substr(size - 500));
}

TEST_CASE_METHOD(FollowerFixture, "follower: waiting holds no thread", "[daemon][follower]") {
  const auto content = noise(2, 200 * kib);
  mirror(content);
  const auto from = source(content);
  from->hold();
  const auto made = fill(wanted(content, {from}));
  RunningFill running(made);
  asio::io_context context(1);
  std::array<Body, 3> bodies;
  int over = 0;
  for (auto& body : bodies) {
    auto reading = take(follow(made, {0, content.size()}), body);
    asio::co_spawn(context, std::move(reading), [&](std::exception_ptr thrown, bool) {
      CHECK_FALSE(thrown);
      ++over;
    });
  }
  // All three have nothing to do, and this thread goes on.
  while (context.poll() > 0) {
  }
  CHECK(over == 0);
  from->allow({0, 50 * kib});
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  const auto have = [&](std::size_t bytes) {
    return std::ranges::all_of(bodies,
                               [&](const auto& body) { return body.bytes.size() >= bytes; });
  };
  while (!have(50 * kib) && std::chrono::steady_clock::now() < limit)
    context.run_one_for(std::chrono::milliseconds(100));
  CHECK(have(50 * kib));
  CHECK(over == 0);
  from->allow_all();
  context.run_for(std::chrono::seconds(10));
  CHECK(over == 3);
  for (const auto& body : bodies) {
    CHECK(body.end);
    CHECK(body.bytes == content);
  }
}

TEST_CASE_METHOD(FollowerFixture, "follower: it is told of an upstream's trouble alone",
                 "[daemon][follower]") {
  const auto content = noise(3, 200 * kib);
  mirror(content);
  const auto from = source(content);
  const auto code = GENERATE(Errc::not_found, Errc::forbidden, Errc::upstream_failed);
  CAPTURE(static_cast<int>(code));
  from->fail_next(code, /*after_bytes=*/10 * kib);
  from->fail_always(code);
  const auto made = fill(wanted(content, {from}));
  RunningFill running(made);
  Body body;
  CHECK_FALSE(run_task(take(follow(made, {0, content.size()}), body)));
  CHECK(body.end.error().code == Errc::upstream_failed);
  CHECK(content.starts_with(body.bytes));
  CHECK_FALSE(running.end());
}

TEST_CASE_METHOD(FollowerFixture, "follower: wrong bytes cut it off", "[daemon][follower]") {
  const auto content = noise(4, 200 * kib);
  auto other = content;
  other[9] ^= 1;
  mirror(content);
  const auto bad = source(other);
  const auto made = fill(wanted(content, {bad, source(content)}));
  bad->hold();
  bad->allow({0, content.size() - 1});
  RunningFill running(made);
  const auto follower = follow(made, {0, content.size()});
  asio::io_context context(1);
  Body body;
  auto reading = take(follower, body);
  bool over = false;
  asio::co_spawn(context, std::move(reading), [&](std::exception_ptr, bool) { over = true; });
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (body.bytes.size() < 10'000 && std::chrono::steady_clock::now() < limit)
    context.run_one_for(std::chrono::milliseconds(100));
  bad->allow_all();
  context.run_for(std::chrono::seconds(10));
  REQUIRE(over);
  REQUIRE_FALSE(body.end);
  CHECK(body.end.error().code == Errc::upstream_failed);
  CHECK(body.bytes.size() <= content.size() - held_back);
  REQUIRE(running.end());
}

TEST_CASE_METHOD(FollowerFixture, "follower: one that leaves while it waits",
                 "[daemon][follower]") {
  const auto content = noise(5, 200 * kib);
  mirror(content);
  const auto from = source(content);
  from->hold();
  const auto made = fill(wanted(content, {from}));
  RunningFill running(made);
  {
    asio::io_context context(1);
    Body body;
    auto reading = take(follow(made, {0, content.size()}), body);
    asio::co_spawn(context, std::move(reading), [](std::exception_ptr, bool) {});
    while (context.poll() > 0) {
    }
    CHECK(body.bytes.empty());
  }  // its frame goes with the context
  from->allow_all();
  REQUIRE(running.end());
}

}  // namespace waag::daemon::testing
