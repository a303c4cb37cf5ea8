#include <catch2/catch.hpp>

#include "tests/cli/fake_http.h"

using namespace waag;
using namespace waag::cli;
using waag::cli::testing::run_with;

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
  SECTION("the trash, and back from it") {
    const auto listed = run_with(
        {"repo", "ls", "--trash"},
        {{200, R"([{"type":"model","id":"ada/t","deletedAt":"x","deletedBy":"ada"}])", ""}});
    CHECK(listed.seen.at(0).url == "http://127.0.0.1:8080/api/waag/v1/trash");
    CHECK(listed.out.find("ada/t") != std::string::npos);
    const auto back = run_with({"repo", "restore", "dataset", "ada/t", "--as", "t2"},
                               {{200, R"({"id":"ada/t2"})", ""}});
    CHECK(back.out == "restored ada/t2\n");
    CHECK(back.seen.at(0).url.ends_with("/api/waag/v1/trash/restore"));
    CHECK(back.seen.at(0).body == R"({"type":"dataset","name":"ada/t","as":"t2"})");
    CHECK(run_with({"repo", "restore", "ada/t"}, {}).code == exit_usage);
    CHECK(run_with({"repo", "restore", "model", "t"}, {}).code == exit_usage);
  }
}
