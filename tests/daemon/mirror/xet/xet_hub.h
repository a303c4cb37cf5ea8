#pragma once

#include <map>
#include <mutex>

#include "daemon/mirror/hub_source.h"
#include "daemon/mirror/xet/xet_source.h"
#include "protocol/hash.h"
#include "protocol/hub/json_writer.h"
#include "protocol/xet/merkle.h"
#include "protocol/xet/reconstruction.h"
#include "tests/daemon/upstream/client_fixture.h"
#include "tests/support/store_fixture.h"

namespace waag::daemon::testing {

using waag::testing::ScriptPeer;
using waag::testing::ScriptRequest;
using waag::testing::ScriptServer;

/// An upstream on a socket that serves its files by Xet and plainly, and goes wrong on order. What
/// is already in a xorb of an earlier file is not put into another one.
class XetUpstream {
 public:
  /// True: it has answered, or meant not to.
  using Fault = std::function<bool(ScriptPeer&, const ScriptRequest&)>;

  XetUpstream()
      : server([this](ScriptPeer& peer, const ScriptRequest& request) {
          Fault fault;
          {
            const std::scoped_lock lock(mutex_);
            fault = fault_;
          }
          if (!fault || !fault(peer, request)) answer(peer, request);
        }) {}

  void add(const std::string& path, const std::string& content) {
    const std::scoped_lock lock(mutex_);
    auto& file = files_[path];
    file.content = content;
    std::vector<xet::HashedLength> all;
    std::vector<xet::HashedLength> fresh;
    std::vector<std::optional<Place>> places;
    std::size_t at = 0;
    std::vector<std::string> raws;
    for (const auto bytes : xet::chunk_lengths(as_bytes(content))) {
      const auto raw = content.substr(at, bytes);
      at += bytes;
      all.push_back({xet::chunk_hash(as_bytes(raw)), bytes});
      const auto known = chunks_.find(all.back().hash);
      if (known != chunks_.end()) {
        places.push_back(known->second);
        continue;
      }
      chunks_[all.back().hash] = {std::nullopt, static_cast<std::uint32_t>(fresh.size())};
      places.push_back(chunks_[all.back().hash]);
      fresh.push_back(all.back());
      raws.push_back(raw);
    }
    XorbHash xorb;
    if (!fresh.empty()) xorb = xet::xorb_hash(fresh);
    for (const auto& chunk : fresh) chunks_[chunk.hash].xorb = xorb;
    if (!fresh.empty()) xorbs_[xorb] = raws;
    file.hash = xet::file_hash(all);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto of = places[i]->xorb.value_or(xorb);
      auto& terms = file.terms;
      if (terms.empty() || terms.back().xorb != of ||
          terms.back().first_chunk + terms.back().chunks != places[i]->number)
        terms.push_back({of, places[i]->number, 0, 0});
      ++terms.back().chunks;
      terms.back().bytes += all[i].bytes;
    }
  }
  void go_wrong(Fault fault) {
    const std::scoped_lock lock(mutex_);
    fault_ = std::move(fault);
  }
  /// Requests whose target has that in it.
  [[nodiscard]] std::size_t count(const std::string& what,
                                  const std::string& method = "GET") const {
    std::size_t found = 0;
    for (const auto& request : server.requests())
      if (request.method == method && request.target.find(what) != std::string::npos) ++found;
    return found;
  }
  [[nodiscard]] std::string last_header(const std::string& what, const std::string& name) const {
    std::string found;
    for (const auto& request : server.requests())
      if (request.target.find(what) != std::string::npos) found = request.header(name);
    return found;
  }

  void answer(ScriptPeer& peer, const ScriptRequest& request) {
    peer.keep_open();
    const auto last = request.target.substr(request.target.rfind('/') + 1);
    const std::scoped_lock lock(mutex_);
    if (request.target.find("/resolve/") != std::string::npos) return file(peer, request, last);
    if (request.target.find("/xet-read-token/") != std::string::npos) return token(peer);
    if (request.target.find("/cas/data/") != std::string::npos) return data(peer, request, last);
    const bool second = request.target.starts_with("/cas/v2/");
    if (request.target.starts_with("/cas/") && (!second || second_version))
      return plan(peer, request, last, second);
    peer.reply("404 Not Found", "", "");
  }

  std::atomic<bool> offers_xet{true};
  std::atomic<bool> second_version{true};
  std::atomic<std::uint64_t> token_expires_s{4'000'000'000};
  /// Set before the first request.
  std::function<void(xet::Plan&)> change_plan;

 private:
  struct Place {
    std::optional<XorbHash> xorb;  // none: the one that is being made
    std::uint32_t number = 0;
  };
  struct File {
    std::string content;
    FileHash hash;
    std::vector<xet::FileTerm> terms;
  };

  static std::optional<http::ByteRange> range_of(const ScriptRequest& request, std::uint64_t size) {
    const auto text = request.header("Range");
    if (text.empty()) return std::nullopt;
    const auto range = http::parse_byte_range(text, size);
    return range ? *range : std::nullopt;
  }
  static void send_part(ScriptPeer& peer, const ScriptRequest& request, const std::string& body,
                        const std::string& headers) {
    const auto range = range_of(request, body.size());
    if (!range) return peer.reply("200 OK", headers, request.method == "HEAD" ? "" : body);
    const auto part = body.substr(range->first, range->size_bytes());
    peer.reply("206 Partial Content",
               headers + "Content-Range: " + http::content_range(*range, body.size()) + "\r\n",
               part);
  }
  void file(ScriptPeer& peer, const ScriptRequest& request, const std::string& path) {
    const auto found = files_.find(path);
    if (found == files_.end()) return peer.reply("404 Not Found", "", "");
    std::string headers;
    if (offers_xet) headers = "X-Xet-Hash: " + xet::xet_string(found->second.hash) + "\r\n";
    send_part(peer, request, found->second.content, headers);
  }
  void token(ScriptPeer& peer) {
    hub::JsonWriter json;
    json.begin_object().field("casUrl", server.origin() + "/cas");
    json.field("exp", token_expires_s.load());
    json.field("accessToken", "xet-" + std::to_string(++tokens_)).end_object();
    peer.reply("200 OK", "", json.take());
  }
  void plan(ScriptPeer& peer, const ScriptRequest& request, const std::string& hash, bool second) {
    for (const auto& [path, file] : files_) {
      if (xet::xet_string(file.hash) != hash) continue;
      const auto lengths = [&](const XorbHash& xorb) -> Result<std::vector<std::uint32_t>> {
        std::vector<std::uint32_t> found;
        for (const auto& raw : xorbs_.at(xorb))
          found.push_back(static_cast<std::uint32_t>(raw.size()));
        return found;
      };
      const auto size = file.content.size();
      auto made = xet::plan_reconstruction(file.terms, size, range_of(request, size), lengths);
      if (!made) return peer.reply("500 Oh", "", "");
      if (change_plan) change_plan(*made);
      const auto url = [&](const XorbHash& xorb, std::span<const xet::FetchRange>) {
        return server.origin() + "/cas/data/" + xet::xet_string(xorb);
      };
      const auto body = second ? xet::plan_json_v2(*made, url, 8) : xet::plan_json_v1(*made, url);
      return peer.reply("200 OK", "", body);
    }
    peer.reply("404 Not Found", "", "");
  }
  void data(ScriptPeer& peer, const ScriptRequest& request, const std::string& hash) {
    const auto xorb = xet::parse_xet_string<XorbHash>(hash);
    if (!xorb || !xorbs_.contains(*xorb)) return peer.reply("404 Not Found", "", "");
    std::string body;
    for (const auto& raw : xorbs_.at(*xorb)) {
      const auto head = xet::wire_chunk_header(static_cast<std::uint32_t>(raw.size()));
      body += std::string(as_text(head)) + raw;
    }
    send_part(peer, request, body, "");
  }

  mutable std::mutex mutex_;
  Fault fault_;
  std::map<std::string, File> files_;
  std::map<XorbHash, std::vector<std::string>> xorbs_;  // raw chunks
  std::map<ChunkHash, Place> chunks_;
  int tokens_ = 0;

 public:
  ScriptServer server;  // last: its threads use the others
};

/// An upstream, a store, and what lies between.
struct XetFixture : waag::testing::StoreFixture {
  XetUpstream upstream;
  std::shared_ptr<Governor> governor =
      std::make_shared<Governor>(Governor::Options{}, clock, random);
  std::unique_ptr<HttpClient> http;
  std::unique_ptr<HubClient> hub;
  std::mutex mutex;
  std::vector<std::string> events;
  std::unique_ptr<XetServices> services;
  const RepoId repo = *RepoId::make(RepoType::model, "acme", "tiny");
  const CommitId commit = *CommitId::parse("5be1b0c3a1f0c2d94c1d3c6f4b9a7e2d10c0ffee");

  XetFixture() {
    auto options = options_for({upstream.server.origin()});
    options.idle_time = std::chrono::milliseconds(2'000);
    http = *HttpClient::start(options);
    HubClient::Options with;
    with.base_url = upstream.server.origin();
    with.token = Secret("hf_secret");
    hub = *HubClient::make(std::move(with), *http, governor);
    services = std::make_unique<XetServices>(*store, clock, 4);
    services->log = [this](std::string_view event, const std::string&, const Status& status) {
      const std::scoped_lock lock(mutex);
      events.emplace_back(event);
      if (!status) UNSCOPED_INFO(event << ": " << status.error().what);
    };
  }
  ~XetFixture() {
    services.reset();
    http.reset();  // before the hub: as Upstreams does
  }

  /// @param repo_uid  nullopt: no part leads
  std::shared_ptr<XetSource> source(const std::string& path, const std::string& content,
                                    std::optional<std::uint64_t> repo_uid = std::nullopt) {
    const HubSource::File there{repo, commit, path, content.size()};
    auto plain = std::make_shared<HubSource>(*hub, there, std::chrono::milliseconds(5'000));
    XetSource::File file{there, sha256(as_bytes(content)), path, repo_uid};
    return std::make_shared<XetSource>(*services, *hub, std::move(plain), std::move(file));
  }
  /// A part as a fill would ask for it.
  static std::string fetched(ByteSource& source, storage::Stretch part) {
    const auto sink = std::make_shared<RecordingSink>();
    const auto transfer = source.fetch(part, sink, nullptr);
    const auto status = sink->wait();
    if (!status) FAIL("fetch: " << status.error().what);
    CHECK(sink->begins() == 1);
    CHECK(sink->dones() == 1);
    return sink->body();
  }
  /// All of a file, which then is in the store.
  void bring(const std::string& path, const std::string& content) {
    const auto from = source(path, content);
    CHECK(fetched(*from, {0, content.size()}) == content);
    ingest(content);
    from->filled();
  }
  /// Xorb bytes that have come since the last call.
  std::uint64_t moved() {
    const auto now = services->traffic.bytes(XetRoad::xet);
    return now - std::exchange(moved_before, now);
  }
  std::uint64_t moved_before = 0;
};

}  // namespace waag::daemon::testing
