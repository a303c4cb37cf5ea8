#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

constexpr const char* tokens = "/api/waag/v1/tokens";

Reply revoke(HubFixture& hub, const std::string& id, const std::string& token) {
  return hub.ask({"DELETE", std::string(tokens) + "/" + id, token, "", "", nullptr});
}

}  // namespace

TEST_CASE("admin tokens: made once, listed without secret, revoked at once", "[daemon][admin]") {
  HubFixture hub;
  const auto made = hub.post(tokens, hub.ada, R"({"name":"ci","role":"read","days":2})");
  REQUIRE(made.status == 200);
  CHECK(made.header("Cache-Control") == "no-store");
  const auto text = std::string(made.json().at("token").as_string());
  const auto id = std::string(made.json().at("id").as_string());
  CHECK(hub.get("/api/whoami-v2", text).status == 200);
  const auto list = hub.get(tokens, hub.ada);
  CHECK(list.json().as_array().size() == 3);
  CHECK(list.body.find(text) == std::string::npos);
  CHECK(list.body.find("\"token\"") == std::string::npos);

  hub.clock.advance(std::chrono::hours(47));
  CHECK(hub.get("/api/whoami-v2", text).status == 200);
  CHECK(revoke(hub, id, hub.bob).status == 404);
  CHECK(revoke(hub, id, hub.ada).status == 200);
  CHECK(hub.get("/api/whoami-v2", text).status == 401);
  CHECK(revoke(hub, id, hub.ada).body == revoke(hub, "absent", hub.ada).body);
  CHECK(hub.log_text.find(text) == std::string::npos);
}

TEST_CASE("admin tokens: they end after the configured days", "[daemon][admin]") {
  HubFixture hub;
  const auto text =
      std::string(hub.post(tokens, hub.ada, R"({"name":"x"})").json().at("token").as_string());
  hub.clock.advance(std::chrono::hours(24 * hub.config.auth.token_days) - std::chrono::seconds(1));
  CHECK(hub.get("/api/whoami-v2", text).status == 200);
  hub.clock.advance(std::chrono::seconds(1));
  CHECK(hub.get("/api/whoami-v2", text).status == 401);
}

TEST_CASE("admin tokens: no token makes a stronger one, none for others", "[daemon][admin]") {
  HubFixture hub;
  CHECK(hub.post(tokens, hub.ada_read, R"({"name":"x","role":"read"})").status == 200);
  CHECK(hub.post(tokens, hub.ada_read, R"({"name":"x","role":"write"})").status == 403);
  CHECK(hub.post(tokens, hub.ada, R"({"name":"x","role":"write"})").status == 200);
  CHECK(hub.post(tokens, hub.ada, R"({"name":"x","role":"admin"})").status == 403);
  CHECK(hub.post(tokens, hub.ada, R"({"name":"x","user":"bob"})").status == 403);
  CHECK(hub.get(std::string(tokens) + "?user=bob", hub.ada).status == 403);
  const auto made = hub.post(tokens, hub.root, R"({"name":"x","user":"BOB"})");
  CHECK(made.json().at("user") == "bob");
  CHECK(hub.get(std::string(tokens) + "?user=bob", hub.root).json().as_array().size() == 2);
  CHECK(hub.post(tokens, hub.root, R"({"name":"x","user":"nobody"})").status == 404);
}

TEST_CASE("admin tokens: bad wishes", "[daemon][admin]") {
  HubFixture hub;
  const auto body = GENERATE(
      "{}", R"({"name":""})", R"({"name":"x","role":"god"})", R"({"name":"x","days":0})",
      R"({"name":"x","days":-1})", R"({"name":"x","days":99999})", R"({"name":"x","days":"7"})",
      R"({"name":"a\u0000b"})", "[1]", R"({"name":"x","role":"fineGrained"})",
      R"({"name":"x","scopes":[]})", R"({"name":"x","scopes":{}})", R"({"name":"x","scopes":[7]})",
      R"({"name":"x","scopes":[{"rights":"read"}]})",
      R"({"name":"x","scopes":[{"namespace":"ada"}]})",
      R"({"name":"x","scopes":[{"namespace":"ada","rights":"god"}]})",
      R"({"name":"x","scopes":[{"namespace":"a/b","rights":"read"}]})",
      R"({"name":"x","scopes":[{"repo":"ada","rights":"read"}]})",
      R"({"name":"x","scopes":[{"repo":"ada/r","type":"x","rights":"read"}]})",
      R"({"name":"x","scopes":[{"repo":"a/b","namespace":"a","rights":"read"}]})",
      R"({"name":"x","role":"write","scopes":[{"namespace":"a","rights":"read"}]})");
  CAPTURE(body);
  CHECK(hub.post(tokens, hub.ada, body).status == 400);
  CHECK(hub.get(tokens, hub.ada).json().as_array().size() == 2);
}

TEST_CASE("admin tokens: fine-grained ones reach what their scopes name", "[daemon][admin]") {
  HubFixture hub;
  hub.make_repo("mine", /*hidden=*/true);
  hub.make_repo("other", /*hidden=*/true);
  hub.make_repo("open");
  const auto made =
      hub.post(tokens, hub.ada, R"({"name":"ci","scopes":[{"repo":"Ada/Mine","rights":"write"}]})");
  REQUIRE(made.status == 200);
  CHECK(made.json().at("role") == "fineGrained");
  CHECK(made.json().at("scopes").at(0).at("repo") == "Ada/Mine");
  CHECK(made.json().at("scopes").at(0).at("type") == "model");
  const auto text = std::string(made.json().at("token").as_string());
  CHECK(hub.get("/api/models/ada/mine", text).status == 200);
  CHECK(hub.get("/api/models/ada/other", text).status == 404);
  CHECK(hub.get("/api/models/ada/open", text).status == 200);
  CHECK(hub.get("/api/models", text).json().as_array().size() == 2);
  CHECK(hub.commit("ada/mine", HubFixture::file_line("a", "x"), "main", text).status == 200);
  CHECK(hub.commit("ada/open", HubFixture::file_line("a", "x"), "main", text).status == 403);
  CHECK(hub.post("/api/repos/create", text, R"({"name":"new"})").status == 403);

  const auto me = hub.get("/api/whoami-v2", text);
  const auto& shown = me.json().at("auth").at("accessToken");
  CHECK(shown.at("role") == "fineGrained");
  CHECK(shown.at("fineGrained").at("scoped").at(0).at("entity").at("name") == "Ada/Mine");
  // Nothing of the account itself, but it may end itself.
  CHECK(hub.get(tokens, text).status == 403);
  CHECK(hub.post(tokens, text, R"({"name":"x","role":"read"})").status == 403);
  const auto others = parse_token(hub.ada_read)->public_id;
  CHECK(revoke(hub, others, text).status == 403);
  CHECK(revoke(hub, parse_token(text)->public_id, text).status == 200);
  CHECK(hub.get("/api/whoami-v2", text).status == 401);
}

TEST_CASE("admin tokens: a read token makes fine-grained ones that read", "[daemon][admin]") {
  HubFixture hub;
  const auto wish = [](const char* rights) {
    return R"({"name":"x","scopes":[{"namespace":"ada","rights":")" + std::string(rights) + "\"}]}";
  };
  CHECK(hub.post(tokens, hub.ada_read, wish("read")).status == 200);
  CHECK(hub.post(tokens, hub.ada_read, wish("contribute")).status == 403);
  CHECK(hub.post(tokens, hub.ada, wish("admin")).status == 200);
}
