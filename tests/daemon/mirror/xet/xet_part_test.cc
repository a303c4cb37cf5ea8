#include "daemon/mirror/xet/xet_part.h"

#include "tests/daemon/mirror/xet/xet_hub.h"

namespace waag::daemon::testing {
namespace {

using namespace std::chrono_literals;
using waag::testing::noise;

}  // namespace

TEST_CASE_METHOD(XetFixture, "xet_part: where Xet fails, the rest comes plainly",
                 "[mirror][xet_part]") {
  const auto content = noise(1, 5'000'000);
  upstream.add("a.bin", content);
  const bool refused = GENERATE(true, false);
  upstream.go_wrong([refused](ScriptPeer& peer, const ScriptRequest& request) {
    if (request.target.find("/data/") == std::string::npos) return false;
    if (refused) {
      peer.reply("403 Expired", "", "");
      return true;
    }
    const auto body = std::string("not a xorb");
    peer.send("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " +
              request.header("Range").substr(6) + "/*\r\nContent-Length: 10\r\n\r\n" + body);
    return true;
  });
  const auto from = source("a.bin", content);
  CHECK(fetched(*from, {100, 4'000'000}) == content.substr(100, 3'999'900));
  CHECK(from->traffic().bytes(XetRoad::plain) == 3'999'900);
  CHECK(upstream.last_header("/resolve/", "Range") == "bytes=100-3999999");
  upstream.go_wrong({});
}

TEST_CASE_METHOD(XetFixture, "xet_part: bytes that have come are not fetched again",
                 "[mirror][xet_part]") {
  const auto first = noise(1, 2'000'000);
  upstream.add("a.bin", first);
  bring("a.bin", first);
  const auto content = first + noise(2, 1'000'000);
  upstream.add("b.bin", content);
  upstream.go_wrong([](ScriptPeer& peer, const ScriptRequest& request) {
    if (request.target.find("/data/") == std::string::npos) return false;
    peer.reset();
    return true;
  });
  const auto from = source("b.bin", content);
  CHECK(fetched(*from, {0, content.size()}) == content);
  CHECK(from->traffic().bytes(XetRoad::plain) <= 1'200'000);
  CHECK(from->traffic().bytes(XetRoad::local) >= 1'800'000);
  upstream.go_wrong({});
}

TEST_CASE_METHOD(XetFixture, "xet_part: a lead that fails is gone on with by Xet",
                 "[mirror][xet_part]") {
  const auto content = noise(1, 5'000'000);
  upstream.add("a.bin", content);
  const bool refused = GENERATE(true, false);
  upstream.go_wrong([&](ScriptPeer& peer, const ScriptRequest& request) {
    if (request.method != "GET" || request.target.find("/resolve/") == std::string::npos)
      return false;
    if (refused) {
      peer.reply("403 Forbidden", "", "no");
      return true;
    }
    peer.send("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " +
              request.header("Range").substr(6) + "/5000000\r\nContent-Length: 1000000\r\n\r\n" +
              content.substr(0, 300'000));
    peer.reset();
    return true;
  });
  const auto from = source("a.bin", content, make_repo("mirrored"));
  CHECK(fetched(*from, {0, 1'000'000}) == content.substr(0, 1'000'000));
  const auto led = from->traffic().bytes(XetRoad::plain);
  CHECK(led <= 300'000);  // a reset may overtake what was sent
  CHECK(from->traffic().bytes(XetRoad::xet) >= 1'000'000 - led);
  // The road is not tried again.
  CHECK(fetched(*from, {1'000'000, 1'100'000}) == content.substr(1'000'000, 100'000));
  CHECK(upstream.count("/resolve/") == 1);
  CHECK(events.empty());
  upstream.go_wrong({});
}

TEST_CASE_METHOD(XetFixture, "xet_part: who gives a lead up is told, and nothing follows",
                 "[mirror][xet_part]") {
  const auto content = noise(1, 5'000'000);
  upstream.add("a.bin", content);
  std::atomic<bool> asked{false};
  upstream.go_wrong([&](ScriptPeer& peer, const ScriptRequest&) {
    asked = true;
    peer.pause(1s);
    return true;
  });
  const auto from = source("a.bin", content, make_repo("mirrored"));
  const auto sink = std::make_shared<RecordingSink>();
  const auto transfer = from->fetch({0, 1'000'000}, sink, nullptr);
  const auto limit = std::chrono::steady_clock::now() + 10s;
  while (!asked && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  transfer->cancel();
  CHECK(failed(sink->wait(), Errc::unavailable));
  services->workers.join();
  CHECK(sink->dones() == 1);
  CHECK(upstream.count("", "HEAD") == 0);
  upstream.go_wrong({});
}

TEST_CASE_METHOD(XetFixture, "xet_part: a plain answer that is no file is no byte of it",
                 "[mirror][xet_part]") {
  const auto content = noise(1, 1'000'000);
  upstream.add("a.bin", content);
  upstream.go_wrong([](ScriptPeer& peer, const ScriptRequest& request) {
    if (request.method == "HEAD") return false;
    peer.reply("403 Forbidden", "", "no");
    return true;
  });
  const auto from = source("a.bin", content);
  const auto sink = std::make_shared<RecordingSink>();
  const auto transfer = from->fetch({0, content.size()}, sink, nullptr);
  CHECK_FALSE(sink->wait());
  CHECK(sink->reply().status == 403);  // the sink knows what that means
  CHECK(sink->body().empty());
  CHECK(sink->dones() == 1);
  upstream.go_wrong({});
}

TEST_CASE_METHOD(XetFixture, "xet_part: a sink that has enough ends it, and nothing more is asked",
                 "[mirror][xet_part]") {
  const auto content = noise(1, 2'000'000);
  upstream.add("a.bin", content);
  const auto from = source("a.bin", content);
  const auto sink = std::make_shared<RecordingSink>();
  sink->refuse_write = true;
  const auto transfer = from->fetch({0, content.size()}, sink, nullptr);
  CHECK(failed(sink->wait(), Errc::no_space));
  CHECK(upstream.count("/resolve/") == 0);
  CHECK(events.empty());
}

TEST_CASE_METHOD(XetFixture, "xet_part: a full sink is waited for", "[mirror][xet_part]") {
  const auto content = noise(1, 2'000'000);
  upstream.add("a.bin", content);
  const auto from = source("a.bin", content);
  const auto sink = std::make_shared<RecordingSink>();
  sink->full_at = 500'000;
  const auto transfer = from->fetch({0, content.size()}, sink, nullptr);
  REQUIRE(sink->wait_until_full());
  CHECK(sink->size() < 700'000);
  CHECK_FALSE(sink->is_done());
  sink->full_at = std::string::npos;
  transfer->resume();
  REQUIRE(sink->wait());
  CHECK(sink->body() == content);
}

TEST_CASE_METHOD(XetFixture, "xet_part: who gives up is told at once", "[mirror][xet_part]") {
  const auto content = noise(1, 2'000'000);
  upstream.add("a.bin", content);
  const auto where = GENERATE("HEAD", "/xet-read-token/", "/reconstructions/", "/data/");
  CAPTURE(where);
  std::atomic<bool> asked{false};
  upstream.go_wrong([&](ScriptPeer& peer, const ScriptRequest& request) {
    const bool here = std::string(where) == "HEAD"
                          ? request.method == "HEAD"
                          : request.target.find(where) != std::string::npos;
    if (!here) return false;
    asked = true;
    peer.pause(1s);
    return true;
  });
  const auto from = source("a.bin", content);
  const auto sink = std::make_shared<RecordingSink>();
  const auto transfer = from->fetch({0, content.size()}, sink, nullptr);
  const auto limit = std::chrono::steady_clock::now() + 10s;
  while (!asked && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  REQUIRE(asked);
  const auto begun = std::chrono::steady_clock::now();
  transfer->cancel();
  CHECK(failed(sink->wait(), Errc::unavailable));
  CHECK(std::chrono::steady_clock::now() - begun < 900ms);
  services->workers.join();
  CHECK(sink->dones() == 1);
  upstream.go_wrong({});
}

}  // namespace waag::daemon::testing
