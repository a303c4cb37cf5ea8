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
  const auto body =
      GENERATE("{}", R"({"name":""})", R"({"name":"x","role":"god"})", R"({"name":"x","days":0})",
               R"({"name":"x","days":-1})", R"({"name":"x","days":99999})",
               R"({"name":"x","days":"7"})", R"({"name":"a\u0000b"})", "[1]");
  CAPTURE(body);
  CHECK(hub.post(tokens, hub.ada, body).status == 400);
  CHECK(hub.get(tokens, hub.ada).json().as_array().size() == 2);
}
