#include "daemon/mirror/xet/delivery.h"

#include <thread>

#include "tests/daemon/upstream/client_fixture.h"

namespace waag::daemon::testing {
namespace {

ByteView bytes(std::string_view text) { return as_bytes(text); }

}  // namespace

TEST_CASE("delivery: a sink is begun once, gets its bytes in order and one end",
          "[mirror][delivery]") {
  const auto sink = std::make_shared<RecordingSink>();
  Delivery delivery({10, 16}, sink);
  CHECK(delivery.at() == 10);
  CHECK(sink->begins() == 0);
  REQUIRE(delivery.put(bytes("abc")));
  REQUIRE(delivery.put({}));
  REQUIRE(delivery.put(bytes("def")));
  CHECK(delivery.at() == 16);
  CHECK(failed(delivery.put(bytes("g")), Errc::upstream_failed));
  delivery.end(ok());
  delivery.end(fail(Errc::internal, "late"));
  CHECK(delivery.over());
  CHECK(failed(delivery.put(bytes("g")), Errc::unavailable));
  CHECK(sink->body() == "abcdef");
  CHECK(sink->reply().status == 206);
  CHECK(sink->begins() == 1);
  CHECK(sink->dones() == 1);
  CHECK(sink->wait());
}

TEST_CASE("delivery: what the sink refuses is told apart", "[mirror][delivery]") {
  const bool at_begin = GENERATE(false, true);
  const auto sink = std::make_shared<RecordingSink>();
  (at_begin ? sink->refuse_begin : sink->refuse_write) = true;
  Delivery delivery({0, 6}, sink);
  CHECK_FALSE(delivery.refused());
  CHECK(failed(delivery.put(bytes("abc")), Errc::no_space));
  CHECK(delivery.refused());
  CHECK(delivery.at() == 0);
}

TEST_CASE("delivery: an answer that is no file is the sink's to judge, before its first byte",
          "[mirror][delivery]") {
  const bool begun = GENERATE(false, true);
  const auto sink = std::make_shared<RecordingSink>();
  Delivery delivery({0, 6}, sink);
  if (begun) REQUIRE(delivery.put(bytes("abc")));
  sink->refuse_begin = true;
  UpstreamReply reply;
  reply.status = 404;
  CHECK(delivery.refusal(reply).code == (begun ? Errc::upstream_failed : Errc::no_space));
  CHECK(sink->begins() == 1);
  CHECK(sink->reply().status == (begun ? 206 : 404));
}

TEST_CASE("delivery: a full sink holds the worker until it takes more, or all is over",
          "[mirror][delivery]") {
  const bool over = GENERATE(false, true);
  const auto sink = std::make_shared<RecordingSink>();
  sink->full_at = 3;
  Delivery delivery({0, 6}, sink);
  REQUIRE(delivery.put(bytes("ab")));
  delivery.wait_for_room();
  REQUIRE(delivery.put(bytes("c")));
  CHECK(delivery.full());
  std::atomic<bool> went_on{false};
  std::thread worker([&] {
    delivery.wait_for_room();
    went_on = true;
  });
  CHECK_FALSE(went_on);
  if (over)
    delivery.end(fail(Errc::unavailable, "cancelled"));
  else
    delivery.resume();
  worker.join();
  CHECK_FALSE(delivery.full());
}

}  // namespace waag::daemon::testing
