#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;

TEST_CASE("admin users: create, list, disable", "[daemon][admin]") {
  HubFixture hub;
  const auto made = hub.post("/api/waag/v1/users", hub.root,
                             R"({"name":"Eve","fullName":"Eve E","email":"e@x.test"})");
  REQUIRE(made.status == 200);
  CHECK(made.json().at("name") == "Eve");
  CHECK(made.json().at("admin") == false);
  const auto again = hub.post("/api/waag/v1/users", hub.root, R"({"name":"EVE"})");
  CHECK(again.status == 409);
  CHECK(hub.get("/api/waag/v1/users", hub.root).json().as_array().size() == 4);

  const auto token = hub.make_token("Eve", storage::TokenRole::write);
  REQUIRE(hub.get("/api/whoami-v2", token).status == 200);
  const auto gone = hub.ask({"DELETE", "/api/waag/v1/users/Eve", hub.root, "", "", nullptr});
  CHECK(gone.json().at("disabled") == true);
  CHECK(hub.get("/api/whoami-v2", token).status == 401);
  CHECK(hub.ask({"DELETE", "/api/waag/v1/users/nobody", hub.root, "", "", nullptr}).status == 404);
  CHECK(hub.ask({"DELETE", "/api/waag/v1/users/root", hub.root, "", "", nullptr}).status == 400);
}

TEST_CASE("admin users: roles change at once, one's own stays", "[daemon][admin]") {
  HubFixture hub;
  const auto put = [&hub](const char* user, const char* body) {
    return hub.ask({"PUT", std::string("/api/waag/v1/users/") + user, hub.root, body, "", nullptr});
  };
  const auto strong = hub.make_token("ada", storage::TokenRole::admin);
  const auto lists = [&] { return hub.get("/api/waag/v1/users", strong).status; };
  CHECK(lists() == 403);
  const auto raised = put("ADA", R"({"admin":true,"email":"new@x.test"})");
  CHECK(raised.json().at("admin") == true);
  CHECK(raised.json().at("email") == "new@x.test");
  CHECK(raised.json().at("fullName") == "ada Example");
  CHECK(lists() == 200);
  CHECK(put("ada", R"({"admin":false,"auditor":true})").json().at("auditor") == true);
  CHECK(lists() == 200);
  CHECK(put("ada", R"({"auditor":false})").status == 200);
  CHECK(lists() == 403);
  CHECK(put("ada", R"({"disabled":true})").status == 200);
  CHECK(lists() == 401);
  CHECK(put("ada", R"({"disabled":false})").status == 200);
  CHECK(lists() == 403);
  CHECK(put("root", R"({"admin":false})").status == 400);
  CHECK(put("root", R"({"disabled":true})").status == 400);
  CHECK(put("root", R"({"fullName":"R"})").status == 200);
  CHECK(put("nobody", "{}").status == 404);
  CHECK(put("ada", R"({"admin":"yes"})").status == 400);
  CHECK(put("ada", R"({"email":"a<b>"})").status == 400);
}

TEST_CASE("admin users: bad names and fields make nothing", "[daemon][admin]") {
  HubFixture hub;
  const auto body = GENERATE(R"({})", R"({"name":""})", R"({"name":"a b"})", R"({"name":"api"})",
                             R"({"name":"DataSets"})", R"({"name":"../x"})", R"({"name":7})",
                             R"({"name":"x","email":"a<b>"})", R"({"name":"x","fullName":"a\nb"})",
                             R"({"name":"x","admin":"yes"})", "{");
  CAPTURE(body);
  CHECK(hub.post("/api/waag/v1/users", hub.root, body).status == 400);
  CHECK(hub.get("/api/waag/v1/users", hub.root).json().as_array().size() == 3);
}

TEST_CASE("admin: for hub admins with an admin token only", "[daemon][admin]") {
  HubFixture hub;
  const auto modest = hub.make_token("root", storage::TokenRole::write);
  const auto vain = hub.make_token("ada", storage::TokenRole::admin);
  CHECK(hub.get("/api/waag/v1/users").status == 401);
  for (const auto& token : {hub.ada, modest, vain})
    CHECK(hub.get("/api/waag/v1/users", token).status == 403);
}

TEST_CASE("admin: an auditor sees what admins see and changes nothing", "[daemon][admin]") {
  HubFixture hub;
  REQUIRE(hub.post("/api/waag/v1/users", hub.root, R"({"name":"eve","auditor":true})").status ==
          200);
  const auto eve = hub.make_token("eve", storage::TokenRole::read);
  hub.make_repo("secret", /*hidden=*/true);
  CHECK(hub.get("/api/waag/v1/users", eve).json().as_array().size() == 4);
  CHECK(hub.get("/api/waag/v1/tokens?user=ada", eve).json().as_array().size() == 2);
  CHECK(hub.get("/api/waag/v1/orgs", eve).status == 200);
  CHECK(hub.get("/api/waag/v1/status", eve).json().at("repos") == 1);
  CHECK(hub.get("/api/models/ada/secret", eve).status == 404);
  const auto strong = hub.make_token("eve", storage::TokenRole::admin);
  CHECK(hub.post("/api/waag/v1/users", strong, R"({"name":"mallory"})").status == 403);
  CHECK(hub.post("/api/waag/v1/tokens", strong, R"({"name":"x","user":"ada"})").status == 403);
  CHECK(hub.ask({"DELETE", "/api/waag/v1/users/ada", strong, "", "", nullptr}).status == 403);
}

TEST_CASE("admin: status counts", "[daemon][admin]") {
  HubFixture hub;
  hub.make_repo("tiny");
  const auto status = hub.get("/api/waag/v1/status", hub.root);
  CHECK(status.json().at("repos") == 1);
  CHECK(status.json().at("user") == "root");
  CHECK(status.json().at("freeBytes").to_number<std::uint64_t>() > 0);
  // How many repos there are that one may not read is nobody's business.
  const auto ordinary = hub.get("/api/waag/v1/status", hub.ada);
  CHECK(ordinary.json().at("user") == "ada");
  CHECK_FALSE(ordinary.json().as_object().contains("repos"));
  CHECK(hub.get("/api/waag/v1/status").status == 401);
}

TEST_CASE("admin: a service account does what its tokens name", "[daemon][admin]") {
  HubFixture hub;
  const auto make = [&hub](const char* body) {
    return hub.post("/api/waag/v1/users", hub.root, body);
  };
  CHECK(make(R"({"name":"mirror","service":true,"admin":true})").status == 400);
  CHECK(make(R"({"name":"mirror","service":true,"auditor":true})").status == 400);
  CHECK(make(R"({"name":"mirror","service":true})").json().at("service") == true);
  const auto change = [&hub](const char* body) {
    return hub.ask({"PUT", "/api/waag/v1/users/mirror", hub.root, body, "", nullptr}).status;
  };
  CHECK(change(R"({"admin":true})") == 400);
  CHECK(change(R"({"fullName":"Mirror job"})") == 200);
  CHECK(hub.post("/api/waag/v1/users/mirror/password", hub.root, R"({"password":"long enough"})")
            .status == 400);

  const auto mint = [&hub](const char* what) {
    const auto body = std::string(R"({"name":"job","user":"mirror",)") + what + "}";
    return hub.post("/api/waag/v1/tokens", hub.root, body);
  };
  CHECK(mint(R"("role":"write")").status == 400);
  CHECK(mint(R"("role":"admin")").status == 400);
  CHECK(mint(R"("scopes":[{"repo":"ada/secret","rights":"admin"}])").status == 400);
  const auto made = mint(R"("scopes":[{"repo":"ada/secret","rights":"write"}])");
  REQUIRE(made.status == 200);
  const std::string token(made.json().at("token").as_string());
  const auto me = hub.get("/api/whoami-v2", token).json();
  CHECK(me.at("service") == true);
  CHECK(me.at("auth").at("accessToken").at("role") == "fineGrained");

  hub.make_repo("secret", /*hidden=*/true);  // after the token that names it
  hub.make_repo("other", /*hidden=*/true);
  CHECK(hub.commit("ada/secret", HubFixture::file_line("a", "x"), "main", token).status == 200);
  CHECK(hub.get("/ada/secret/resolve/main/a", token).body == "x");
  CHECK(hub.get("/api/models/ada/other", token).status == 404);
  for (const auto* repo : {R"({"name":"own"})", R"({"organization":"ada","name":"more"})"})
    CHECK(hub.post("/api/repos/create", token, repo).status == 403);
  CHECK(hub.post("/api/waag/v1/tokens", token, R"({"name":"x","role":"read"})").status == 403);
  CHECK(hub.post("/api/waag/v1/orgs", token, R"({"name":"jobs"})").status == 403);
}
