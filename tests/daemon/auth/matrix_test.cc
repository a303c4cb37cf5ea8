#include <set>

#include "tests/daemon/hub_fixture.h"

/// Every route of the table, asked by eight kinds of callers for a public, a private and a missing
/// repo, against a second table written by hand (RELIABILITY 2.7).

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::Ask;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

/// What a cell expects: may the caller do it, or how is it refused?
enum class Verdict { allowed, unauthorized, forbidden, hidden };

enum class Class {
  open,      // anyone, always
  read,      // files and metadata of a repo
  write,     // content, refs, settings of a repo
  by_name,   // names a repo in the body: write rules, but any token passes the gate
  asking,    // reads the repo, with a live token
  creation,  // in ada's namespace
  user,      // any live token
  hub_admin,
  signature,  // no caller at all gets in without one
};

const std::map<std::string, Class, std::less<>> classes{{"healthz", Class::open},
                                                        {"readyz", Class::open},
                                                        {"metrics", Class::open},
                                                        {"validate_yaml", Class::open},
                                                        {"agent_harnesses", Class::open},
                                                        {"telemetry", Class::open},
                                                        {"repo_list", Class::open},
                                                        {"resolve", Class::read},
                                                        {"resolve_cache", Class::read},
                                                        {"raw", Class::read},
                                                        {"resolve_short", Class::read},
                                                        {"repo_info", Class::read},
                                                        {"revision_info", Class::read},
                                                        {"repo_info_short", Class::read},
                                                        {"revision_info_short", Class::read},
                                                        {"tree_short", Class::read},
                                                        {"tree", Class::read},
                                                        {"treesize", Class::read},
                                                        {"paths_info", Class::read},
                                                        {"refs", Class::read},
                                                        {"commits", Class::read},
                                                        {"auth_check", Class::read},
                                                        {"unsupported", Class::read},
                                                        {"unsupported_post", Class::read},
                                                        {"lfs_batch", Class::read},
                                                        {"lfs_locks_verify", Class::open},
                                                        {"auth_check_write", Class::write},
                                                        {"repo_settings", Class::write},
                                                        {"branch_create", Class::write},
                                                        {"branch_delete", Class::write},
                                                        {"tag_create", Class::write},
                                                        {"tag_delete", Class::write},
                                                        {"preupload", Class::write},
                                                        {"commit", Class::write},
                                                        {"access_list", Class::write},
                                                        {"access_handle", Class::write},
                                                        {"access_grant", Class::write},
                                                        {"access_ask", Class::asking},
                                                        {"repo_delete", Class::by_name},
                                                        {"repo_create", Class::creation},
                                                        {"whoami", Class::user},
                                                        {"status", Class::user},
                                                        {"tokens", Class::user},
                                                        {"token_create", Class::user},
                                                        {"token_revoke", Class::user},
                                                        {"repo_move", Class::user},
                                                        {"users", Class::hub_admin},
                                                        {"user_create", Class::hub_admin},
                                                        {"user_disable", Class::hub_admin},
                                                        {"lfs_object_get", Class::signature},
                                                        {"lfs_object_put", Class::signature},
                                                        {"lfs_verify", Class::signature},
                                                        {"lfs_part", Class::signature},
                                                        {"lfs_complete", Class::signature}};

enum Caller { anonymous, stranger, owner_reads, owner_writes, admin, expired, revoked, malformed };
constexpr Caller callers[] = {anonymous, stranger, owner_reads, owner_writes,
                              admin,     expired,  revoked,     malformed};
enum Repo { is_public, is_private, is_missing };

bool has_live_token(Caller caller) {
  return caller == stranger || caller == owner_reads || caller == owner_writes || caller == admin;
}

Verdict expected_of_repo(bool writes, Caller caller, Repo repo) {
  if (writes && !has_live_token(caller)) return Verdict::unauthorized;
  const bool sees =
      repo == is_public ||
      (repo == is_private && (caller == owner_reads || caller == owner_writes || caller == admin));
  if (!sees) return has_live_token(caller) ? Verdict::hidden : Verdict::unauthorized;
  if (!writes || caller == owner_writes || caller == admin) return Verdict::allowed;
  return Verdict::forbidden;
}

Verdict expected(Class kind, Caller caller, Repo repo) {
  switch (kind) {
    case Class::open:
      return Verdict::allowed;
    case Class::read:
      return expected_of_repo(false, caller, repo);
    case Class::write:
    case Class::by_name:
      return expected_of_repo(true, caller, repo);
    case Class::asking:
      if (!has_live_token(caller)) return Verdict::unauthorized;
      return expected_of_repo(false, caller, repo);
    case Class::creation:
      if (!has_live_token(caller)) return Verdict::unauthorized;
      return caller == owner_writes || caller == admin ? Verdict::allowed : Verdict::forbidden;
    case Class::user:
      return has_live_token(caller) ? Verdict::allowed : Verdict::unauthorized;
    case Class::hub_admin:
      if (!has_live_token(caller)) return Verdict::unauthorized;
      return caller == admin ? Verdict::allowed : Verdict::forbidden;
    case Class::signature:
      return Verdict::forbidden;
  }
  return Verdict::forbidden;
}

Verdict verdict_of(const Reply& reply) {
  if (reply.status == 401) return Verdict::unauthorized;
  if (reply.status == 403) return Verdict::forbidden;
  if (reply.status == 404 && reply.header("X-Error-Code") == "RepoNotFound") return Verdict::hidden;
  return Verdict::allowed;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

const char* name_of(Repo repo) {
  return repo == is_public ? "public" : repo == is_private ? "secret" : "absent";
}

std::string target_of(const Route& route, Repo repo) {
  std::string target(route.path);
  const bool file = route.name.starts_with("resolve") || route.name == "raw";
  replace_all(target, "/{web}", "");
  replace_all(target, "{type}", "models");
  replace_all(target, "{ns}", "ada");
  replace_all(target, "{name}", name_of(repo));
  replace_all(target, "{name.git}", std::string(name_of(repo)) + ".git");
  replace_all(target, "{rest...}", file ? "main/.gitattributes" : "main");
  replace_all(target, "/{rest?...}", "");
  replace_all(target, "{oid}", std::string(64, '0'));
  replace_all(target, "{upload}", std::string(40, '0'));
  replace_all(target, "{part}", "1");
  replace_all(target, "{user}", "nobody");
  replace_all(target, "{status}", "pending");
  replace_all(target, "{token}", "nothing");
  return target;
}

std::string body_of(const Route& route, Repo repo) {
  const auto name = std::string(name_of(repo));
  if (route.name == "repo_delete") return R"({"organization":"ada","name":")" + name + "\"}";
  if (route.name == "repo_create") return R"({"organization":"ada","name":")" + name + "\"}";
  if (route.name == "repo_settings") return "{}";
  if (route.name == "tag_create") return R"({"tag":"v1"})";
  if (route.name == "preupload") return R"({"files":[{"path":"a","sample":"","size":1}]})";
  if (route.name == "commit") return HubFixture::header_line("s") + HubFixture::file_line("a", "x");
  if (route.name == "lfs_batch") return R"({"operation":"download","objects":[]})";
  if (route.name == "paths_info") return "paths=a";
  if (route.name == "token_create") return R"({"name":"x","role":"read"})";
  if (route.name == "user_create") return R"({"name":"newcomer"})";
  return route.limits.body_bytes_max > 0 ? "{}" : "";
}

const char* method_of(Method method) {
  constexpr const char* names[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"};
  return names[static_cast<int>(method)];
}

struct Hub : HubFixture {
  std::map<Caller, std::string> tokens;
  Hub() {
    restore();
    const auto past = make_token("ada", storage::TokenRole::admin, clock.now());
    const auto ended = make_token("ada", storage::TokenRole::admin);
    REQUIRE(get("/api/whoami-v2", ended).status == 200);
    REQUIRE(store->delete_token(parse_token(ended)->public_id));
    auth->forget_token(parse_token(ended)->public_id);
    tokens = {{anonymous, ""}, {stranger, bob}, {owner_reads, ada_read}, {owner_writes, ada},
              {admin, root},   {expired, past}, {revoked, ended},        {malformed, "hf_x"}};
  }
  /// Repos that a cell may have deleted or made.
  void restore() {
    const auto missing = store->find_repo({RepoType::model, "ada", "absent"});
    if (missing) REQUIRE(store->delete_repo(missing->uid, "root"));
    for (const auto repo : {is_public, is_private})
      if (!store->find_repo({RepoType::model, "ada", name_of(repo)}))
        make_repo(name_of(repo), repo == is_private);
  }
  Reply cell(const Route& route, Caller caller, Repo repo) {
    return ask({method_of(route.method), target_of(route, repo), tokens.at(caller),
                body_of(route, repo), "", nullptr});
  }
};

}  // namespace

TEST_CASE("matrix: every route, caller and repo", "[daemon][matrix]") {
  Hub hub;
  std::set<std::string_view> names;
  for (const Route& route : routes()) {
    CAPTURE(route.name);
    const auto kind = classes.find(route.name);
    REQUIRE(kind != classes.end());
    CHECK(names.insert(route.name).second);
    for (const auto caller : callers) {
      for (const auto repo : {is_public, is_private, is_missing}) {
        CAPTURE(caller, repo);
        const auto reply = hub.cell(route, caller, repo);
        CAPTURE(reply.status, reply.body);
        CHECK(verdict_of(reply) == expected(kind->second, caller, repo));
        if (reply.status == 401) CHECK_FALSE(reply.header("WWW-Authenticate").empty());
        CHECK(reply.status < 500);
        hub.restore();
      }
    }
  }
  CHECK(names.size() == classes.size());
}

TEST_CASE("matrix: hidden and missing repos give the same bytes", "[daemon][matrix]") {
  Hub hub;
  for (const Route& route : routes()) {
    const auto kind = classes.at(std::string(route.name));
    if (kind != Class::read && kind != Class::write && kind != Class::by_name &&
        kind != Class::asking)
      continue;
    for (const auto caller : {anonymous, stranger, expired, malformed}) {
      CAPTURE(route.name, caller);
      const auto hidden = hub.cell(route, caller, is_private);
      const auto missing = hub.cell(route, caller, is_missing);
      CHECK(hidden.status == missing.status);
      CHECK(hidden.headers.all() == missing.headers.all());
      CHECK(hidden.body == missing.body);
    }
  }
}
