#include <set>

#include "storage/meta/accounts/grants.h"
#include "storage/meta/accounts/orgs.h"
#include "tests/daemon/hub_fixture.h"

/// Every route of the table, asked by every kind of person with every kind of token for a public, a
/// private and a missing repo of an organisation. What each must get is computed here from DESIGN
/// 7's table in a few lines that share nothing with daemon/auth (RELIABILITY 2.7). A route that no
/// class is written down for fails.

using namespace waag;
using namespace waag::daemon;
using storage::TokenRole;
using waag::daemon::testing::Ask;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

/// What a cell expects: may the caller do it, or how is it refused?
enum class Verdict { allowed, unauthorized, forbidden, hidden };

enum class Class {
  open,        // anyone, always
  read,        // files and metadata of a repo
  write,       // content and refs of a repo
  talk,        // discussions: whoever may read, with a token that may change things
  admin,       // settings and roles of a repo
  by_name,     // deletes the repo that the body names
  like,        // read, by an account's own token that may make changes
  asking,      // for access: whoever may read, with any live token (these repos have no gate)
  creation,    // in the organisation's namespace
  user,        // any live token
  tokens,      // any live token but fine-grained ones
  org_inside,  // what only members see
  org_admin,   // what only the organisation's admins change
  audit,
  hub_admin,
  xet,        // by any live Xet token of the caller's
  xet_read,   // by one for a repo
  xet_write,  // by one for uploads
  signature,  // no caller at all gets in without one
};

const std::map<std::string, Class, std::less<>> classes{{"healthz", Class::open},
                                                        {"readyz", Class::open},
                                                        {"metrics", Class::open},
                                                        {"validate_yaml", Class::open},
                                                        {"agent_harnesses", Class::open},
                                                        {"telemetry", Class::open},
                                                        {"front_page", Class::open},
                                                        {"repo_list", Class::open},
                                                        {"model_tags", Class::open},
                                                        {"dataset_tags", Class::open},
                                                        {"quick_search", Class::open},
                                                        {"key", Class::open},
                                                        {"resolve", Class::read},
                                                        {"resolve_cache", Class::read},
                                                        {"raw", Class::read},
                                                        {"v2_manifest", Class::read},
                                                        {"v2_blob", Class::read},
                                                        {"resolve_short", Class::read},
                                                        {"repo_info", Class::read},
                                                        {"revision_info", Class::read},
                                                        {"repo_info_short", Class::read},
                                                        {"revision_info_short", Class::read},
                                                        {"tree_short", Class::read},
                                                        {"tree", Class::read},
                                                        {"treesize", Class::read},
                                                        {"paths_info", Class::read},
                                                        {"usage", Class::read},
                                                        {"refs", Class::read},
                                                        {"commits", Class::read},
                                                        {"auth_check", Class::read},
                                                        {"unsupported", Class::read},
                                                        {"unsupported_post", Class::read},
                                                        {"lfs_batch", Class::read},
                                                        {"lfs_locks_verify", Class::open},
                                                        {"git_refs", Class::read},
                                                        {"git_upload_pack", Class::read},
                                                        {"git_receive_pack", Class::write},
                                                        {"raw_refs", Class::read},
                                                        {"raw_objects", Class::read},
                                                        {"commit_page", Class::read},
                                                        {"auth_check_write", Class::write},
                                                        {"access_list", Class::write},
                                                        {"access_handle", Class::write},
                                                        {"access_grant", Class::write},
                                                        {"access_ask", Class::asking},
                                                        {"repo_settings", Class::admin},
                                                        {"branch_create", Class::write},
                                                        {"branch_delete", Class::write},
                                                        {"tag_create", Class::write},
                                                        {"tag_delete", Class::write},
                                                        {"super_squash", Class::write},
                                                        {"like", Class::like},
                                                        {"unlike", Class::like},
                                                        {"likers", Class::read},
                                                        {"user_likes", Class::open},
                                                        {"like_short", Class::user},
                                                        {"unlike_short", Class::user},
                                                        {"lfs_files", Class::read},
                                                        {"lfs_files_delete", Class::write},
                                                        {"preupload", Class::write},
                                                        {"commit", Class::write},
                                                        {"discussions", Class::read},
                                                        {"discussion", Class::read},
                                                        {"discussion_create", Class::talk},
                                                        {"discussion_comment", Class::talk},
                                                        {"comment_edit", Class::talk},
                                                        {"comment_hide", Class::talk},
                                                        {"discussion_title", Class::talk},
                                                        {"discussion_status", Class::talk},
                                                        {"discussion_merge", Class::write},
                                                        {"repo_delete", Class::by_name},
                                                        {"repo_create", Class::creation},
                                                        {"whoami", Class::user},
                                                        {"status", Class::user},
                                                        {"tokens", Class::tokens},
                                                        {"token_create", Class::tokens},
                                                        {"token_revoke", Class::tokens},
                                                        {"repo_move", Class::by_name},
                                                        {"users", Class::audit},
                                                        {"user_create", Class::hub_admin},
                                                        {"user_disable", Class::hub_admin},
                                                        {"password_set", Class::hub_admin},
                                                        {"user_change", Class::hub_admin},
                                                        {"user_overview", Class::user},
                                                        {"org_overview", Class::user},
                                                        {"org_members", Class::user},
                                                        {"own_repos", Class::user},
                                                        {"org_repos", Class::user},
                                                        {"orgs", Class::user},
                                                        {"org_create", Class::hub_admin},
                                                        {"org_delete", Class::hub_admin},
                                                        {"org_change", Class::org_admin},
                                                        {"members", Class::org_inside},
                                                        {"groups", Class::org_inside},
                                                        {"member_put", Class::org_admin},
                                                        {"member_delete", Class::org_admin},
                                                        {"group_put", Class::org_admin},
                                                        {"group_delete", Class::org_admin},
                                                        {"group_member_put", Class::org_admin},
                                                        {"group_member_delete", Class::org_admin},
                                                        {"collaborators", Class::admin},
                                                        {"collaborator_put", Class::admin},
                                                        {"collaborator_delete", Class::admin},
                                                        {"repo_group_put", Class::admin},
                                                        {"repo_group_delete", Class::admin},
                                                        {"jobs", Class::user},
                                                        {"pull", Class::user},
                                                        {"convert", Class::user},
                                                        {"mirrors", Class::audit},
                                                        {"mirror_create", Class::hub_admin},
                                                        {"mirror", Class::audit},
                                                        {"mirror_change", Class::hub_admin},
                                                        {"mirror_delete", Class::hub_admin},
                                                        {"mirror_run", Class::hub_admin},
                                                        {"upstreams", Class::audit},
                                                        {"job", Class::user},
                                                        {"job_cancel", Class::user},
                                                        {"job_events", Class::user},
                                                        {"trash", Class::audit},
                                                        {"trash_restore", Class::hub_admin},
                                                        {"xet_read_token", Class::read},
                                                        {"xet_write_token", Class::write},
                                                        {"lfs_duplicate", Class::talk},
                                                        {"xet_reconstruction", Class::xet_read},
                                                        {"xet_reconstruction_v2", Class::xet_read},
                                                        {"xet_batch", Class::xet_read},
                                                        {"xet_batch_post", Class::xet_read},
                                                        {"xet_chunk", Class::xet_read},
                                                        {"xet_file_head", Class::xet_read},
                                                        {"xet_file_chunks", Class::xet},
                                                        {"xet_telemetry", Class::xet},
                                                        {"xet_telemetry_root", Class::xet},
                                                        {"xet_xorb_head", Class::xet_write},
                                                        {"xet_xorb", Class::xet_write},
                                                        {"xet_shard", Class::xet_write},
                                                        {"xet_shard_named", Class::xet_write},
                                                        {"xet_shard_put", Class::xet_write},
                                                        {"xet_shard_stream", Class::xet_write},
                                                        {"xet_data", Class::signature},
                                                        {"lfs_object_get", Class::signature},
                                                        {"lfs_object_put", Class::signature},
                                                        {"lfs_verify", Class::signature},
                                                        {"lfs_part", Class::signature},
                                                        {"lfs_complete", Class::signature}};

/// Nothing, and what DESIGN 7 calls the roles, each holding those before it.
enum class Level { none, read, contribute, write, admin };

enum class Person {
  stranger,
  reader,
  contributor,
  writer,
  org_admin,
  collaborator,  // writes the one public and the one private repo, is no member
  auditor,
  hub_admin,
  service,  // a job: its tokens say what it may do
};

enum class Token {
  no_token,
  expired,
  revoked,
  of_disabled,  // whose user was an admin
  malformed,
  reads,
  writes,
  admins,
  // Fine-grained; all but the first on the organisation or its repos.
  scope_elsewhere,
  scope_read,
  scope_contribute,
  scope_write,
  scope_admin,
  scope_repos_write,
};

struct Caller {
  Person person{};
  Token token{};
  std::string text;
};

enum Repo { is_public, is_private, is_missing };

bool live(const Caller& who) { return who.token >= Token::reads; }
bool dead(const Caller& who) { return !live(who) && who.token != Token::no_token; }
bool fine_grained(const Caller& who) { return who.token >= Token::scope_elsewhere; }
bool administers_hub(const Caller& who) {
  return who.person == Person::hub_admin && who.token == Token::admins;
}

Level person_level(const Caller& who, bool on_repo) {
  if (administers_hub(who) || who.person == Person::service) return Level::admin;
  if (who.person >= Person::reader && who.person <= Person::org_admin)
    return static_cast<Level>(static_cast<int>(who.person));
  return on_repo && who.person == Person::collaborator ? Level::write : Level::none;
}

Level token_level(Token token, bool on_repo) {
  switch (token) {
    case Token::writes:
    case Token::admins:
    case Token::scope_admin:
      return Level::admin;
    case Token::scope_write:
      return Level::write;
    case Token::scope_repos_write:
      return on_repo ? Level::write : Level::none;
    case Token::scope_contribute:
      return Level::contribute;
    case Token::reads:
    case Token::scope_read:
      return Level::read;
    default:
      return Level::none;
  }
}

Level level(const Caller& who, bool on_repo) {
  return std::min(person_level(who, on_repo), token_level(who.token, on_repo));
}

Verdict known_only(const Caller& who, bool allowed) {
  if (!live(who)) return Verdict::unauthorized;
  return allowed ? Verdict::allowed : Verdict::forbidden;
}

Verdict on_repo(const Caller& who, Repo repo, Level needed) {
  if (needed > Level::read && !live(who)) return Verdict::unauthorized;
  const bool sees = repo == is_public || (repo == is_private && level(who, true) >= Level::read);
  if (!sees) return live(who) ? Verdict::hidden : Verdict::unauthorized;
  if (needed == Level::read || level(who, true) >= needed) return Verdict::allowed;
  return Verdict::forbidden;
}

Verdict expected(Class kind, const Caller& who, Repo repo) {
  const bool audits = who.person == Person::auditor && !fine_grained(who);
  switch (kind) {
    case Class::open:
      return Verdict::allowed;
    case Class::read:
      return on_repo(who, repo, Level::read);
    case Class::write:
      return on_repo(who, repo, Level::write);
    case Class::admin:
    case Class::by_name:
      return on_repo(who, repo, Level::admin);
    case Class::talk: {
      const auto verdict = on_repo(who, repo, Level::contribute);
      const bool anyone = repo == is_public && token_level(who.token, true) >= Level::contribute;
      return verdict == Verdict::forbidden && anyone ? Verdict::allowed : verdict;
    }
    case Class::like:
      if (!live(who)) return Verdict::unauthorized;
      if (on_repo(who, repo, Level::read) == Verdict::hidden) return Verdict::hidden;
      return known_only(who, who.token == Token::writes || who.token == Token::admins);
    case Class::asking:
      return live(who) ? on_repo(who, repo, Level::read) : Verdict::unauthorized;
    case Class::creation:
      return known_only(who, level(who, false) >= Level::write);
    case Class::user:
      return known_only(who, true);
    case Class::tokens:
      return known_only(who, !fine_grained(who));
    case Class::org_inside:
      return known_only(who, level(who, false) >= Level::read || audits);
    case Class::org_admin:
      return known_only(who, level(who, false) >= Level::admin);
    case Class::audit:
      return known_only(who, administers_hub(who) || audits);
    case Class::hub_admin:
      return known_only(who, administers_hub(who));
    case Class::xet:
      return dead(who) ? Verdict::unauthorized : Verdict::allowed;
    case Class::xet_read:
      return dead(who) ? Verdict::unauthorized : on_repo(who, repo, Level::read);
    case Class::xet_write:
      return on_repo(who, repo, Level::write);
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
  replace_all(target, "{ns}", "acme");
  replace_all(target, "{org}", "acme");
  replace_all(target, "{group}", "crew");
  replace_all(target, "{status}", "pending");
  replace_all(target, "{name}", name_of(repo));
  replace_all(target, "{name.git}", std::string(name_of(repo)) + ".git");
  replace_all(target, "{rest...}", file ? "main/.gitattributes" : "main");
  replace_all(target, "/{rest?...}", "");
  replace_all(target, "{oid}", std::string(64, '0'));
  replace_all(target, "{upload}", std::string(40, '0'));
  replace_all(target, "{part}", "1");
  replace_all(target, "{number}", "999");
  replace_all(target, "{job}", "999");
  replace_all(target, "{tag}", "latest");
  replace_all(target, "{digest}", "sha256:" + std::string(64, '0'));
  replace_all(target, "{mirror}", "nightly");
  replace_all(target, "{comment}", "00000000000003e700000000");
  replace_all(target, "{user}", "nobody");
  replace_all(target, "{token}", "nothing");
  for (const auto* hash : {"{file}", "{xorb}", "{chunk}", "{shard}"})
    replace_all(target, hash, std::string(64, '0'));
  replace_all(target, "{prefix}", "default");
  replace_all(target, "{generation}", xet_generation(HubFixture::href_key));
  for (const auto* bracket : {"[", "]"}) replace_all(target, bracket, "");
  return target;
}

std::string body_of(const Route& route, Repo repo) {
  const auto name = std::string(name_of(repo));
  if (route.name == "repo_delete") return R"({"organization":"acme","name":")" + name + "\"}";
  if (route.name == "repo_create") return R"({"organization":"acme","name":")" + name + "\"}";
  if (route.name == "repo_move")
    return R"({"fromRepo":"acme/)" + name + R"(","toRepo":"acme/moved"})";
  if (route.name == "lfs_files_delete") return R"({"deletions":{"sha":[],"rewriteHistory":true}})";
  if (route.name == "repo_settings") return "{}";
  if (route.name == "tag_create") return R"({"tag":"v1"})";
  if (route.name == "preupload") return R"({"files":[{"path":"a","sample":"","size":1}]})";
  if (route.name == "commit") return HubFixture::header_line("s") + HubFixture::file_line("a", "x");
  if (route.name == "lfs_batch") return R"({"operation":"download","objects":[]})";
  if (route.name == "paths_info") return "paths=a";
  if (route.name == "lfs_duplicate")
    return R"({"target":{"type":"model","name":"acme/)" + name + R"("},"files":[]})";
  if (route.name == "xet_batch_post") return "[]";
  if (route.name == "token_create") return R"({"name":"x","role":"read"})";
  if (route.name == "password_set") return R"({"password":"short"})";
  if (route.name == "access_handle") return R"({"user":"nobody","status":"accepted"})";
  if (route.name == "access_grant") return R"({"user":"nobody"})";
  if (route.name == "org_create") return R"({"name":"neworg"})";
  if (route.name == "member_put" || route.name == "collaborator_put" ||
      route.name == "repo_group_put")
    return R"({"role":"read"})";
  if (route.name == "user_create") return R"({"name":"newcomer"})";
  return route.limits.body_bytes_max > 0 ? "{}" : "";
}

const char* method_of(Method method) {
  constexpr const char* names[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"};
  return names[static_cast<int>(method)];
}

/// True if the answer may differ from repo to repo.
bool names_repo(const Route& route, Class kind) {
  return route.path.find("{name") != std::string_view::npos || kind == Class::by_name ||
         kind == Class::creation || kind == Class::xet_read || kind == Class::xet_write;
}

struct Hub : HubFixture {
  std::vector<Caller> callers;
  std::string owner;  // a write token of an admin of the organisation

  Hub() {
    make_user("owner");
    make_org("acme", "owner");
    owner = make_token("owner", TokenRole::write);
    restore();
    for (const auto& [person, name, role] :
         {std::tuple{Person::stranger, "stranger", Level::none},
          {Person::reader, "reader", Level::read},
          {Person::contributor, "contributor", Level::contribute},
          {Person::writer, "writer", Level::write},
          {Person::org_admin, "orgadmin", Level::admin},
          {Person::collaborator, "collaborator", Level::none},
          {Person::auditor, "auditor", Level::none},
          {Person::hub_admin, "hubadmin", Level::none}}) {
      make_user(name, person == Person::hub_admin);
      if (person == Person::auditor) REQUIRE(store->change_user(name, {.auditor = true}));
      if (role != Level::none)
        REQUIRE(store->orgs().put_member("acme", name, storage::Role{as_byte(role)}, {}));
      add_live_tokens(person, name);
    }
    add_service();
    add_dead_tokens();
    restore();
  }

  /// Repos that a cell may have deleted or made, and the role that went with them.
  void restore() {
    for (const auto* name : {"absent", "moved"}) {
      const auto made = store->find_repo({RepoType::model, "acme", name});
      if (made) REQUIRE(store->delete_repo(made->uid, "root"));
    }
    for (const auto repo : {is_public, is_private}) {
      const auto id = RepoId{RepoType::model, "acme", name_of(repo)};
      if (!store->find_repo(id)) make_repo(id.full_name(), repo == is_private, owner);
      const storage::GrantRow grant{{"", "collaborator"}, storage::Role::write, {}};
      if (!store->find_user("collaborator")) continue;  // at the very start
      const auto uid = store->find_repo(id)->uid;
      if (!store->grants().on_repo(uid)->empty()) continue;
      REQUIRE(store->grants().put(uid, grant));
      auth->forget_user("collaborator");
    }
  }

  Reply cell(const Route& route, const Caller& caller, Repo repo) {
    const bool xet = route.policy == Policy::xet_token;
    return ask({method_of(route.method), target_of(route, repo),
                xet ? xet_token(route, caller, repo) : caller.text, body_of(route, repo), "",
                nullptr});
  }

 private:
  /// As the caller might have got it while everything was allowed.
  std::string xet_token(const Route& route, const Caller& caller, Repo repo) {
    const auto row = store->find_repo({RepoType::model, "acme", name_of(repo)});
    const auto parts = parse_token(caller.text);
    if (!parts && !caller.text.empty()) return caller.text;
    const bool writes = classes.at(std::string(route.name)) == Class::xet_write;
    const XetGrant grant{parts ? parts->public_id : "", row ? row->uid : 999'999,
                         writes ? XetScope::write : XetScope::read};
    return mint_xet_token(href_key, grant, clock.now() + std::chrono::seconds(60));
  }

  static std::uint8_t as_byte(Level role) {
    return static_cast<std::uint8_t>(static_cast<int>(role) - 1);
  }

  void add_live_tokens(Person person, const std::string& name) {
    callers.push_back({person, Token::reads, make_token(name, TokenRole::read)});
    callers.push_back({person, Token::writes, make_token(name, TokenRole::write)});
    callers.push_back({person, Token::admins, make_token(name, TokenRole::admin)});
    add_scoped_tokens(person, name);
  }

  /// It has no other tokens. Membership of the organisation must not add to them.
  void add_service() {
    make_service("mirror");
    REQUIRE(store->orgs().put_member("acme", "mirror", storage::Role::admin, {}));
    add_scoped_tokens(Person::service, "mirror");
  }

  void add_scoped_tokens(Person person, const std::string& name) {
    using storage::Role;
    const auto fine = [&](Token token, std::vector<storage::TokenScope> scopes) {
      callers.push_back({person, token, make_fine_token(name, std::move(scopes))});
    };
    fine(Token::scope_elsewhere, {{"bob", {}, Role::admin}});
    fine(Token::scope_read, {{"acme", {}, Role::read}});
    fine(Token::scope_contribute, {{"ACME", {}, Role::contribute}});
    fine(Token::scope_write, {{"acme", {}, Role::write}, {"acme", {}, Role::read}});
    fine(Token::scope_admin, {{"acme", {}, Role::admin}});
    fine(Token::scope_repos_write,
         {{"acme", RepoId{RepoType::model, "acme", "Public"}, Role::write},
          {"acme", RepoId{RepoType::model, "acme", "secret"}, Role::write}});
  }

  void add_dead_tokens() {
    make_user("gone", /*admin=*/true);
    const auto of_disabled = make_token("gone", TokenRole::admin);
    const auto expired = make_token("owner", TokenRole::admin, clock.now());
    const auto revoked = make_token("owner", TokenRole::admin);
    for (const auto& text : {of_disabled, revoked})  // into the cache
      REQUIRE(get("/api/whoami-v2", text).status == 200);
    REQUIRE(ask({"DELETE", "/api/waag/v1/users/gone", root, "", "", nullptr}).status == 200);
    const auto id = parse_token(revoked)->public_id;
    REQUIRE(ask({"DELETE", "/api/waag/v1/tokens/" + id, owner, "", "", nullptr}).status == 200);
    callers.push_back({Person::stranger, Token::no_token, ""});
    callers.push_back({Person::org_admin, Token::expired, expired});
    callers.push_back({Person::org_admin, Token::revoked, revoked});
    callers.push_back({Person::hub_admin, Token::of_disabled, of_disabled});
    callers.push_back({Person::stranger, Token::malformed, "hf_x"});
  }
};

}  // namespace

TEST_CASE("matrix: every route, role, token and repo", "[daemon][matrix]") {
  Hub hub;
  std::set<std::string_view> names;
  for (const Route& route : routes()) {
    CAPTURE(route.name);
    const auto kind = classes.find(route.name);
    REQUIRE(kind != classes.end());
    CHECK(names.insert(route.name).second);
    for (const auto& caller : hub.callers) {
      for (const auto repo : {is_public, is_private, is_missing}) {
        if (repo != is_public && !names_repo(route, kind->second)) continue;
        const auto reply = hub.cell(route, caller, repo);
        CAPTURE(static_cast<int>(caller.person), static_cast<int>(caller.token), repo);
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
    if (kind != Class::read && kind != Class::write && kind != Class::talk &&
        kind != Class::admin && kind != Class::by_name && kind != Class::like &&
        kind != Class::asking && kind != Class::xet_read && kind != Class::xet_write)
      continue;
    for (const auto& caller : hub.callers) {
      if (level(caller, true) >= Level::read) continue;
      CAPTURE(route.name, static_cast<int>(caller.person), static_cast<int>(caller.token));
      const auto hidden = hub.cell(route, caller, is_private);
      const auto missing = hub.cell(route, caller, is_missing);
      CHECK(hidden.status == missing.status);
      CHECK(hidden.headers.all() == missing.headers.all());
      CHECK(hidden.body == missing.body);
    }
  }
}
