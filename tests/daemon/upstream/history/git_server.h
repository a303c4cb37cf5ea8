#pragma once

#include <array>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <functional>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/json/parse.hpp>

#include "daemon/upstream/http_client.h"
#include "protocol/git/pkt_line.h"
#include "protocol/git/stream/raw_writer.h"
#include "tests/support/temp_folder.h"

namespace waag::daemon::testing {

/// An upstream whose bytes are real git's: a bare repository beside a work tree, and
/// git-upload-pack behind an HttpClient without a network; if told so, raw objects too. What it
/// answers can be bent.
class GitServer final : public HttpClient {
 public:
  static constexpr std::string_view origin = "http://up.test";
  static constexpr std::string_view url = "http://up.test/acme/repo";

  /// An object as it goes out by the raw road.
  struct Object {
    git::ObjectHead head;
    std::string body;
  };

  GitServer() { sh("git init -q --bare -b main up.git && git init -q -b main work"); }
  ~GitServer() override { join(); }

  /// Standard output of a shell command in the folder that holds `up.git` and `work`.
  std::string sh(const std::string& command) const { return run("set -e; " + command, ""); }
  /// The same in the work tree.
  std::string work(const std::string& command) const { return sh("cd work; " + command); }
  /// Everything of the work tree becomes the upstream's, what is not in it goes.
  void publish() const { work("git push -q --force --prune ../up.git 'refs/*:refs/*'"); }

  Result<UpstreamReply> fetch(const UpstreamRequest& request) override {
    note(request);
    UpstreamReply reply;
    reply.url = moved_to.empty() ? request.url : moved_to;
    if (is_raw(request) && raw_refs_status != 200) {
      reply.status = raw_refs_status;
      reply.headers = raw_refs_headers;
      return reply;
    }
    reply.status = is_raw(request) ? 200 : refs_status;
    reply.headers.set("Content-Type", "application/x-git-upload-pack-advertisement");
    reply.body = refs_body();
    if (bend_refs) bend_refs(reply.body);
    return reply;
  }
  std::string refs_body() const {
    std::string body;
    git::append_pkt(body, "# service=git-upload-pack\n");
    body += git::pkt_flush;
    return body + run("git upload-pack --stateless-rpc --advertise-refs up.git", "");
  }
  std::string pack_body(const std::string& request) const {
    return run("git upload-pack --stateless-rpc up.git || true", request);
  }

  void end() override {}

  /// What a request for raw objects asks for, as real git lists it.
  std::vector<Object> objects_of(const std::string& request) const {
    const auto asked = boost::json::parse(request);
    std::string tips;
    for (const std::string key : {"want", "have"}) {
      for (const auto& id : asked.at(key).as_array()) {
        const auto hex = std::string(id.as_string());
        if (run("git --git-dir=up.git cat-file -e " + hex + " && echo yes || true", "") != "")
          tips += (key == "have" ? "^" : "") + hex + "\n";
      }
    }
    const auto ids = run("git --git-dir=up.git rev-list --objects --no-object-names --stdin", tips);
    const auto listed = run("git --git-dir=up.git cat-file --batch", ids);
    std::vector<Object> objects;
    for (std::string_view rest = listed; !rest.empty();) {
      const auto line = std::string(rest.substr(0, rest.find('\n')));
      std::istringstream words(line);
      std::string hex, kind;
      Object object;
      words >> hex >> kind >> object.head.size_bytes;
      object.head.id = *GitId::parse(hex);
      object.head.kind = *git::parse_object_kind(kind);
      object.body = rest.substr(line.size() + 1, object.head.size_bytes);
      rest.remove_prefix(line.size() + 1 + object.body.size() + 1);
      objects.push_back(std::move(object));
    }
    return objects;
  }
  static std::string spell(const std::vector<Object>& objects) {
    git::RawWriter writer;
    std::string body;
    writer.begin(static_cast<std::uint32_t>(objects.size()), body);
    for (const auto& object : objects) {
      writer.head(object.head, body);
      writer.body(as_bytes(object.body), body);
    }
    writer.end(body);
    return body;
  }

  std::shared_ptr<Transfer> stream(UpstreamRequest request,
                                   std::shared_ptr<UpstreamSink> sink) override {
    note(request);
    auto handle = std::make_shared<Handle>();
    const std::lock_guard lock(mutex_);
    threads_.emplace_back([this, request = std::move(request), sink, handle] {
      sink->done(send(request, *sink, *handle));
    });
    return handle;
  }

  /// Ends what runs. @return what was asked
  const std::vector<UpstreamRequest>& join() {
    std::vector<std::thread> threads;
    {
      const std::lock_guard lock(mutex_);
      threads.swap(threads_);
    }
    for (auto& thread : threads) thread.join();
    return requests_;
  }

  unsigned raw_refs_status = 404;
  Headers raw_refs_headers;
  std::string raw_type{git::raw_type};
  std::function<void(std::vector<Object>&)> bend_objects;  // of the raw road
  unsigned refs_status = 200;
  unsigned pack_status = 200;
  std::size_t piece_bytes = 1000;
  bool hangs = false;                            // the pack never comes
  std::string moved_to;                          // where info/refs was answered
  std::function<void(std::string&)> bend_refs;   // the body of info/refs
  std::function<void(std::string&)> bend_reply;  // the body of git-upload-pack, or raw objects
  Status outcome;                                // how the transfer ends

 private:
  static bool is_raw(const UpstreamRequest& request) {
    return request.url.find("/api/waag/v1/repos/models/acme/") != std::string::npos;
  }
  std::string raw_body(const std::string& request) const {
    auto objects = objects_of(request);
    if (bend_objects) bend_objects(objects);
    return spell(objects);
  }

  struct Handle final : Transfer {
    std::mutex mutex;
    std::condition_variable changed;
    bool cancelled = false;
    void cancel() override {
      const std::lock_guard lock(mutex);
      cancelled = true;
      changed.notify_all();
    }
  };

  void note(const UpstreamRequest& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }

  Status send(const UpstreamRequest& request, UpstreamSink& sink, Handle& handle) {
    UpstreamReply reply;
    reply.status = pack_status;
    const bool raw = is_raw(request);
    reply.headers.set("Content-Type", raw ? raw_type : "application/x-git-upload-pack-result");
    WAAG_CHECK(sink.begin(reply));
    auto body = raw ? raw_body(request.body) : pack_body(request.body);
    if (bend_reply) bend_reply(body);
    if (hangs) {
      std::unique_lock lock(handle.mutex);
      handle.changed.wait_for(lock, std::chrono::seconds(30), [&] { return handle.cancelled; });
      return fail(Errc::unavailable, "cancelled");
    }
    for (std::string_view rest = body; !rest.empty();
         rest.remove_prefix(std::min(piece_bytes, rest.size())))
      WAAG_CHECK(sink.write(as_bytes(rest.substr(0, piece_bytes))));
    return outcome;
  }

  std::string run(const std::string& command, const std::string& input) const {
    const auto stdin_path = folder_.path() / "stdin.bin";
    std::ofstream(stdin_path, std::ios::binary) << input;
    const auto line =
        "cd '" + folder_.path().string() +
        "' && export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=Ann "
        "GIT_AUTHOR_EMAIL=ann@example.org GIT_COMMITTER_NAME=Ann "
        "GIT_COMMITTER_EMAIL=ann@example.org; { " +
        command + "\n} <stdin.bin 2>stderr.txt";
    FILE* pipe = popen(line.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("popen");
    std::string output;
    std::array<char, 4096> block{};
    for (std::size_t got = 0; (got = fread(block.data(), 1, block.size(), pipe)) > 0;)
      output.append(block.data(), got);
    if (pclose(pipe) != 0) {
      std::ifstream errors(folder_.path() / "stderr.txt");
      throw std::runtime_error(command + ": " + std::string(std::istreambuf_iterator(errors), {}));
    }
    return output;
  }

  waag::testing::TempFolder folder_;
  std::mutex mutex_;
  std::vector<std::thread> threads_;
  std::vector<UpstreamRequest> requests_;
};

}  // namespace waag::daemon::testing
