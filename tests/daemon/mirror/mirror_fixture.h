#pragma once

#include <fstream>
#include <functional>
#include <map>

#include <boost/json/parse.hpp>

#include "daemon/convert/submit.h"
#include "daemon/jobs/jobs.h"
#include "daemon/mirror/mirror.h"
#include "protocol/git/object.h"
#include "protocol/git/pkt_line.h"
#include "protocol/lfs/pointer.h"
#include "tests/daemon/hub_fixture.h"
#include "tests/support/net/script_server.h"

/// A hub whose upstream is a few lines of this process.
namespace waag::daemon::testing {

using waag::testing::ScriptPeer;
using waag::testing::ScriptRequest;
using waag::testing::ScriptServer;

/// Repos of one revision, by name; *.safetensors and *.bin are LFS files. What tests change is
/// guarded, as each connection has its thread.
class FakeUpstream {
 public:
  struct Repo {
    std::string commit = "5be1b0c3a1f0c2d94c1d3c6f4b9a7e2d10c0ffee";
    std::map<std::string, std::string> files;
    bool closed = false;
    std::vector<std::string> tags;
  };

  FakeUpstream()
      : server([this](ScriptPeer& peer, const ScriptRequest& request) { answer(peer, request); }) {}

  void put(const std::string& name, Repo repo) {
    const std::scoped_lock lock(mutex_);
    repos_[name] = std::move(repo);
  }
  void remove(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    repos_.erase(name);
  }
  /// Files of that path get a 404 from now on; "" ends it.
  void break_file(const std::string& path) {
    const std::scoped_lock lock(mutex_);
    broken_ = path;
  }
  /// What git's routes answer from now on; with "200 OK" there is a history that never comes.
  void answer_git(const std::string& status) {
    const std::scoped_lock lock(mutex_);
    git_ = status;
  }
  /// From now on git's routes answer so, as long as answer_git() says "200 OK".
  /// @param git  the list of refs without a request's body, else the pack for it; one at a time
  void speak_git(std::function<std::string(const std::string& body)> git) {
    const std::scoped_lock lock(mutex_);
    git_ = "200 OK";
    speak_git_ = std::move(git);
  }
  /// Every request gets a 500 from now on, or not any more.
  void fail_all(bool failing) {
    const std::scoped_lock lock(mutex_);
    failing_ = failing;
  }
  /// Requests whose target has this in it.
  std::size_t count(std::string_view part) const {
    std::size_t found = 0;
    for (const auto& request : server.requests())
      if (request.target.find(part) != std::string::npos) ++found;
    return found;
  }
  [[nodiscard]] std::string origin() const { return server.origin(); }

 private:
  static constexpr std::string_view not_found = R"({"error":"Repository not found"})";

  static bool is_lfs(std::string_view path) {
    return path.ends_with(".safetensors") || path.ends_with(".bin") || path.ends_with(".gguf");
  }
  static std::string entry_json(const std::string& path, const std::string& content) {
    const auto size = std::to_string(content.size());
    if (!is_lfs(path))
      return R"({"type":"file","path":")" + path + R"(","size":)" + size + R"(,"oid":")" +
             git::blob_id(as_bytes(content)).hex() + "\"}";
    const auto oid = sha256(as_bytes(content));
    const auto pointer = lfs::serialize_pointer({oid, content.size()});
    return R"({"type":"file","path":")" + path + R"(","size":)" + size + R"(,"oid":")" +
           git::blob_id(as_bytes(pointer)).hex() + R"(","lfs":{"oid":")" + oid.hex() +
           R"(","size":)" + size + R"(,"pointerSize":)" + std::to_string(pointer.size()) + "}}";
  }
  static std::string tree_json(const Repo& repo) {
    std::string text;
    for (const auto& [path, content] : repo.files)
      text += (text.empty() ? "" : ",") + entry_json(path, content);
    return "[" + text + "]";
  }
  static std::string refs_json(const Repo& repo) {
    const auto ref = [&](const std::string& name, const std::string& full) {
      return R"({"name":")" + name + R"(","ref":")" + full + R"(","targetCommit":")" + repo.commit +
             "\"}";
    };
    std::string tags;
    for (const auto& tag : repo.tags)
      tags += (tags.empty() ? "" : ",") + ref(tag, "refs/tags/" + tag);
    return R"({"branches":[)" + ref("main", "refs/heads/main") + R"(],"converts":[],"tags":[)" +
           tags + "]}";
  }

  static constexpr const char* refs_type =
      "Content-Type: application/x-git-upload-pack-advertisement\r\n";
  static constexpr const char* pack_type = "Content-Type: application/x-git-upload-pack-result\r\n";
  static std::string refs() {
    using namespace std::string_literals;
    std::string body;
    git::append_pkt(body, "# service=git-upload-pack\n");
    body += git::pkt_flush;
    git::append_pkt(body, Repo().commit + " refs/heads/main\0side-band-64k ofs-delta\n"s);
    return body + std::string(git::pkt_flush);
  }

  void answer(ScriptPeer& peer, const ScriptRequest& request) {
    std::unique_lock lock(mutex_);
    if (failing_) return peer.reply("500 Internal Server Error", "", "");
    const auto path = request.target.substr(0, request.target.find('?'));
    if (path.starts_with("/api/waag/")) return peer.reply("404 Not Found", "", "no such page");
    if (path.ends_with("/info/refs")) {
      if (git_ != "200 OK") return peer.reply(git_, "", "");
      return peer.reply(git_, refs_type, speak_git_ ? speak_git_("") : refs());
    }
    if (path.ends_with("/git-upload-pack")) {
      if (speak_git_) return peer.reply(git_, pack_type, speak_git_(request.body));
      lock.unlock();
      return peer.pause(std::chrono::seconds(20));
    }
    if (path == "/api/models") {
      const auto body = list_json();
      lock.unlock();
      return peer.reply("200 OK", "Content-Type: application/json\r\n", body);
    }
    for (const auto& [name, repo] : repos_) {
      const auto api = "/api/models/" + name + "/";
      const auto files = "/" + name + "/resolve/" + repo.commit + "/";
      const Repo copy = repo;
      if (path.starts_with(files)) {
        const auto file = path.substr(files.size());
        const bool broken = file == broken_;
        lock.unlock();
        return send_file(peer, request, broken ? Repo{} : copy, file);
      }
      if (!path.starts_with(api)) continue;
      const auto what = path.substr(api.size());
      const auto id = name;
      lock.unlock();
      const std::string json = "Content-Type: application/json\r\n";
      if (what == "refs") return peer.reply("200 OK", json, refs_json(copy));
      if (what.starts_with("tree/")) return peer.reply("200 OK", json, tree_json(copy));
      return peer.reply("200 OK", json,
                        R"({"id":")" + id + R"(","sha":")" + copy.commit + R"(","private":)" +
                            (copy.closed ? "true" : "false") + "}");
    }
    lock.unlock();
    peer.reply("404 Not Found", "X-Error-Code: RepoNotFound\r\n", not_found);
  }
  std::string list_json() const {
    std::string text;
    for (const auto& [name, repo] : repos_)
      text += (text.empty() ? "" : ",") + (R"({"id":")" + name + "\"}");
    return "[" + text + R"(,{"id":"gpt2"}])";
  }
  static void send_file(ScriptPeer& peer, const ScriptRequest& request, const Repo& repo,
                        const std::string& file) {
    const auto found = repo.files.find(file);
    if (found == repo.files.end())
      return peer.reply("404 Not Found", "X-Error-Code: EntryNotFound\r\n",
                        R"({"error":"Entry not found"})");
    const auto& content = found->second;
    const auto range = request.header("Range");
    if (!range.starts_with("bytes=")) return peer.reply("200 OK", "", content);
    const auto dash = range.find('-');
    const auto first = std::stoull(range.substr(6, dash - 6));
    const auto last =
        std::min<std::size_t>(std::stoull(range.substr(dash + 1)), content.size() - 1);
    peer.reply("206 Partial Content",
               "Content-Range: bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" +
                   std::to_string(content.size()) + "\r\n",
               content.substr(first, last - first + 1));
  }

  mutable std::mutex mutex_;
  std::map<std::string, Repo> repos_;
  std::string broken_;
  std::string git_ = "404 Not Found";
  std::function<std::string(const std::string& body)> speak_git_;
  bool failing_ = false;

 public:
  ScriptServer server;  // last: its threads end before what they use
};

/// A hub with that upstream. Its jobs run once begin() is called.
struct MirrorFixture : HubFixture {
  ~MirrorFixture() {
    app->jobs->stop();
    app->mirror.reset();
  }
  void begin(const std::string& policy = "") {
    config.upstream.urls = upstream.origin();
    config.upstream.git = with_git;
    config.upstream.retries = 1;
    config.upstream.retry_base_ms = 1;
    if (!policy.empty()) {
      const auto file = folder.path() / "policy.toml";
      std::ofstream(file) << policy;
      config.mirror.policy_file = file.string();
    }
    auto made = Mirror::start(config, *store, pool, clock, mirror_random, log);
    if (!made) FAIL("mirror: " << made.error().what);
    app->mirror = *std::move(made);
    app->mirror->add_jobs(*app->jobs, std::bind_front(convert_mirrored, std::ref(*app)));
    REQUIRE(app->jobs->start());
  }
  storage::JobRow ended(std::uint64_t id) {
    const auto feed = app->jobs->watch(id);
    REQUIRE(feed);
    REQUIRE((*feed)->wait_over(std::chrono::seconds(20)));
    return (*feed)->row();
  }
  storage::JobRow pulled(boost::json::object spec, const std::string& user = "root") {
    const auto row = app->jobs->submit({"mirror", std::move(spec), {user, ""}, 0, ""});
    if (!row) FAIL("submit: " << row.error().what);
    return ended(row->id);
  }
  static boost::json::value result_of(const storage::JobRow& row) {
    INFO(row.error);
    REQUIRE_FALSE(row.result.empty());
    return boost::json::parse(row.result);
  }

  bool with_git = false;  // histories come
  FakeUpstream upstream;
  SeededRandom mirror_random{9};
};

}  // namespace waag::daemon::testing
