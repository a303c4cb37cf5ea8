#pragma once

#include <deque>
#include <map>
#include <set>
#include <sstream>

#include "cli/commands.h"

/// Runs command lines against replies written beforehand.
namespace waag::cli::testing {

class FakeHttp final : public Http {
 public:
  std::deque<HttpReply> replies;
  std::vector<HttpRequest> seen;

  Result<HttpReply> send(const HttpRequest& request) override {
    seen.push_back(request);
    if (replies.empty()) return fail(Errc::unavailable, "connection refused");
    auto reply = replies.front();
    replies.pop_front();
    return reply;
  }
  /// The body of a good reply comes in two pieces; it is cut if `cut` says so.
  std::set<std::size_t> cut;  // numbers of requests, from 0 on
  Result<HttpReply> stream(const HttpRequest& request, const Take& take) override {
    const auto number = seen.size();
    auto reply = send(request);
    if (!reply || reply->status / 100 != 2) return reply;
    const std::string body = std::exchange(reply->body, {});
    const auto half = body.size() / 2;
    if (!take(body.substr(0, half)) || !take(body.substr(half))) return reply;
    if (cut.contains(number)) return fail(Errc::unavailable, "the connection was reset");
    return reply;
  }
};

struct Ran {
  int code = 0;
  std::string out, err;
  std::vector<HttpRequest> seen;
};

inline Ran run_with(std::vector<std::string> args, std::deque<HttpReply> replies = {},
                    std::map<std::string, std::string> environment = {},
                    const std::string& input = "") {
  FakeHttp http;
  http.replies = std::move(replies);
  std::ostringstream out, err;
  std::istringstream in(input);
  const auto get = [&environment](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  };
  const int code = run(std::move(args), World{http, out, err, in, get});
  return {code, out.str(), err.str(), http.seen};
}

}  // namespace waag::cli::testing
