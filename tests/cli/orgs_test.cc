#include <catch2/catch.hpp>

#include "tests/cli/fake_http.h"

using namespace waag;
using namespace waag::cli;
using waag::cli::testing::run_with;

namespace {

struct Sent {
  std::vector<std::string> args;
  std::string method, path, body, out;
};

}  // namespace

TEST_CASE("cli org: what each command sends and says", "[cli]") {
  const auto sent = GENERATE(values<Sent>(
      {{{"org", "create", "acme", "--full-name", "Acme", "--private", "--admin", "ada"},
        "POST",
        "/orgs",
        R"({"name":"acme","fullName":"Acme","admin":"ada","visibility":"private"})",
        "created organisation acme\n"},
       {{"org", "set", "acme", "--public"},
        "PUT",
        "/orgs/acme",
        R"({"visibility":"public"})",
        "changed organisation acme\n"},
       {{"org", "rm", "a/b"}, "DELETE", "/orgs/a%2Fb", "", "removed organisation a/b\n"},
       {{"org", "member", "add", "acme", "bob", "--role", "write"},
        "PUT",
        "/orgs/acme/members/bob",
        R"({"role":"write"})",
        "bob has the role write in acme\n"},
       {{"org", "member", "rm", "acme", "bob"},
        "DELETE",
        "/orgs/acme/members/bob",
        "",
        "bob is no member of acme any more\n"},
       {{"org", "group", "create", "acme", "crew"},
        "PUT",
        "/orgs/acme/groups/crew",
        "{}",
        "saved group crew\n"},
       {{"org", "group", "add", "acme", "crew", "bob"},
        "PUT",
        "/orgs/acme/groups/crew/members/bob",
        "",
        "bob is in group crew\n"},
       {{"access", "set", "acme/tiny", "--user", "bob", "--role", "read"},
        "PUT",
        "/repos/models/acme/tiny/collaborators/bob",
        R"({"role":"read"})",
        "bob has the role read on acme/tiny\n"},
       {{"access", "rm", "acme/rows", "--type", "dataset", "--group", "crew"},
        "DELETE",
        "/repos/datasets/acme/rows/groups/crew",
        "",
        "crew has no role of its own on acme/rows any more\n"}}));
  const auto ran = run_with(sent.args, {{200, "{}", ""}});
  CHECK(ran.err.empty());
  REQUIRE(ran.seen.size() == 1);
  CHECK(ran.seen[0].method == sent.method);
  CHECK(ran.seen[0].url.ends_with("/api/waag/v1" + sent.path));
  CHECK(ran.seen[0].body == sent.body);
  CHECK(ran.out == sent.out);
  CHECK(ran.code == exit_ok);
}

TEST_CASE("cli org: tables and JSON", "[cli]") {
  const auto members = R"([{"user":"ada","role":"admin","since":"s"}])";
  const auto table = run_with({"org", "member", "ls", "acme"}, {{200, members, ""}});
  CHECK(table.out == "USER  ROLE   SINCE\nada   admin  s\n");
  const auto raw = run_with({"--json", "org", "member", "ls", "acme"}, {{200, members, ""}});
  CHECK(raw.out == std::string(members) + "\n");
  CHECK(run_with({"org", "ls"}, {{403, R"({"error":"no"})", ""}}).code == exit_refused);
}

TEST_CASE("cli org: wrong command lines send nothing", "[cli]") {
  const auto args = GENERATE(values<std::vector<std::string>>(
      {{"org"},
       {"org", "member", "add", "acme", "bob"},
       {"org", "member", "add", "acme", "bob", "--role", "god"},
       {"org", "set", "acme", "--private", "--public"},
       {"access", "set", "acme/tiny", "--role", "read"},
       {"access", "set", "acme/tiny", "--role", "read", "--user", "a", "--group", "b"}}));
  const auto ran = run_with(args);
  CHECK(ran.code == exit_usage);
  CHECK(ran.seen.empty());
}

TEST_CASE("cli token: scopes instead of a role", "[cli]") {
  const auto ran = run_with({"token", "create", "ci", "--scope", "acme:read", "--scope",
                             "acme/tiny:write", "--scope", "dataset/acme/rows:admin"},
                            {{200, R"({"token":"hf_abc"})", ""}});
  REQUIRE(ran.seen.size() == 1);
  CHECK(ran.seen[0].body ==
        R"({"name":"ci","role":"fineGrained","scopes":[{"namespace":"acme","rights":"read"},)"
        R"({"repo":"acme/tiny","rights":"write"},)"
        R"({"type":"dataset","repo":"acme/rows","rights":"admin"}]})");
}
