#include <catch2/catch.hpp>

#include "tests/cli/fake_http.h"

using namespace waag;
using namespace waag::cli;
using waag::cli::testing::run_with;

namespace {

const HttpReply changed{
    200,
    R"({"private":false,"visibility":"public","gated":"auto","discussionsDisabled":false,)"
    R"("disabled":true})",
    ""};

std::string body_of(std::vector<std::string> flags) {
  std::vector<std::string> args = {"repo", "settings", "ada/t"};
  args.insert(args.end(), flags.begin(), flags.end());
  const auto ran = run_with(args, {changed});
  CHECK(ran.code == exit_ok);
  return ran.seen.empty() ? "" : ran.seen.at(0).body;
}

}  // namespace

TEST_CASE("cli: repo settings send what is named, nothing else", "[cli]") {
  CHECK(body_of({"--visibility", "private"}) == R"({"private":true})");
  CHECK(body_of({"--visibility", "public", "--gated", "manual"}) ==
        R"({"private":false,"gated":"manual"})");
  CHECK(body_of({"--gated", "auto"}) == R"({"gated":"auto"})");
  CHECK(body_of({"--gated", "off"}) == R"({"gated":false})");
  CHECK(body_of({"--discussions", "off"}) == R"({"discussionsDisabled":true})");
  CHECK(body_of({"--disabled", "on"}) == R"({"disabled":true})");
  CHECK(body_of({"--disabled", "off", "--discussions", "on"}) ==
        R"({"discussionsDisabled":false,"disabled":false})");
}

TEST_CASE("cli: repo settings, the rest", "[cli]") {
  SECTION("to the right repo, the answer for people and for programs") {
    const auto ran =
        run_with({"repo", "settings", "ada/t", "--type", "dataset", "--gated", "auto"}, {changed});
    CHECK(ran.seen.at(0).method == "PUT");
    CHECK(ran.seen.at(0).url == "http://127.0.0.1:8080/api/datasets/ada/t/settings");
    CHECK(ran.out ==
          "visibility           public\n"
          "gated                auto\n"
          "discussionsDisabled  false\n"
          "disabled             true\n");
    const auto json =
        run_with({"--json", "repo", "settings", "ada/t", "--gated", "auto"}, {changed});
    CHECK(json.out == changed.body + "\n");
  }
  SECTION("wrong command lines send nothing") {
    for (const auto& args : std::vector<std::vector<std::string>>{
             {"repo", "settings", "ada/t"},
             {"repo", "settings", "ada", "--gated", "auto"},
             {"repo", "settings", "ada/t", "--gated", "maybe"},
             {"repo", "settings", "ada/t", "--visibility", "protected"},
             {"repo", "settings", "--gated", "auto"}}) {
      const auto ran = run_with(args, {changed});
      CHECK(ran.code == exit_usage);
      CHECK(ran.seen.empty());
    }
  }
  SECTION("a refusal is told") {
    const auto ran =
        run_with({"repo", "settings", "ada/t", "--disabled", "on"},
                 {{403, R"({"error":"Only hub admins may disable or enable a repository"})", ""}});
    CHECK(ran.code == exit_refused);
    CHECK(ran.err.find("Only hub admins") != std::string::npos);
  }
  SECTION("help names every choice") {
    const auto ran = run_with({"repo", "settings", "--help"});
    CHECK(ran.code == exit_ok);
    for (const auto* word : {"--visibility", "--gated", "manual", "--discussions", "--disabled"})
      CHECK(ran.out.find(word) != std::string::npos);
  }
}

TEST_CASE("cli: repo requests", "[cli]") {
  const std::string root = "http://127.0.0.1:8080/api/models/ada/t/user-access-request/";
  SECTION("lists") {
    const auto ran = run_with(
        {"repo", "requests", "ls", "ada/t", "--status", "accepted"},
        {{200,
          R"([{"user":{"user":"bob","fullname":"Bob","email":"bob@example.test"},)"
          R"("status":"accepted","timestamp":"2026-11-01T08:00:00.000Z","fields":{"why":"x"}}])",
          ""}});
    CHECK(ran.seen.at(0).url == root + "accepted");
    CHECK(ran.out ==
          "USER  SINCE                     EMAIL             FORM\n"
          "bob   2026-11-01T08:00:00.000Z  bob@example.test  {\"why\":\"x\"}\n");
  }
  SECTION("decisions") {
    const auto decided = [&](std::vector<std::string> words) {
      std::vector<std::string> args = {"repo", "requests"};
      args.insert(args.end(), words.begin(), words.end());
      const auto ran = run_with(args, {{200, R"({"status":"accepted"})", ""}});
      CHECK(ran.code == exit_ok);
      CHECK(ran.out == "bob is accepted\n");
      return ran.seen.at(0).url.substr(root.size()) + " " + ran.seen.at(0).body;
    };
    CHECK(decided({"grant", "ada/t", "bob"}) == R"(grant {"user":"bob"})");
    CHECK(decided({"accept", "ada/t", "bob"}) == R"(handle {"user":"bob","status":"accepted"})");
    CHECK(decided({"cancel", "ada/t", "bob"}) == R"(handle {"user":"bob","status":"pending"})");
    CHECK(decided({"reject", "ada/t", "bob", "--reason", "no"}) ==
          R"(handle {"user":"bob","status":"rejected","rejectionReason":"no"})");
  }
}
