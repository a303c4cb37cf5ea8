#include <catch2/catch.hpp>

#include "tests/cli/fake_http.h"

using namespace waag;
using namespace waag::cli;
using waag::cli::testing::run_with;

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
