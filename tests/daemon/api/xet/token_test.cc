#include "tests/daemon/api/xet/xet_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::varied;
using waag::daemon::testing::XetHub;
using waag::daemon::testing::XetSample;

TEST_CASE("xet token: headers and JSON say the same", "[daemon][xet]") {
  XetHub hub;
  hub.make_repo("tiny");
  const auto reply = hub.get("/api/models/ada/tiny/xet-read-token/main");
  REQUIRE(reply.status == 200);
  const auto& json = reply.json();
  CHECK(json.at("casUrl").as_string() == "http://hub:8080" + hub.cas);
  CHECK(reply.header("X-Xet-Cas-Url") == "http://hub:8080" + hub.cas);
  CHECK(json.at("accessToken").as_string() == reply.header("X-Xet-Access-Token"));
  CHECK(std::to_string(json.at("exp").as_int64()) == reply.header("X-Xet-Token-Expiration"));
  CHECK(json.at("exp").as_int64() == hub.clock.now().count() / 1000 + 900);
  CHECK(reply.header("Cache-Control") == "no-store");
  CHECK(hub.cas.size() == std::string("/xet/g1-01234567").size());
}

TEST_CASE("xet token: revisions as clients write them", "[daemon][xet]") {
  XetHub hub;
  hub.make_repo("tiny");
  const auto head = hub.committed("ada/tiny", XetHub::file_line("a", "x"));
  const auto ask = [&](const std::string& rest) {
    return hub.get("/api/models/ada/tiny/xet-" + rest, hub.ada).status;
  };
  CHECK(ask("read-token/" + head) == 200);
  CHECK(ask("read-token/None") == 200);
  CHECK(ask("read-token/absent") == 404);
  CHECK(ask("write-token/None") == 200);
  CHECK(ask("write-token/refs%2Fheads%2Fmain") == 200);
  CHECK(ask("write-token/absent") == 404);
  CHECK(ask("write-token/None?create_pr=1") == 200);
}

TEST_CASE("xet token: who gets one", "[daemon][xet]") {
  XetHub hub;
  hub.make_repo("tiny");
  hub.make_repo("secret", /*hidden=*/true);
  const auto ask = [&](const std::string& target, const std::string& token) {
    return hub.get("/api/models/ada/" + target, token).status;
  };
  CHECK(ask("tiny/xet-read-token/main", "") == 200);
  CHECK(ask("tiny/xet-write-token/main", "") == 401);
  CHECK(ask("tiny/xet-write-token/main", hub.ada_read) == 403);
  CHECK(ask("tiny/xet-write-token/main", hub.bob) == 403);
  CHECK(ask("tiny/xet-write-token/main?create_pr=1", hub.bob) == 200);
  CHECK(ask("secret/xet-read-token/main", hub.bob) == 404);
  CHECK(ask("secret/xet-read-token/main", "") == 401);
  CHECK(ask("secret/xet-write-token/main?create_pr=1", hub.bob) == 404);
  CHECK(ask("absent/xet-read-token/main", hub.bob) == 404);
  CHECK(ask("secret/xet-read-token/main", hub.ada_read) == 200);
}

TEST_CASE("xet token: a renamed repo leads on", "[daemon][xet]") {
  XetHub hub;
  hub.make_repo("tiny");
  REQUIRE(hub.post("/api/repos/move", hub.ada, R"({"fromRepo":"ada/tiny","toRepo":"ada/new"})")
              .status == 200);
  const auto reply = hub.get("/api/models/ada/tiny/xet-write-token/refs%2Fheads%2Fmain", hub.ada);
  CHECK(reply.status == 307);
  CHECK(reply.header("Location") == "/api/models/ada/new/xet-write-token/refs%2Fheads%2Fmain");
}

TEST_CASE("xet token: each call judges it anew", "[daemon][xet]") {
  XetHub hub;
  hub.make_repo("tiny");
  const XetSample sample(varied(120'000, 1));
  hub.publish("ada/tiny", sample);
  const auto hub_token = hub.make_token("ada", storage::TokenRole::write);
  const auto xet_token = hub.token("ada/tiny", "write", hub_token);
  REQUIRE(hub.plan(sample, xet_token).status == 200);

  SECTION("expired") {
    hub.clock.advance(std::chrono::seconds(901));
    CHECK(hub.plan(sample, xet_token).status == 401);
  }
  SECTION("the hub token was revoked") {
    const auto id = parse_token(hub_token)->public_id;
    REQUIRE(hub.ask({"DELETE", "/api/waag/v1/tokens/" + id, hub.ada, "", "", nullptr}).status ==
            200);
    CHECK(hub.plan(sample, xet_token).status == 401);
    CHECK(hub.send_xorb(sample, xet_token).status == 401);
  }
  SECTION("the user was disabled") {
    REQUIRE(hub.ask({"DELETE", "/api/waag/v1/users/ada", hub.root, "", "", nullptr}).status == 200);
    CHECK(hub.plan(sample, xet_token).status == 401);
  }
  SECTION("the repo was deleted") {
    REQUIRE(hub.ask({"DELETE", "/api/repos/delete", hub.ada, R"({"name":"tiny"})", "", nullptr})
                .status == 200);
    CHECK(hub.plan(sample, xet_token).status == 404);
    CHECK(hub.send_xorb(sample, xet_token).status == 404);
  }
  SECTION("altered, or none of ours") {
    CHECK(hub.plan(sample, xet_token + "0").status == 401);
    CHECK(hub.plan(sample, "").status == 401);
    CHECK(hub.plan(sample, hub_token).status == 401);
    auto wider = hub.token("ada/tiny", "read", hub_token);
    wider.replace(wider.find("~r~"), 3, "~w~");
    CHECK(hub.plan(sample, wider).status == 401);
  }
}

TEST_CASE("xet token: what a lost right to write leaves", "[daemon][xet]") {
  XetHub hub;
  hub.make_org("acme", "ada");
  REQUIRE(hub.post("/api/repos/create", hub.ada, R"({"name":"x","organization":"acme"})").status ==
          200);
  const auto put = [&](const char* role) {
    return hub
        .ask({"PUT", "/api/waag/v1/orgs/acme/members/bob", hub.ada,
              std::string(R"({"role":")") + role + "\"}", "", nullptr})
        .status;
  };
  REQUIRE(put("write") == 200);
  const XetSample sample(varied(60'000, 2));
  const auto xet_token = hub.token("acme/x", "write", hub.bob);
  CHECK(hub.send_xorb(sample, xet_token).status == 200);
  REQUIRE(put("read") == 200);
  CHECK(hub.send_xorb(sample, xet_token).status == 403);
  CHECK(hub.post(hub.cas + "/v1/shards", xet_token, sample.shard()).status == 403);
  CHECK(hub.query(sample.chunks[0], xet_token).status == 404);  // but reads
}

TEST_CASE("xet: another store's generation is not found", "[daemon][xet]") {
  XetHub hub;
  hub.make_repo("tiny");
  const XetSample sample(varied(60'000, 3));
  hub.publish("ada/tiny", sample);
  const auto xet_token = hub.token("ada/tiny", "write", hub.ada);
  hub.cas = "/xet/g1-00000000";
  CHECK(hub.plan(sample, xet_token).status == 404);
  CHECK(hub.query(sample.chunks[0], xet_token).status == 404);
  CHECK(hub.send_xorb(sample, xet_token).status == 404);
  CHECK(xet_generation("one") != xet_generation("two"));
}

TEST_CASE("xet: disabled, nothing speaks of it", "[daemon][xet]") {
  XetHub hub;
  hub.make_repo("tiny");
  const XetSample sample(varied(60'000, 4));
  hub.publish("ada/tiny", sample);
  const auto xet_token = hub.token("ada/tiny", "write", hub.ada);
  const auto data = hub.data_path(sample, xet_token);
  hub.config.xet.enabled = false;
  CHECK(hub.get("/api/models/ada/tiny/xet-read-token/main", hub.ada).status == 404);
  CHECK(hub.get("/api/models/ada/tiny/xet-write-token/main", hub.ada).status == 404);
  CHECK(hub.plan(sample, xet_token).status == 404);
  CHECK(hub.query(sample.chunks[0], xet_token).status == 404);
  CHECK(hub.send_xorb(sample, xet_token).status == 404);
  CHECK(hub.post(hub.cas + "/v1/shards", xet_token, sample.shard()).status == 404);
  CHECK(hub.get(data).status == 403);
  const auto file = hub.head("/ada/tiny/resolve/main/w.bin");
  CHECK(file.status == 200);
  CHECK(file.header("X-Xet-Hash").empty());
  CHECK(file.header("Link").empty());
  CHECK(hub.get("/api/models/ada/tiny/tree/main").body.find("xetHash") == std::string::npos);
  const auto batch = hub.batch("ada/tiny", "upload", "new", hub.ada, R"(["basic","xet"])");
  CHECK(batch.json().at("transfer") == "basic");
}
