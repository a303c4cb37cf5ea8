#include "storage/meta/accounts/orgs.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

constexpr const char* orgs = "/api/waag/v1/orgs";

Reply send(HubFixture& hub, const char* method, const std::string& path, const std::string& token,
           const std::string& body = "") {
  return hub.ask({method, orgs + path, token, body, "", nullptr});
}

}  // namespace

TEST_CASE("orgs: made by hub admins, set up by their own", "[daemon][accounts]") {
  HubFixture hub;
  const auto wish = R"({"name":"Acme","fullName":"Acme Inc.","admin":"ADA"})";
  CHECK(hub.post(orgs, hub.ada, wish).status == 403);
  const auto made = hub.post(orgs, hub.root, wish);
  REQUIRE(made.status == 200);
  CHECK(made.json().at("name") == "Acme");
  CHECK(made.json().at("visibility") == "public");
  CHECK(hub.post(orgs, hub.root, R"({"name":"aCME"})").status == 409);
  CHECK(hub.post(orgs, hub.root, R"({"name":"ADA"})").status == 409);
  CHECK(hub.post("/api/waag/v1/users", hub.root, R"({"name":"ACME"})").status == 409);

  CHECK(hub.get(orgs, hub.ada).json().as_array().size() == 1);
  CHECK(hub.get(orgs, hub.bob).json().as_array().empty());
  CHECK(hub.get(orgs, hub.root).json().as_array().size() == 1);
  CHECK(send(hub, "PUT", "/acme", hub.bob, R"({"fullName":"x"})").status == 403);
  CHECK(send(hub, "PUT", "/acme", hub.ada_read, R"({"fullName":"x"})").status == 403);
  CHECK(send(hub, "PUT", "/none", hub.ada, R"({"fullName":"x"})").status == 404);
  CHECK(send(hub, "PUT", "/acme", hub.ada, R"({"visibility":"secret"})").status == 400);
  const auto changed = send(hub, "PUT", "/ACME", hub.ada, R"({"visibility":"private"})");
  CHECK(changed.json().at("visibility") == "private");
  CHECK(changed.json().at("fullName") == "Acme Inc.");
}

TEST_CASE("orgs: bad wishes make nothing", "[daemon][accounts]") {
  HubFixture hub;
  const auto body =
      GENERATE("{}", R"({"name":""})", R"({"name":"api"})", R"({"name":"a b"})", R"({"name":7})",
               R"({"name":"x","visibility":"hidden"})", R"({"name":"x","fullName":"a<b"})");
  CAPTURE(body);
  CHECK(hub.post(orgs, hub.root, body).status == 400);
  CHECK(hub.post(orgs, hub.root, R"({"name":"x","admin":"nobody"})").status == 404);
  CHECK(hub.get(orgs, hub.root).json().as_array().empty());
}

TEST_CASE("orgs: new repos are as the organisation says", "[daemon][accounts]") {
  HubFixture hub;
  hub.make_org("acme", "ada");
  REQUIRE(send(hub, "PUT", "/acme", hub.ada, R"({"visibility":"private"})").status == 200);
  const auto make = [&hub](const std::string& name, const std::string& more) {
    const auto body = R"({"organization":"acme","name":")" + name + "\"" + more + "}";
    REQUIRE(hub.post("/api/repos/create", hub.ada, body).status == 200);
    return hub.get("/api/models/acme/" + name + "?expand=private", hub.ada).json().at("private");
  };
  CHECK(make("silent", "") == true);
  CHECK(make("open", R"(,"private":false)") == false);
  CHECK(make("public", R"(,"visibility":"public")") == false);
}

TEST_CASE("orgs: members and what each role may do", "[daemon][accounts]") {
  HubFixture hub;
  hub.make_org("acme", "ada");
  hub.make_repo("acme/secret", /*hidden=*/true);
  const auto make = R"({"organization":"acme","name":"new"})";
  const auto line = HubFixture::file_line("a", "x");
  CHECK(hub.post("/api/repos/create", hub.bob, make).status == 403);
  CHECK(send(hub, "PUT", "/acme/members/bob", hub.bob, R"({"role":"admin"})").status == 403);
  CHECK(send(hub, "PUT", "/acme/members/bob", hub.ada, R"({"role":"god"})").status == 400);
  CHECK(send(hub, "PUT", "/acme/members/none", hub.ada, R"({"role":"read"})").status == 404);

  REQUIRE(send(hub, "PUT", "/acme/members/bob", hub.ada, R"({"role":"read"})").status == 200);
  CHECK(hub.get("/api/models/acme/secret", hub.bob).status == 200);
  CHECK(hub.commit("acme/secret", line, "main", hub.bob).status == 403);
  CHECK(hub.commit("acme/secret", line, "main?create_pr=1", hub.bob).status == 403);
  REQUIRE(send(hub, "PUT", "/acme/members/bob", hub.ada, R"({"role":"contribute"})").status == 200);
  CHECK(hub.commit("acme/secret", line, "main?create_pr=1", hub.bob).status == 200);
  CHECK(hub.commit("acme/secret", line, "main", hub.bob).status == 403);
  REQUIRE(send(hub, "PUT", "/acme/members/bob", hub.ada, R"({"role":"write"})").status == 200);
  CHECK(hub.commit("acme/secret", line, "main", hub.bob).status == 200);
  CHECK(hub.post("/api/repos/create", hub.bob, make).status == 200);
  const auto remove = [&hub] {
    return hub
        .ask({"DELETE", "/api/repos/delete", hub.bob, R"({"organization":"acme","name":"new"})", "",
              nullptr})
        .status;
  };
  CHECK(remove() == 403);
  REQUIRE(send(hub, "PUT", "/acme/members/bob", hub.ada, R"({"role":"admin"})").status == 200);
  CHECK(remove() == 200);

  const auto members = send(hub, "GET", "/acme/members", hub.bob);
  REQUIRE(members.json().as_array().size() == 2);
  CHECK(members.json().at(1).at("user") == "bob");
  CHECK(members.json().at(1).at("role") == "admin");
  const auto stranger = (hub.make_user("eve"), hub.make_token("eve", storage::TokenRole::write));
  CHECK(send(hub, "GET", "/acme/members", stranger).status == 403);
}

TEST_CASE("orgs: somebody always looks after one", "[daemon][accounts]") {
  HubFixture hub;
  hub.make_org("acme", "ada");
  CHECK(send(hub, "DELETE", "/acme/members/ada", hub.ada).status == 409);
  CHECK(send(hub, "PUT", "/acme/members/ADA", hub.ada, R"({"role":"write"})").status == 409);
  REQUIRE(send(hub, "PUT", "/acme/members/bob", hub.ada, R"({"role":"write"})").status == 200);
  CHECK(send(hub, "DELETE", "/acme/members/ada", hub.bob).status == 403);
  CHECK(send(hub, "DELETE", "/acme/members/BOB", hub.bob).status == 200);  // leaves
  CHECK(send(hub, "DELETE", "/acme/members/bob", hub.ada).status == 404);
  CHECK(send(hub, "DELETE", "/acme/members/ada", hub.root).status == 200);
}

TEST_CASE("orgs: removed only when empty", "[daemon][accounts]") {
  HubFixture hub;
  hub.make_org("acme", "ada");
  hub.make_repo("acme/secret", /*hidden=*/true);
  CHECK(send(hub, "DELETE", "/acme", hub.ada).status == 403);
  CHECK(send(hub, "DELETE", "/acme", hub.root).status == 409);
  REQUIRE(hub.store->delete_repo(hub.store->find_repo({RepoType::model, "acme", "secret"})->uid,
                                 "root"));
  CHECK(send(hub, "DELETE", "/acme", hub.root).status == 200);
  CHECK(send(hub, "DELETE", "/acme", hub.root).status == 404);
  CHECK(hub.get("/api/whoami-v2", hub.ada).json().at("orgs").as_array().empty());
}
