#include "daemon/auth/authenticator.h"

#include "protocol/base64.h"
#include "tests/daemon/hub_fixture.h"
#include "tests/daemon/run_task.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::run_task;

namespace {

Identity who(HubFixture& hub, std::optional<std::string> header) {
  auto identity = run_task(hub.auth->identify(std::move(header)));
  REQUIRE(identity);
  return *identity;
}

}  // namespace

TEST_CASE("authenticator: who is who", "[daemon][authenticator]") {
  HubFixture hub;
  CHECK(who(hub, std::nullopt).anonymous());
  CHECK_FALSE(who(hub, std::nullopt).had_bad_credentials);
  for (int i = 0; i < 2; ++i) {  // from the store, then from the cache
    const auto ada = who(hub, "Bearer " + hub.ada);
    CHECK(ada.user == "ada");
    CHECK(ada.can_write);
    CHECK_FALSE(ada.hub_admin);
    CHECK(ada.token_role == "write");
  }
  CHECK(who(hub, "Basic " + encode_base64("x:" + hub.ada)).user == "ada");
  CHECK_FALSE(who(hub, "Bearer " + hub.ada_read).can_write);
  CHECK(who(hub, "Bearer " + hub.root).hub_admin);
  const auto modest = hub.make_token("root", storage::TokenRole::write);
  CHECK_FALSE(who(hub, "Bearer " + modest).hub_admin);
}

TEST_CASE("authenticator: a service account has fine-grained tokens only",
          "[daemon][authenticator]") {
  HubFixture hub;
  hub.make_service("mirror");
  CHECK(who(hub, "Bearer " + hub.make_fine_token("mirror", {{"ada", {}, storage::Role::write}}))
            .user == "mirror");
  for (const auto role : {storage::TokenRole::read, storage::TokenRole::admin})
    CHECK(who(hub, "Bearer " + hub.make_token("mirror", role)).anonymous());
}

TEST_CASE("authenticator: what is no token of ours", "[daemon][authenticator]") {
  HubFixture hub;
  const auto unknown = mint_token(hub.random).text;
  const auto header =
      GENERATE_COPY(std::string("Bearer hf_nonsense"), "Bearer " + unknown, std::string("Digest x"),
                    std::string(""), std::string("Basic !"));
  const auto identity = who(hub, header);
  CHECK(identity.anonymous());
  CHECK(identity.had_bad_credentials);
}

TEST_CASE("authenticator: the right id with another secret", "[daemon][authenticator]") {
  HubFixture hub;
  const auto minted = mint_token(hub.random);
  storage::TokenRow row;
  row.public_id = minted.parts.public_id;
  row.secret_sha256 = sha256(as_bytes("another"));
  row.user = "ada";
  REQUIRE(hub.store->put_token(row));
  CHECK(who(hub, "Bearer " + minted.text).had_bad_credentials);
}

TEST_CASE("authenticator: expiry, revocation and disabled users end a cached token at once",
          "[daemon][authenticator]") {
  HubFixture hub;
  const auto brief =
      hub.make_token("ada", storage::TokenRole::write, hub.clock.now() + std::chrono::seconds(10));
  REQUIRE(who(hub, "Bearer " + brief).user == "ada");
  hub.clock.advance(std::chrono::seconds(9));
  CHECK(who(hub, "Bearer " + brief).user == "ada");
  hub.clock.advance(std::chrono::seconds(1));
  CHECK(who(hub, "Bearer " + brief).had_bad_credentials);

  REQUIRE(who(hub, "Bearer " + hub.ada).user == "ada");
  const auto id = parse_token(hub.ada)->public_id;
  REQUIRE(hub.ask({"DELETE", "/api/waag/v1/tokens/" + id, hub.ada, "", "", nullptr}).status == 200);
  CHECK(who(hub, "Bearer " + hub.ada).had_bad_credentials);

  REQUIRE(who(hub, "Bearer " + hub.bob).user == "bob");
  REQUIRE(hub.ask({"DELETE", "/api/waag/v1/users/bob", hub.root, "", "", nullptr}).status == 200);
  CHECK(who(hub, "Bearer " + hub.bob).had_bad_credentials);
}

TEST_CASE("authenticator: what ends a role ends it for cached callers", "[daemon][authenticator]") {
  HubFixture hub;
  hub.make_org("acme", "ada");
  hub.make_repo("acme/secret", /*hidden=*/true);
  const auto status = [&hub] { return hub.get("/api/models/acme/secret", hub.bob).status; };
  const auto call = [&hub](const char* method, const std::string& path, const char* body = "") {
    const auto reply = hub.ask({method, "/api/waag/v1" + path, hub.ada, body, "", nullptr});
    INFO(path << " " << reply.body);
    REQUIRE(reply.status == 200);
  };
  CHECK(status() == 404);
  SECTION("a membership") {
    call("PUT", "/orgs/acme/members/BOB", R"({"role":"read"})");
    CHECK(status() == 200);
    call("DELETE", "/orgs/Acme/members/bob");
  }
  SECTION("a collaboration") {
    call("PUT", "/repos/models/acme/secret/collaborators/BOB", R"({"role":"read"})");
    CHECK(status() == 200);
    call("DELETE", "/repos/models/acme/secret/collaborators/Bob");
  }
  SECTION("a group's role on one repo") {
    // Members of an organisation read it all; this one is in no group and then in no organisation.
    call("PUT", "/orgs/acme/groups/crew", "{}");
    call("PUT", "/repos/models/acme/secret/groups/CREW", R"({"role":"write"})");
    call("PUT", "/orgs/acme/members/bob", R"({"role":"read"})");
    const auto write = [&hub] {
      return hub.get("/api/models/acme/secret/auth-check/write", hub.bob).status;
    };
    CHECK(write() == 403);
    call("PUT", "/orgs/acme/groups/crew/members/bob");
    CHECK(write() == 200);
    call("DELETE", "/repos/models/acme/secret/groups/crew");
    CHECK(write() == 403);
    call("PUT", "/orgs/acme/groups/crew", R"({"role":"write"})");
    CHECK(write() == 200);
    call("DELETE", "/orgs/acme/groups/crew/members/bob");
    CHECK(write() == 403);
    call("PUT", "/orgs/acme/groups/crew/members/bob");
    CHECK(write() == 200);
    call("DELETE", "/orgs/acme/groups/crew");
    CHECK(write() == 403);
    call("DELETE", "/orgs/acme/members/bob");
  }
  CHECK(status() == 404);
}

TEST_CASE("authenticator: who asked for a job, as of now", "[daemon][authenticator]") {
  HubFixture hub;
  const auto token_of = [](const std::string& text) { return parse_token(text)->public_id; };
  const auto recall = [&hub](const std::string& user, const std::string& token) {
    return hub.auth->recall({user, token});
  };
  CHECK(recall("ada", token_of(hub.ada))->can_write);
  CHECK_FALSE(recall("ada", token_of(hub.ada_read))->can_write);
  // A rule's job has no token: the user's own rights.
  CHECK(recall("ada", "")->can_write);
  CHECK_FALSE(recall("ada", "")->hub_admin);
  CHECK(recall("root", "")->hub_admin);
  const auto modest = hub.make_token("root", storage::TokenRole::write);
  CHECK_FALSE(recall("root", token_of(modest))->hub_admin);
  // Past the cache: what has gone counts at once.
  static_cast<void>(who(hub, "Bearer " + hub.ada));
  REQUIRE(hub.store->delete_token(token_of(hub.ada)));
  CHECK(recall("ada", token_of(hub.ada)).error().code == Errc::forbidden);
  CHECK(recall("bob", token_of(hub.ada_read)).error().code == Errc::forbidden);
  CHECK(recall("nobody", "").error().code == Errc::forbidden);
  hub.make_service("mirror");
  CHECK(recall("mirror", "").error().code == Errc::forbidden);
  REQUIRE(hub.store->change_user("ada", {.disabled = true}));
  CHECK(recall("ada", "").error().code == Errc::forbidden);
}
