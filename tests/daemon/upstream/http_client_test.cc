#include "daemon/upstream/http_client.h"

#include <future>

#include "tests/daemon/upstream/client_fixture.h"

using namespace waag;
using namespace waag::daemon;
using namespace std::chrono_literals;
using waag::daemon::testing::failed;
using waag::daemon::testing::options_for;
using waag::daemon::testing::RecordingSink;
using waag::daemon::testing::request_for;
using waag::testing::http_reply;
using waag::testing::ScriptPeer;
using waag::testing::ScriptRequest;
using waag::testing::ScriptServer;

namespace {

/// A server that answers every request with the same bytes and then hangs up.
struct Answers {
  ScriptServer server;
  std::unique_ptr<HttpClient> client;
  explicit Answers(std::string bytes)
      : server([bytes](ScriptPeer& peer, const ScriptRequest&) { peer.send(bytes); }) {
    client = *HttpClient::start(options_for({server.origin()}));
  }
  Result<UpstreamReply> fetch(UpstreamRequest request) {
    request.url = server.origin() + "/a";
    return client->fetch(request);
  }
  Result<UpstreamReply> fetch() { return fetch({}); }
};

UpstreamRequest ranged(std::uint64_t first, std::uint64_t last) {
  UpstreamRequest request;
  request.range = http::ByteRange{first, last};
  return request;
}

}  // namespace

TEST_CASE("http client: a call and its reply", "[daemon][upstream]") {
  ScriptServer server([](ScriptPeer& peer, const ScriptRequest& request) {
    peer.reply("200 OK", "X-Repo-Commit: abc\r\n", request.method + " " + request.body);
  });
  const auto client = *HttpClient::start(options_for({server.origin()}));
  auto request = request_for(server, "/a?b=c%20d");
  request.headers.set("Authorization", "Bearer hf_secret");
  request.headers.set("Accept-Encoding", "br");
  request.headers.set("Host", "evil.example");
  auto reply = client->fetch(request);
  REQUIRE(reply);
  CHECK(reply->status == 200);
  CHECK(reply->body == "GET ");
  CHECK(reply->url == server.origin() + "/a?b=c%20d");
  CHECK(reply->headers.get("x-repo-commit") == "abc");
  CHECK(reply->first.get("x-repo-commit") == "abc");
  request.method = "POST";
  request.body = "want";
  reply = client->fetch(request);
  REQUIRE(reply);
  CHECK(reply->body == "POST want");
  request.method = "HEAD";
  reply = client->fetch(request);
  REQUIRE(reply);
  CHECK(reply->headers.get("Content-Length") == "5");
  CHECK(reply->body.empty());

  const auto seen = server.requests();
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].target == "/a?b=c%20d");
  CHECK(seen[0].header("Accept-Encoding") == "identity");
  CHECK(seen[0].header("Authorization") == "Bearer hf_secret");
  CHECK(seen[0].header("Host") == server.origin().substr(7));
  CHECK(seen[0].header("User-Agent").starts_with("waag/"));
  CHECK(seen[1].header("Expect").empty());
  CHECK(seen[1].header("Content-Type").empty());
}

TEST_CASE("http client: an end for all that runs and all that comes", "[daemon][upstream]") {
  std::promise<void> asked;
  ScriptServer server([&](ScriptPeer& peer, const ScriptRequest&) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    asked.set_value();
    peer.keep_open();
  });
  const auto client = *HttpClient::start(options_for({server.origin()}));
  auto running = std::async([&] { return client->fetch(request_for(server, "/a")); });
  asked.get_future().wait();
  client->end();
  REQUIRE(running.wait_for(5s) == std::future_status::ready);
  CHECK(failed(running.get(), Errc::unavailable));
  CHECK(failed(client->fetch(request_for(server, "/a")), Errc::unavailable));
  client->end();
}

TEST_CASE("http client: connections are used again", "[daemon][upstream]") {
  ScriptServer server(
      [](ScriptPeer& peer, const ScriptRequest&) { peer.reply("404 Not Found", "", "none"); });
  const auto client = *HttpClient::start(options_for({server.origin()}));
  for (int i = 0; i < 20; ++i) {
    const auto reply = client->fetch(request_for(server, "/a"));
    REQUIRE(reply);
    CHECK(reply->status == 404);
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("http client: replies that are no answers", "[daemon][upstream]") {
  const auto bytes = GENERATE(
      as<std::string>{}, "", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "HTTP/1.1 304 Not Modified\r\n\r\n",
      "HTTP/1.1 200 OK\r\nBad header\r\nContent-Length: 0\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
      "<html>0.9</html>", "HTTP/1.1 100 Continue\r\n\r\n");
  CAPTURE(bytes);
  Answers answers(bytes);
  CHECK(failed(answers.fetch(), Errc::upstream_failed));
}

TEST_CASE("http client: heads without end", "[daemon][upstream]") {
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 10'000; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  std::string storm;
  for (int i = 0; i < 1'000; ++i) storm += "HTTP/1.1 100 Continue\r\n\r\n";
  const auto long_line = "HTTP/1.1 200 OK\r\nX: " + std::string(64 * 1024, 'y') + "\r\n";
  const auto end = std::string("Content-Length: 0\r\n\r\n");
  for (const auto& bytes : {many + end, storm + "HTTP/1.1 200 OK\r\n" + end, long_line + end}) {
    Answers answers(bytes);
    CHECK(failed(answers.fetch(), Errc::upstream_failed));
  }
}

TEST_CASE("http client: ranges", "[daemon][upstream]") {
  const std::string body = "0123456789";
  const auto part = [&](const std::string& range, const std::string& bytes) {
    return http_reply("206 Partial Content", "Content-Range: " + range + "\r\n", bytes);
  };
  SECTION("the one asked for") {
    Answers answers(part("bytes 2-4/10", "234"));
    const auto reply = answers.fetch(ranged(2, 4));
    REQUIRE(reply);
    CHECK(reply->status == 206);
    CHECK(reply->body == "234");
    CHECK(answers.server.requests()[0].header("Range") == "bytes=2-4");
  }
  SECTION("another one") {
    const auto range = GENERATE(as<std::string>{}, "bytes 2-5/10", "bytes 1-3/10", "bytes 2-4/*");
    Answers answers(part(range, "234"));
    CHECK(failed(answers.fetch(ranged(2, 4)), Errc::upstream_failed));
  }
  SECTION("more than asked for, in chunks") {
    Answers answers(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-4/10\r\n"
        "Transfer-Encoding: chunked\r\n\r\n5\r\n23456\r\n0\r\n\r\n");
    CHECK(failed(answers.fetch(ranged(2, 4)), Errc::upstream_failed));
  }
  SECTION("fewer than asked for, in chunks") {
    Answers answers(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-4/10\r\n"
        "Transfer-Encoding: chunked\r\n\r\n2\r\n23\r\n0\r\n\r\n");
    CHECK(failed(answers.fetch(ranged(2, 4)), Errc::upstream_failed));
  }
  SECTION("the whole file instead") {
    Answers answers(http_reply("200 OK", "", body));
    CHECK(failed(answers.fetch(ranged(2, 4)), Errc::upstream_failed));
    const auto front = answers.fetch(ranged(0, 4));
    REQUIRE(front);
    CHECK(front->body == "01234");
    CHECK(answers.fetch(ranged(0, 9))->body == body);
    CHECK(failed(answers.fetch(ranged(0, 10)), Errc::upstream_failed));
  }
  SECTION("a whole file that ends too early") {
    Answers answers("HTTP/1.1 200 OK\r\n\r\n0123");
    CHECK(failed(answers.fetch(ranged(0, 9)), Errc::upstream_failed));
  }
  SECTION("no success") {
    Answers answers(http_reply("416 Range Not Satisfiable", "Content-Range: bytes */10\r\n", "no"));
    const auto reply = answers.fetch(ranged(20, 24));
    REQUIRE(reply);
    CHECK(reply->status == 416);
    CHECK(reply->body == "no");
  }
}

TEST_CASE("http client: a range that is only asked about", "[daemon][upstream]") {
  ScriptServer server([](ScriptPeer& peer, const ScriptRequest& request) {
    peer.reply("200 OK", "", "plan of " + request.header("Range"));
  });
  const auto client = *HttpClient::start(options_for({server.origin()}));
  auto request = request_for(server, "/plan");
  request.range_asked = http::ByteRange{100, 199};
  const auto reply = client->fetch(request);
  REQUIRE(reply);
  CHECK(reply->body == "plan of bytes=100-199");
  request.range_asked = http::ByteRange{5, 4};
  CHECK(failed(client->fetch(request), Errc::invalid_argument));
}

TEST_CASE("http client: a reply longer than wanted", "[daemon][upstream]") {
  Answers answers("HTTP/1.1 200 OK\r\n\r\n" + std::string(1000, 'x'));
  UpstreamRequest request;
  request.body_bytes_max = 999;
  CHECK(failed(answers.fetch(request), Errc::upstream_failed));
  request.body_bytes_max = 1000;
  CHECK(answers.fetch(request)->body.size() == 1000);
}

TEST_CASE("http client: nobody there", "[daemon][upstream]") {
  std::string origin;
  {
    ScriptServer gone([](ScriptPeer&, const ScriptRequest&) {});
    origin = gone.origin();
  }
  const auto client = *HttpClient::start(options_for({origin, "https://no-such-host.invalid"}));
  UpstreamRequest request;
  request.url = origin + "/a";
  CHECK(failed(client->fetch(request), Errc::upstream_failed));
  request.url = "https://no-such-host.invalid/a";
  request.time_max = 5s;
  CHECK_FALSE(client->fetch(request));
}

TEST_CASE("http client: requests that are none", "[daemon][upstream]") {
  Answers answers(http_reply("200 OK", "", ""));
  UpstreamRequest request;
  request.headers.set("X-Two", "a\r\nHost: evil");
  CHECK(failed(answers.fetch(request), Errc::invalid_argument));
  request.headers = {};
  request.method = "GET /evil";
  CHECK(failed(answers.fetch(request), Errc::invalid_argument));
  CHECK(failed(answers.fetch(ranged(5, 4)), Errc::invalid_argument));
  request.method = "GET";
  request.url = "file:///etc/passwd";
  CHECK(failed(answers.client->fetch(request), Errc::invalid_argument));
  request.url = "http://127.0.0.1:1/";
  CHECK(failed(answers.client->fetch(request), Errc::upstream_failed));
  CHECK(answers.server.requests().empty());
}

TEST_CASE("http client: private addresses are not connected to", "[daemon][upstream]") {
  ScriptServer server([](ScriptPeer& peer, const ScriptRequest&) { peer.reply("200 OK", "", ""); });
  // A name that leads to loopback: /etc/hosts has it everywhere.
  const auto named = "http://localhost:" + std::to_string(server.port());
  auto options = options_for({named, server.origin()});
  UpstreamRequest request;
  request.url = named + "/a";
  const auto strict = *HttpClient::start(options);
  CHECK(failed(strict->fetch(request), Errc::upstream_failed));
  CHECK(server.connections() == 0);
  options.private_networks = {"127.0.0.0/8", "::1"};
  const auto allowing = *HttpClient::start(options);
  CHECK(allowing->fetch(request));
  CHECK(server.connections() == 1);
}

TEST_CASE("http client: time limits", "[daemon][upstream]") {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n";
  std::function<void(ScriptPeer&)> script;
  UpstreamRequest request;
  SECTION("no head") {
    script = [](ScriptPeer& peer) { peer.pause(5s); };
  }
  SECTION("a head and no body") {
    script = [&](ScriptPeer& peer) {
      peer.send(head);
      peer.pause(5s);
    };
  }
  SECTION("a byte now and then") {
    script = [&](ScriptPeer& peer) {
      peer.send(head);
      peer.drip(std::string(4000, 'x'), 20ms);
    };
  }
  SECTION("the whole call") {
    request.time_max = 300ms;
    script = [&](ScriptPeer& peer) {
      peer.send(head);
      for (int i = 0; i < 100; ++i) {
        if (!peer.send(std::string(100, 'x'))) return;
        peer.pause(20ms);
      }
    };
  }
  ScriptServer server([&](ScriptPeer& peer, const ScriptRequest&) { script(peer); });
  auto options = options_for({server.origin()});
  options.idle_time = 300ms;
  if (request.time_max == 300ms) options.idle_bytes = 1;
  const auto client = *HttpClient::start(options);
  request.url = server.origin() + "/a";
  const auto start = std::chrono::steady_clock::now();
  CHECK(failed(client->fetch(request), Errc::deadline_exceeded));
  CHECK(std::chrono::steady_clock::now() - start < 4s);
}

TEST_CASE("http client: a stream comes in order and can be paused", "[daemon][upstream]") {
  std::string body;
  for (int i = 0; body.size() < 4'000'000; ++i) body += std::to_string(i);
  ScriptServer server(
      [&](ScriptPeer& peer, const ScriptRequest&) { peer.reply("200 OK", "", body); });
  auto options = options_for({server.origin()});
  options.idle_time = 300ms;
  const auto client = *HttpClient::start(options);
  auto sink = std::make_shared<RecordingSink>();
  sink->full_at = 100'000;
  const auto transfer = client->stream(request_for(server, "/a"), sink);
  REQUIRE(sink->wait_until_full());
  std::this_thread::sleep_for(600ms);  // longer than idle_time: a pause is none
  CHECK(sink->size() < 1'000'000);
  CHECK_FALSE(sink->is_done());
  sink->full_at = std::string::npos;
  transfer->resume();
  REQUIRE(sink->wait());
  CHECK(sink->body() == body);
  CHECK(sink->begins() == 1);
  CHECK(sink->dones() == 1);
}

TEST_CASE("http client: a sink's error ends the transfer", "[daemon][upstream]") {
  Answers answers(http_reply("200 OK", "", "hello"));
  auto at_begin = std::make_shared<RecordingSink>();
  at_begin->refuse_begin = true;
  answers.client->stream(request_for(answers.server, "/a"), at_begin);
  CHECK(failed(at_begin->wait(), Errc::no_space));
  CHECK(at_begin->size() == 0);
  auto at_write = std::make_shared<RecordingSink>();
  at_write->refuse_write = true;
  answers.client->stream(request_for(answers.server, "/a"), at_write);
  CHECK(failed(at_write->wait(), Errc::no_space));
}

TEST_CASE("http client: after a pause", "[daemon][upstream]") {
  const auto bytes = GENERATE(100'000u, 4'000'000u);  // in one read of the socket, in many
  const std::string body(bytes, 'x');
  ScriptServer server(
      [&](ScriptPeer& peer, const ScriptRequest&) { peer.reply("200 OK", "", body); });
  const auto client = *HttpClient::start(options_for({server.origin()}));
  auto sink = std::make_shared<RecordingSink>();
  sink->full_at = 20'000;
  const auto transfer = client->stream(request_for(server, "/a"), sink);
  REQUIRE(sink->wait_until_full());
  SECTION("the rest comes") {
    sink->full_at = std::string::npos;
    transfer->resume();
    REQUIRE(sink->wait());
    CHECK(sink->size() == bytes);
  }
  SECTION("the rest may be refused") {
    sink->refuse_write = true;
    transfer->resume();
    const auto ended = sink->wait();
    CHECK((ended ? sink->size() == bytes : ended.error().code == Errc::no_space));
    if (bytes > 1'000'000) CHECK_FALSE(ended);
  }
}

TEST_CASE("http client: a reset in the middle", "[daemon][upstream]") {
  ScriptServer server([&](ScriptPeer& peer, const ScriptRequest&) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + std::string(999, 'x'));
    peer.pause(50ms);
    peer.reset();
  });
  const auto client = *HttpClient::start(options_for({server.origin()}));
  auto sink = std::make_shared<RecordingSink>();
  client->stream(request_for(server, "/a"), sink);
  CHECK(failed(sink->wait(), Errc::upstream_failed));
  CHECK(sink->size() == 999);
}

TEST_CASE("http client: cancelled, or ended with the client", "[daemon][upstream]") {
  ScriptServer server([](ScriptPeer& peer, const ScriptRequest&) { peer.pause(10s); });
  auto client = *HttpClient::start(options_for({server.origin()}));
  auto cancelled = std::make_shared<RecordingSink>();
  const auto transfer = client->stream(request_for(server, "/a"), cancelled);
  REQUIRE(server.wait_for_requests(1));
  transfer->cancel();
  CHECK(failed(cancelled->wait(), Errc::unavailable));
  transfer->cancel();
  auto left = std::make_shared<RecordingSink>();
  const auto handle = client->stream(request_for(server, "/b"), left);
  REQUIRE(server.wait_for_requests(2));
  client.reset();
  CHECK(left->is_done());
  CHECK(failed(left->wait(), Errc::unavailable));
  handle->cancel();  // of nobody
  CHECK(left->dones() == 1);
  CHECK(left->begins() == 0);
}

TEST_CASE("http client: many at a time", "[daemon][upstream]") {
  ScriptServer server([](ScriptPeer& peer, const ScriptRequest& request) {
    peer.reply("200 OK", "", request.target + std::string(50'000, 'x'));
  });
  const auto client = *HttpClient::start(options_for({server.origin()}));
  std::vector<std::shared_ptr<RecordingSink>> sinks;
  for (int i = 0; i < 40; ++i) {
    sinks.push_back(std::make_shared<RecordingSink>());
    client->stream(request_for(server, "/" + std::to_string(i)), sinks.back());
  }
  for (int i = 0; i < 40; ++i) {
    REQUIRE(sinks[static_cast<std::size_t>(i)]->wait());
    CHECK(sinks[static_cast<std::size_t>(i)]->body() ==
          "/" + std::to_string(i) + std::string(50'000, 'x'));
  }
}

TEST_CASE("http client: all transfers keep one rate", "[daemon][upstream]") {
  ScriptServer server([](ScriptPeer& peer, const ScriptRequest&) {
    peer.reply("200 OK", "", std::string(400'000, 'x'));
  });
  auto options = options_for({server.origin()});
  options.rate_bytes = 1'000'000;
  const auto client = *HttpClient::start(options);
  const auto start = std::chrono::steady_clock::now();
  auto one = std::make_shared<RecordingSink>();
  auto two = std::make_shared<RecordingSink>();
  client->stream(request_for(server, "/1"), one);
  client->stream(request_for(server, "/2"), two);
  REQUIRE(one->wait());
  REQUIRE(two->wait());
  const auto took = std::chrono::steady_clock::now() - start;
  CHECK(took > 700ms);
  CHECK(took < 8s);
}

TEST_CASE("http client: a throttle holds those that carry it, until it is taken away",
          "[daemon][upstream]") {
  constexpr std::size_t size = 4u << 20;
  constexpr std::uint64_t rate = 100'000;
  ScriptServer server([&](ScriptPeer& peer, const ScriptRequest&) {
    peer.reply("200 OK", "", std::string(size, 'x'));
  });
  const auto client = *HttpClient::start(options_for({server.origin()}));
  const auto throttle = std::make_shared<Throttle>();
  throttle->set(std::make_shared<RateCap>(rate));
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::shared_ptr<RecordingSink>> slow;
  for (const auto* target : {"/1", "/2"}) {
    auto request = request_for(server, target);
    request.throttle = throttle;
    slow.push_back(std::make_shared<RecordingSink>());
    client->stream(std::move(request), slow.back());
  }
  const auto free = std::make_shared<RecordingSink>();
  client->stream(request_for(server, "/3"), free);
  REQUIRE(free->wait());
  // A slow machine brings less in that time, never more.
  constexpr std::size_t reads = 2 * 16 * 1024;
  for (int i = 0; i < 10; ++i) {
    const auto bytes = slow[0]->size() + slow[1]->size();
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    CHECK(static_cast<double>(bytes) <= static_cast<double>(rate) * passed.count() + reads);
    std::this_thread::sleep_for(100ms);
  }
  CHECK(slow[0]->size() > 0);
  throttle->set(nullptr);
  for (const auto& sink : slow) {
    REQUIRE(sink->wait());
    CHECK(sink->size() == size);
  }
}
