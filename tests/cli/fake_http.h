#pragma once

#include <deque>
#include <map>
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
