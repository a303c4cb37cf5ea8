#include <catch2/catch.hpp>

#include "tests/cli/fake_http.h"

using namespace waag;
using namespace waag::cli;
using waag::cli::testing::run_with;

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
  SECTION("add a service account") {
    const auto ran = run_with({"user", "create", "mirror", "--service"}, {{200, "{}", ""}});
    CHECK(ran.seen.at(0).body == R"({"name":"mirror","admin":false,"service":true})");
    const auto listed = run_with({"user", "ls"}, {{200, R"([{"name":"m","service":true}])", ""}});
    CHECK(listed.out.find("service") != std::string::npos);
  }
  SECTION("change a user") {
    const auto ran =
        run_with({"user", "set", "ada", "--role", "auditor", "--enable"}, {{200, "{}", ""}});
    CHECK(ran.seen.at(0).method == "PUT");
    CHECK(ran.seen.at(0).body == R"({"admin":false,"auditor":true,"disabled":false})");
    CHECK(ran.out == "changed user ada\n");
  }
  SECTION("passwords come from standard input") {
    const auto ran = run_with({"user", "password", "ada", "--current"}, {{200, "{}", ""}}, {},
                              "new secret\r\nold secret\n");
    CHECK(ran.seen.at(0).url.ends_with("/api/waag/v1/users/ada/password"));
    CHECK(ran.seen.at(0).body == R"({"password":"new secret","current":"old secret"})");
    CHECK(ran.out == "set password of ada\n");
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
