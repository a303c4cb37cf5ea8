#include "daemon/mirror/xet/xet_source.h"

#include <algorithm>
#include <condition_variable>
#include <thread>

#include "daemon/mirror/fill/fills.h"
#include "tests/daemon/mirror/xet/xet_hub.h"

namespace waag::daemon::testing {
namespace {

using namespace std::chrono_literals;
using waag::testing::noise;

struct SourceFixture : XetFixture {
  /// By a fill, with parts small enough that there are many.
  Status fill(const std::string& path, const std::string& content,
              std::optional<std::uint64_t> leads_of = std::nullopt) {
    Fills::Options options;
    options.limits.stretch_bytes_max = 1u << 20;
    options.limits.pause = 10ms;
    Fills fills(*store, std::move(options));
    WantedFile wanted;
    wanted.repo_uid = uid;
    wanted.id = sha256(as_bytes(content));
    wanted.size_bytes = content.size();
    wanted.about = path;
    wanted.sources = {source(path, content, leads_of)};
    const auto made = fills.join(std::move(wanted));
    if (!made) return made.error();
    return (*made)->wait_until(std::chrono::steady_clock::now() + 30s);
  }
  void check_stored(const std::string& content) {
    const auto reader = store->open_blob(sha256(as_bytes(content)));
    REQUIRE(reader);
    CHECK(read(**reader) == content);
  }
  /// The xorb of that file with chunks of the right lengths: only the file's own hash tells.
  static std::string wrong_chunks(const std::string& content) {
    std::string body;
    for (const auto bytes : xet::chunk_lengths(as_bytes(content))) {
      const auto head = xet::wire_chunk_header(static_cast<std::uint32_t>(bytes));
      body += std::string(as_text(head)) + std::string(bytes, 'x');
    }
    return body;
  }
  bool logged(const std::string& event) {
    const std::scoped_lock lock(mutex);
    return std::ranges::find(events, event) != events.end();
  }
  const std::uint64_t uid = make_repo("mirrored");
};

}  // namespace

TEST_CASE_METHOD(SourceFixture, "xet_source: a second revision moves only what is new",
                 "[mirror][xet_source]") {
  const auto first = noise(1, 8'000'000);
  upstream.add("a.bin", first);
  REQUIRE(fill("a.bin", first));
  check_stored(first);
  const auto once = moved();
  CHECK(once >= first.size());
  CHECK(once <= first.size() + first.size() / 5);
  CHECK(upstream.count("/resolve/", "HEAD") == 1);
  CHECK(upstream.count("/xet-read-token/") == 1);

  auto second = first;
  second.replace(4'000'000, 5'000, noise(2, 5'000));
  upstream.add("b.bin", second);
  REQUIRE(fill("b.bin", second));
  check_stored(second);
  CHECK(moved() <= 400'000);
  CHECK(services->traffic.bytes(XetRoad::plain) == 0);
  CHECK(events.empty());
}

TEST_CASE_METHOD(SourceFixture, "xet_source: a file that is not offered by Xet comes plainly",
                 "[mirror][xet_source]") {
  upstream.offers_xet = false;
  const auto content = noise(1, 3'000'000);
  upstream.add("a.bin", content);
  REQUIRE(fill("a.bin", content));
  check_stored(content);
  CHECK(services->traffic.bytes(XetRoad::plain) >= content.size());
  CHECK(moved() == 0);
  CHECK(upstream.count("/resolve/", "HEAD") == 1);
  CHECK(events.empty());
}

TEST_CASE_METHOD(SourceFixture, "xet_source: wrong bytes by Xet are fetched again plainly",
                 "[mirror][xet_source]") {
  const auto content = noise(1, 3'000'000);
  upstream.add("a.bin", content);
  upstream.go_wrong([&](ScriptPeer& peer, const ScriptRequest& request) {
    if (request.target.find("/data/") == std::string::npos) return false;
    const auto range = http::parse_byte_range(request.header("Range"), 100'000'000);
    const auto body = wrong_chunks(content).substr((*range)->first, (*range)->size_bytes());
    peer.keep_open();
    peer.reply("206 Partial Content",
               "Content-Range: " + http::content_range(**range, 100'000'000) + "\r\n", body);
    return true;
  });
  REQUIRE(fill("a.bin", content));
  check_stored(content);
  CHECK(services->traffic.bytes(XetRoad::plain) >= content.size());
  upstream.go_wrong({});
  // Nothing of them is believed later.
  const auto from = source("a.bin", content);
  CHECK(fetched(*from, {0, content.size()}) == content);
}

TEST_CASE_METHOD(SourceFixture, "xet_source: after two parts that failed all comes plainly",
                 "[mirror][xet_source]") {
  const auto content = noise(1, 3'000'000);
  upstream.add("a.bin", content);
  upstream.go_wrong([](ScriptPeer& peer, const ScriptRequest& request) {
    if (request.target.find("/reconstructions/") == std::string::npos) return false;
    peer.reply("500 Oh", "", "");
    return true;
  });
  const auto from = source("a.bin", content);
  for (std::size_t at = 0; at < content.size(); at += 500'000)
    CHECK(fetched(*from, {at, at + 500'000}) == content.substr(at, 500'000));
  CHECK(upstream.count("/reconstructions/") == 2);
  CHECK(logged("xet_failed"));
  upstream.go_wrong({});
}

TEST_CASE_METHOD(SourceFixture, "xet_source: it changes its way once, if there is another",
                 "[mirror][xet_source]") {
  const auto content = noise(1, 1'000'000);
  upstream.add("a.bin", content);
  const auto from = source("a.bin", content);
  fetched(*from, {0, 600'000});
  CHECK(from->change_way());
  fetched(*from, {0, 600'000});
  CHECK_FALSE(from->change_way());
  const auto plain = source("a.bin", content);
  CHECK_FALSE(plain->change_way());
}

TEST_CASE_METHOD(SourceFixture, "xet_source: the first parts lead, and are learned",
                 "[mirror][xet_source]") {
  const auto content = noise(1, 8'400'000);
  upstream.add("a.bin", content);
  const auto from = source("a.bin", content, uid);
  const std::uint64_t half = content.size() / 8;
  CHECK(fetched(*from, {0, half}) == content.substr(0, half));
  CHECK(fetched(*from, {half, half + 1000}) == content.substr(half, 1000));
  CHECK(from->traffic().bytes(XetRoad::plain) == half + 1000);
  CHECK(moved() == 0);
  // More than a quarter of the file never leads.
  CHECK(fetched(*from, {half + 1000, content.size()}) == content.substr(half + 1000));
  CHECK(from->traffic().bytes(XetRoad::plain) == half + 1000);
  CHECK(moved() > 0);
  ingest(content);
  services->workers.join();
  from->filled();
  std::vector<xet::HashedLength> chunks;
  std::size_t at = 0;
  for (const auto bytes : xet::chunk_lengths(as_bytes(content))) {
    chunks.push_back({xet::chunk_hash(as_bytes(content).subspan(at, bytes)), bytes});
    at += bytes;
  }
  const auto seen = storage::XetChunks(store->rows(), store->packs(), hub->base_url())
                        .seen(xet::xorb_hash(chunks));
  REQUIRE(seen);
  REQUIRE(seen->size() == chunks.size());
  for (std::size_t i = 0; i < chunks.size(); ++i)
    REQUIRE(seen->at(static_cast<std::uint32_t>(i)).hash == chunks[i].hash);
  CHECK(events.empty());
}

TEST_CASE_METHOD(SourceFixture, "xet_source: after a wrong lead all comes by Xet",
                 "[mirror][xet_source]") {
  const auto content = noise(1, 8'400'000);
  upstream.add("a.bin", content);
  upstream.go_wrong([&](ScriptPeer& peer, const ScriptRequest& request) {
    if (request.method != "GET" || request.target.find("/resolve/") == std::string::npos)
      return false;
    const auto range = http::parse_byte_range(request.header("Range"), content.size());
    peer.keep_open();
    peer.reply("206 Partial Content",
               "Content-Range: " + http::content_range(**range, content.size()) + "\r\n",
               std::string((*range)->size_bytes(), 'x'));
    return true;
  });
  REQUIRE(fill("a.bin", content, uid));
  check_stored(content);
  CHECK(upstream.count("/resolve/") > 0);
  upstream.go_wrong({});
}

TEST_CASE_METHOD(SourceFixture, "xet_source: where bytes come by Xet nothing leads any more",
                 "[mirror][xet_source]") {
  const auto content = noise(1, 8'400'000);
  upstream.add("a.bin", content);
  const auto from = source("a.bin", content, uid);
  fetched(*from, {4'000'000, 7'000'000});  // too long to lead
  CHECK(moved() > 0);
  fetched(*from, {0, 500'000});
  CHECK(services->traffic.bytes(XetRoad::plain) == 0);
}

TEST_CASE_METHOD(SourceFixture, "xet_source: two lead at a time", "[mirror][xet_source]") {
  const auto content = noise(1, 8'400'000);
  upstream.add("a.bin", content);
  std::mutex guard;
  std::condition_variable changed;
  bool open = false;
  upstream.go_wrong([&](ScriptPeer&, const ScriptRequest& request) {
    if (request.method != "GET" || request.target.find("/resolve/") == std::string::npos)
      return false;
    std::unique_lock lock(guard);
    changed.wait_for(lock, 20s, [&] { return open; });
    return false;
  });
  const auto from = source("a.bin", content, uid);
  std::vector<std::shared_ptr<RecordingSink>> sinks;
  std::vector<std::shared_ptr<HttpClient::Transfer>> transfers;
  for (std::uint64_t at = 0; at < 1'500'000; at += 500'000) {
    sinks.push_back(std::make_shared<RecordingSink>());
    transfers.push_back(from->fetch({at, at + 500'000}, sinks.back(), nullptr));
  }
  REQUIRE(sinks[2]->wait());  // by Xet, while the others wait for their first byte
  CHECK(sinks[2]->body() == content.substr(1'000'000, 500'000));
  CHECK_FALSE(sinks[0]->is_done());
  CHECK_FALSE(sinks[1]->is_done());
  {
    const std::scoped_lock lock(guard);
    open = true;
    changed.notify_all();
  }
  for (const auto& sink : sinks) REQUIRE(sink->wait());
  CHECK(from->traffic().bytes(XetRoad::plain) == 1'000'000);
}

TEST_CASE_METHOD(SourceFixture, "xet_source: nothing leads where another revision may be here",
                 "[mirror][xet_source]") {
  const auto content = noise(1, 8'400'000);
  upstream.add("a.bin", content);
  // Something of the repo is here, and which revision's it is cannot be told.
  REQUIRE(store->rows().apply(storage::Mirrors::proof(uid, ingest("other"))));
  fetched(*source("a.bin", content, uid), {0, 500'000});
  CHECK(services->traffic.bytes(XetRoad::plain) == 0);
}

TEST_CASE_METHOD(SourceFixture,
                 "xet_source: a token is asked for beside the hash, once it is known "
                 "that there are some",
                 "[mirror][xet_source]") {
  const auto content = noise(1, 1'000'000);
  upstream.add("a.bin", content);
  fetched(*source("a.bin", content), {0, 100'000});
  services->tokens.forget(*hub, repo, commit);
  std::atomic<bool> waited{false};
  upstream.go_wrong([&](ScriptPeer&, const ScriptRequest& request) {
    if (request.method != "HEAD") return false;
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (upstream.count("/xet-read-token/") < 2 && std::chrono::steady_clock::now() < limit)
      std::this_thread::yield();
    waited = upstream.count("/xet-read-token/") == 2;
    return false;
  });
  fetched(*source("a.bin", content), {0, 100'000});
  CHECK(waited);
  CHECK(upstream.count("/xet-read-token/") == 2);
  upstream.go_wrong({});
}

TEST_CASE_METHOD(SourceFixture, "xet_source: a file that the upstream calls by a wrong name",
                 "[mirror][xet_source]") {
  const auto content = noise(1, 1'000'000);
  upstream.add("a.bin", content);
  upstream.add("b.bin", content + "more");
  const auto from = source("b.bin", content);  // those bytes, that name
  CHECK(fetched(*from, {0, content.size()}) == content);
  ingest(content);
  from->filled();
  CHECK(logged("xet_hash_differs"));
}

}  // namespace waag::daemon::testing
