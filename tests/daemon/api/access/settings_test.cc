#include "daemon/api/access/settings.h"

#include <boost/json/parse.hpp>

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;

namespace {

Result<storage::RepoSettings> parsed(const char* text, bool xet_enabled = true) {
  return api::wanted_settings(boost::json::parse(text).as_object(), xet_enabled);
}

}  // namespace

TEST_CASE("settings: what may be asked", "[daemon][settings]") {
  using storage::Gate;
  using storage::Visibility;
  CHECK(parsed(R"({"gated":"auto"})")->gate == Gate::automatic);
  CHECK(parsed(R"({"gated":"manual"})")->gate == Gate::manual);
  CHECK(parsed(R"({"gated":false})")->gate == Gate::none);
  CHECK_FALSE(parsed(R"({"gated":null})")->gate);
  CHECK(parsed(R"({"private":true})")->visibility == Visibility::closed);
  CHECK(parsed(R"({"visibility":"public"})")->visibility == Visibility::open);
  CHECK(parsed(R"({"disabled":true})")->disabled == true);
  CHECK(parsed(R"({"discussionsDisabled":false})")->discussions_disabled == false);
  CHECK(parsed(R"({"xetEnabled":true,"unknown":1})"));
  CHECK(parsed(R"({"xetEnabled":false})", /*xet_enabled=*/false));
  CHECK_FALSE(parsed(R"({"xetEnabled":true})", /*xet_enabled=*/false));
  for (const auto* bad :
       {R"({"gated":true})", R"({"gated":"none"})", R"({"gated":1})", R"({"private":"no"})",
        R"({"visibility":"secret"})", R"({"disabled":"yes"})", R"({"discussionsDisabled":0})",
        R"({"xetEnabled":false})"}) {
    CAPTURE(bad);
    CHECK(parsed(bad).error().code == Errc::invalid_argument);
  }
}

TEST_CASE("settings: any combination at once, shown by info", "[daemon][settings]") {
  HubFixture hub;
  hub.make_repo("x");
  const auto put = [&](const std::string& token, const std::string& body) {
    return hub.ask({"PUT", "/api/models/ada/x/settings", token, body, "", nullptr});
  };
  for (const auto* gated : {"\"auto\"", "\"manual\"", "false"})
    for (const auto* hidden : {"true", "false"}) {
      const auto body = std::string(R"({"gated":)") + gated + R"(,"private":)" + hidden + "}";
      CAPTURE(body);
      const auto reply = put(hub.ada, body);
      CHECK(reply.status == 200);
      const auto info = hub.get("/api/models/ada/x", hub.ada);
      for (const auto& shown : {reply, info}) {
        CHECK(shown.body.find(std::string(R"("gated":)") + gated) != std::string::npos);
        CHECK(shown.body.find(std::string(R"("private":)") + hidden) != std::string::npos);
      }
    }
  CHECK(put(hub.ada, R"({"gated":"auto"})").status == 200);
  // What is not named stays.
  CHECK(put(hub.ada, R"({"discussionsDisabled":true})").body ==
        R"({"private":false,"visibility":"public","gated":"auto","discussionsDisabled":true,)"
        R"("disabled":false})");
  CHECK(put(hub.ada, "{}").body ==
        R"({"private":false,"visibility":"public","gated":"auto","discussionsDisabled":true,)"
        R"("disabled":false})");
  // A bad field changes nothing of the good ones.
  CHECK(put(hub.ada, R"({"private":true,"gated":"maybe"})").status == 400);
  CHECK(hub.get("/api/models/ada/x").json().at("private") == false);
}

TEST_CASE("settings: who may change what", "[daemon][settings]") {
  HubFixture hub;
  hub.make_repo("x", /*hidden=*/true);
  const auto put = [&](const std::string& token, const std::string& body) {
    return hub.ask({"PUT", "/api/models/ada/x/settings", token, body, "", nullptr}).status;
  };
  CHECK(put("", R"({"private":false})") == 401);
  CHECK(put(hub.bob, R"({"private":false})") == 404);
  CHECK(put(hub.ada_read, R"({"private":false})") == 403);
  CHECK(put(hub.ada, R"({"visibility":"public"})") == 200);
  CHECK(put(hub.bob, R"({"gated":false})") == 403);
  CHECK(put(hub.ada, R"({"private":true})") == 200);
  CHECK(hub.get("/api/models/ada/x").status == 401);
  // Taking a repo out of service is the hub's business, not its owner's.
  CHECK(put(hub.ada, R"({"disabled":true})") == 403);
  CHECK(put(hub.ada, R"({"private":false,"disabled":false})") == 403);
  CHECK(hub.get("/api/models/ada/x", hub.ada).json().at("private") == true);
  CHECK(put(hub.root, R"({"disabled":true})") == 200);
  CHECK(put(hub.ada, R"({"private":true})") == 403);
  CHECK(put(hub.root, R"({"disabled":false})") == 200);
  CHECK(put(hub.ada, R"({"private":true})") == 200);
}
