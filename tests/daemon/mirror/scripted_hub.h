#pragma once

#include <map>
#include <set>

#include "daemon/mirror/lookup.h"
#include "protocol/git/object.h"
#include "protocol/lfs/pointer.h"
#include "tests/daemon/upstream/client_fixture.h"
#include "tests/support/store_fixture.h"

namespace waag::daemon::testing {

using waag::testing::ScriptPeer;
using waag::testing::ScriptRequest;
using waag::testing::ScriptServer;

inline const std::string commit_1 = "1111111111111111111111111111111111111111";
inline const std::string commit_2 = "2222222222222222222222222222222222222222";

/// A hub whose repos and faults the test sets while it runs.
class ScriptedHub {
 public:
  struct Repo {
    std::string id;  // what the hub says; it may be asked by other names too
    std::string commit = commit_1;
    std::map<std::string, std::string> files;
    std::set<std::string> lfs{};                    // paths
    std::map<std::string, std::string> pointers{};  // of LFS files, not written in the usual way
    std::string more{};                             // JSON members of the revision
    std::string etag{};                             // of the revision, in quotes
    std::vector<std::string> tags{};
  };

  ScriptedHub()
      : server_([this](ScriptPeer& peer, const ScriptRequest& request) { serve(peer, request); }) {}
  ~ScriptedHub() { release(); }

  void put(const std::string& name, Repo repo) {
    const std::scoped_lock lock(mutex_);
    repos_[name] = std::move(repo);
  }
  void remove(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    repos_.erase(name);
  }
  /// Targets with that in them get this from now on; an empty status ends it.
  void answer(const std::string& part, const std::string& status, const std::string& headers = "",
              const std::string& body = "{}") {
    const std::scoped_lock lock(mutex_);
    faults_[part] = {status, headers, body};
  }
  /// Nothing is answered until release().
  void hold() {
    const std::scoped_lock lock(mutex_);
    held_ = true;
  }
  void release() {
    const std::scoped_lock lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }

  [[nodiscard]] std::size_t count(std::string_view part = "") const {
    return static_cast<std::size_t>(
        std::ranges::count_if(server_.requests(), [&](const ScriptRequest& request) {
          return request.target.find(part) != std::string::npos;
        }));
  }
  /// Requests that asked only for what is new since.
  [[nodiscard]] std::size_t conditional() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        server_.requests(),
        [](const ScriptRequest& request) { return !request.header("If-None-Match").empty(); }));
  }
  bool wait_for_requests(std::size_t count) { return server_.wait_for_requests(count); }
  [[nodiscard]] std::string origin() const { return server_.origin(); }

 private:
  struct Fault {
    std::string status, headers, body;
  };

  static std::string entry(const Repo& repo, const std::string& path, const std::string& content) {
    const auto size = std::to_string(content.size());
    auto json = R"({"type":"file","path":")" + path + R"(","size":)" + size;
    if (!repo.lfs.contains(path))
      return json + R"(,"oid":")" + git::blob_id(as_bytes(content)).hex() + "\"}";
    const auto id = sha256(as_bytes(content));
    const auto pointer = repo.pointers.contains(path)
                             ? repo.pointers.at(path)
                             : lfs::serialize_pointer({id, content.size()});
    return json + R"(,"oid":")" + git::blob_id(as_bytes(pointer)).hex() + R"(","lfs":{"oid":")" +
           id.hex() + R"(","size":)" + size + R"(,"pointerSize":)" +
           std::to_string(pointer.size()) + "}}";
  }
  static std::string ref(const Repo& repo, const std::string& kind, const std::string& name) {
    return R"({"name":")" + name + R"(","ref":"refs/)" + kind + "/" + name +
           R"(","targetCommit":")" + repo.commit + "\"}";
  }
  static std::string json_of(const Repo& repo, const std::string& what) {
    std::string list;
    const auto add = [&](const std::string& item) { list += (list.empty() ? "" : ",") + item; };
    if (what.starts_with("tree/")) {
      for (const auto& [path, content] : repo.files) add(entry(repo, path, content));
      return "[" + list + "]";
    }
    if (what == "commits/" + repo.commit)
      return R"([{"id":")" + repo.commit +
             R"(","title":"Upload weights","message":"","authors":[{"user":"ann"}],)" +
             R"("date":"2026-11-02T09:14:05.000Z"}])";
    if (what.starts_with("refs")) {
      for (const auto& tag : repo.tags) add(ref(repo, "tags", tag));
      return R"({"branches":[)" + ref(repo, "heads", "main") + R"(],"converts":[],"tags":[)" +
             list + "]}";
    }
    const std::string fixed =
        repo.more.find("private") == repo.more.npos ? R"(,"private":false)" : "";
    return R"({"id":")" + repo.id + R"(","sha":")" + repo.commit + "\"" + fixed + repo.more + "}";
  }
  /// What follows `prefix` in the target, without the query; nullopt: it begins otherwise.
  static std::optional<std::string> behind(const ScriptRequest& request, std::string_view prefix) {
    if (!request.target.starts_with(prefix)) return std::nullopt;
    return request.target.substr(prefix.size(), request.target.find('?') - prefix.size());
  }
  static void send_file(ScriptPeer& peer, const ScriptRequest& request, const std::string& bytes) {
    unsigned long long first = 0;
    unsigned long long last = 0;
    const auto range = request.header("Range");
    if (std::sscanf(range.c_str(), "bytes=%llu-%llu", &first, &last) != 2)
      return peer.reply("200 OK", "", bytes);
    const auto text = std::to_string(first) + "-" + std::to_string(last);
    peer.reply("206 Partial Content",
               "Content-Range: bytes " + text + "/" + std::to_string(bytes.size()) + "\r\n",
               bytes.substr(first, last - first + 1));
  }

  void serve(ScriptPeer& peer, const ScriptRequest& request) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [this] { return !held_; });
    for (const auto& [part, fault] : faults_) {
      if (fault.status.empty() || request.target.find(part) == std::string::npos) continue;
      const auto copy = fault;
      lock.unlock();
      return peer.reply(copy.status, copy.headers, copy.body);
    }
    for (const auto& [name, repo] : repos_) {
      if (const auto what = behind(request, "/api/models/" + name + "/")) {
        const auto json = json_of(repo, *what);
        const auto etag = what->starts_with("revision/") ? repo.etag : "";
        lock.unlock();
        if (!etag.empty() && request.header("If-None-Match") == etag)
          return peer.reply("304 Not Modified", "ETag: " + etag + "\r\n", "");
        auto headers = std::string("Content-Type: application/json\r\n");
        if (!etag.empty()) headers += "ETag: " + etag + "\r\n";
        return peer.reply("200 OK", headers, json);
      }
      for (const std::string view : {"resolve", "raw"}) {
        const auto path = behind(request, "/" + name + "/" + view + "/" + repo.commit + "/");
        if (!path || !repo.files.contains(*path)) continue;
        const bool pointer = view == "raw" && repo.pointers.contains(*path);
        const auto bytes = pointer ? repo.pointers.at(*path) : repo.files.at(*path);
        lock.unlock();
        return send_file(peer, request, bytes);
      }
    }
    lock.unlock();
    peer.reply("404 Not Found", "X-Error-Code: RepoNotFound\r\n", "{}");
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  std::map<std::string, Repo> repos_;
  std::map<std::string, Fault> faults_;
  ScriptServer server_;  // last: its threads end before what they use
};

/// A real store and clients of such hubs.
struct LookupFixture : waag::testing::StoreFixture {
  ~LookupFixture() {
    for (const auto& governor : governors) governor->close();
    second.release();
    first.release();
    lookup.reset();
  }

  /// Of the hubs in this order.
  void begin(std::vector<ScriptedHub*> of, Lookup::Options options = without_git(),
             const std::set<ScriptedHub*>& untrusted = {}) {
    lookup.reset();
    clients.clear();
    std::vector<std::string> origins;
    for (const auto* hub : of) origins.push_back(hub->origin());
    http = *HttpClient::start(options_for(origins));
    std::vector<HubClient*> hubs;
    for (auto* hub : of) {
      governors.push_back(std::make_shared<Governor>(Governor::Options{}, clock, random));
      HubClient::Options with;
      with.base_url = hub->origin();
      with.trusted = !untrusted.contains(hub);
      with.retries = 0;
      clients.push_back(*HubClient::make(std::move(with), *http, governors.back()));
      hubs.push_back(clients.back().get());
    }
    lookup = std::make_unique<Lookup>(*store, hubs, clock, std::move(options));
  }
  static Lookup::Options without_git() {
    Lookup::Options options;
    options.git = false;
    return options;
  }

  static RepoId id(const std::string& full_name) {
    const auto slash = full_name.find('/');
    return {RepoType::model, full_name.substr(0, slash), full_name.substr(slash + 1)};
  }
  Result<Found> bring(const std::string& name, const std::string& revision = "main") {
    UpstreamCall call;
    call.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    return lookup->bring({id(name), revision, call});
  }
  Found brought(const std::string& name, const std::string& revision = "main") {
    auto found = bring(name, revision);
    if (!found) FAIL("bring: " << found.error().what);
    return *found;
  }
  [[nodiscard]] storage::MirrorRow row(std::uint64_t uid) const {
    const auto found = store->mirrors().find(uid);
    REQUIRE((found && *found));
    return **found;
  }
  static ScriptedHub::Repo tiny() { return {"acme/tiny", commit_1, {{"config.json", "{}"}}}; }

  ScriptedHub first;
  ScriptedHub second;
  std::vector<std::shared_ptr<Governor>> governors;
  std::unique_ptr<HttpClient> http;
  std::vector<std::unique_ptr<HubClient>> clients;
  std::unique_ptr<Lookup> lookup;
};

}  // namespace waag::daemon::testing
