#include "cli/commands.h"

#include <deque>
#include <map>
#include <sstream>

#include <catch2/catch.hpp>

namespace {

using namespace waag;
using namespace waag::cli;

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

Ran run_with(std::vector<std::string> args, std::deque<HttpReply> replies = {},
             std::map<std::string, std::string> environment = {}) {
  FakeHttp http;
  http.replies = std::move(replies);
  std::ostringstream out, err;
  const auto get = [&environment](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  };
  const int code = run(std::move(args), World{http, out, err, get});
  return {code, out.str(), err.str(), http.seen};
}

}  // namespace

TEST_CASE("cli: where the endpoint and the token come from", "[cli]") {
  const std::map<std::string, std::string> both{{"WAAG_ENDPOINT", "http://w:1/"},
                                                {"HF_ENDPOINT", "http://h:2"},
                                                {"WAAG_TOKEN", "hf_w"},
                                                {"HF_TOKEN", "hf_h"}};
  SECTION("a flag wins") {
    const auto ran = run_with({"--endpoint", "http://f:3", "--token", "hf_f", "status"},
                              {{200, "{}", ""}}, both);
    CHECK(ran.code == 0);
    CHECK(ran.seen.at(0).url == "http://f:3/api/waag/v1/status");
    CHECK(ran.seen.at(0).token == "hf_f");
  }
  SECTION("our own variables before the Hub's; a trailing slash is dropped") {
    const auto ran = run_with({"status"}, {{200, "{}", ""}}, both);
    CHECK(ran.seen.at(0).url == "http://w:1/api/waag/v1/status");
    CHECK(ran.seen.at(0).token == "hf_w");
  }
  SECTION("the Hub's variables, else loopback without a token") {
    const auto ran = run_with({"status"}, {{200, "{}", ""}}, {{"HF_ENDPOINT", "http://h:2"}});
    CHECK(ran.seen.at(0).url == "http://h:2/api/waag/v1/status");
    const auto bare = run_with({"status"}, {{200, "{}", ""}});
    CHECK(bare.seen.at(0).url == "http://127.0.0.1:8080/api/waag/v1/status");
    CHECK(bare.seen.at(0).token.empty());
  }
}

TEST_CASE("cli: exit codes and messages", "[cli]") {
  SECTION("no answer") {
    const auto ran = run_with({"status"});
    CHECK(ran.code == exit_unreachable);
    CHECK(ran.err.find("connection refused") != std::string::npos);
    CHECK(ran.out.empty());
  }
  SECTION("the hub's own text") {
    const auto ran =
        run_with({"repo", "info", "a/b"}, {{404, R"({"error":"Repository not found"})", ""}});
    CHECK(ran.code == exit_refused);
    CHECK(ran.err == "waag: Repository not found (HTTP 404)\n");
  }
  SECTION("an error page that is not JSON") {
    const auto ran = run_with({"status"}, {{502, "<html>", ""}});
    CHECK(ran.code == exit_refused);
    CHECK(ran.err == "waag: HTTP 502\n");
  }
  SECTION("wrong command lines ask nothing of the hub") {
    const auto args =
        GENERATE(std::vector<std::string>{}, std::vector<std::string>{"fly"},
                 std::vector<std::string>{"repo"}, std::vector<std::string>{"repo", "info"},
                 std::vector<std::string>{"repo", "info", "no-slash"},
                 std::vector<std::string>{"repo", "info", "a/b/c"},
                 std::vector<std::string>{"repo", "rm", "a/b"},
                 std::vector<std::string>{"repo", "ls", "--type", "car"},
                 std::vector<std::string>{"token", "create", "x", "--role", "god"});
    const auto ran = run_with(args);
    CHECK(ran.code == exit_usage);
    CHECK(ran.seen.empty());
    CHECK_FALSE(ran.err.empty());
  }
  SECTION("help is no error") {
    const auto ran = run_with({"--help"});
    CHECK(ran.code == exit_ok);
    CHECK(ran.out.find("Examples:") != std::string::npos);
  }
}

TEST_CASE("cli: users and tokens", "[cli]") {
  SECTION("create a user") {
    const auto ran = run_with({"user", "create", "ada", "--email", "a@b.test", "--admin"},
                              {{200, R"({"name":"ada"})", ""}});
    CHECK(ran.code == 0);
    CHECK(ran.seen.at(0).method == "POST");
    CHECK(ran.seen.at(0).body == R"({"name":"ada","admin":true,"email":"a@b.test"})");
    CHECK(ran.out == "created user ada\n");
  }
  SECTION("disable a user whose name needs encoding") {
    const auto ran = run_with({"user", "rm", "a/b"}, {{200, "{}", ""}});
    CHECK(ran.seen.at(0).method == "DELETE");
    CHECK(ran.seen.at(0).url.ends_with("/api/waag/v1/users/a%2Fb"));
  }
  SECTION("a new token is the only thing on standard output") {
    const auto ran = run_with({"token", "create", "ci", "--role", "read", "--days", "7"},
                              {{200, R"({"token":"hf_abc","id":"x"})", ""}});
    CHECK(ran.seen.at(0).body == R"({"name":"ci","role":"read","days":7})");
    CHECK(ran.out == "hf_abc\n");
  }
  SECTION("tables") {
    const auto ran = run_with(
        {"token", "ls"},
        {{200, R"([{"id":"i1","user":"ada","role":"write","createdAt":"c","name":"laptop"}])",
          ""}});
    CHECK(ran.out ==
          "ID  USER  ROLE   CREATED  EXPIRES  NAME\n"
          "i1  ada   write  c        never    laptop\n");
  }
  SECTION("revoke") {
    const auto ran = run_with({"token", "revoke", "i1"}, {{200, "{}", ""}});
    CHECK(ran.seen.at(0).method == "DELETE");
    CHECK(ran.seen.at(0).url.ends_with("/api/waag/v1/tokens/i1"));
  }
}

TEST_CASE("cli: repos", "[cli]") {
  SECTION("lists follow pages of the same hub, up to the limit") {
    const std::string base = "http://127.0.0.1:8080/api/models?cursor=";
    const auto ran = run_with({"repo", "ls", "--author", "ada", "--limit", "3"},
                              {{200, R"([{"id":"ada/a"},{"id":"ada/b"}])", base + "b"},
                               {200, R"([{"id":"ada/c"},{"id":"ada/d"}])", base + "d"}});
    CHECK(ran.code == 0);
    CHECK(ran.seen.size() == 2);
    CHECK(ran.seen.at(0).url == "http://127.0.0.1:8080/api/models?limit=3&author=ada");
    CHECK(ran.out.find("ada/c") != std::string::npos);
    CHECK(ran.out.find("ada/d") == std::string::npos);
  }
  SECTION("a next page on another host gets no token of ours") {
    const auto ran = run_with({"--token", "hf_x", "repo", "ls"},
                              {{200, R"([{"id":"a/b"}])", "http://elsewhere/api/models"}});
    CHECK(ran.code == exit_unreachable);
    CHECK(ran.seen.size() == 1);
  }
  SECTION("create, and again with --exist-ok") {
    const auto made = run_with({"repo", "create", "ada/t", "--type", "dataset", "--private"},
                               {{200, R"({"url":"http://h/datasets/ada/t"})", ""}});
    CHECK(made.seen.at(0).body ==
          R"({"type":"dataset","organization":"ada","name":"t","visibility":"private"})");
    CHECK(made.out == "http://h/datasets/ada/t\n");
    const HttpReply taken{409, R"({"error":"You already created this dataset repo","url":"u"})",
                          ""};
    CHECK(run_with({"repo", "create", "ada/t"}, {taken}).code == exit_refused);
    CHECK(run_with({"repo", "create", "ada/t", "--exist-ok"}, {taken}).code == exit_ok);
  }
  SECTION("delete needs --yes and sends a body") {
    const auto ran = run_with({"repo", "rm", "ada/t", "--yes"}, {{200, "OK", ""}});
    CHECK(ran.code == 0);
    CHECK(ran.seen.at(0).method == "DELETE");
    CHECK(ran.seen.at(0).body == R"({"type":"model","organization":"ada","name":"t"})");
  }
  SECTION("sizes for people, JSON for programs") {
    const HttpReply reply{200, R"({"path":"/","size":1610612736})", ""};
    CHECK(run_with({"repo", "du", "a/b"}, {reply}).out == "1.50 GiB  a/b\n");
    const auto ran = run_with({"--json", "repo", "du", "a/b", "--revision", "feat/x"}, {reply});
    CHECK(ran.out == "{\"path\":\"/\",\"size\":1610612736}\n");
    CHECK(ran.seen.at(0).url.ends_with("/api/models/a/b/treesize/feat%2Fx"));
  }
}
