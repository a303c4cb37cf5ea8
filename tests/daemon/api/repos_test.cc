#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "protocol/base64.h"
#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

std::string url_of(const Reply& reply) { return std::string(reply.json().at("url").as_string()); }

}  // namespace

TEST_CASE("repos: creation answers on the client's host", "[daemon][repos]") {
  HubFixture hub;
  const auto model =
      hub.post("/api/repos/create", hub.ada, R"({"name":"tiny","organization":null})");
  REQUIRE(model.status == 200);
  CHECK(url_of(model) == "http://hub:8080/ada/tiny");
  CHECK(model.json().at("name") == "ada/tiny");
  CHECK(model.json().at("id").as_string().size() == 24);
  const auto data =
      hub.post("/api/repos/create", hub.ada,
               R"({"name":"Tiny","organization":"ada","type":"dataset","unknown":[1]})");
  REQUIRE(data.status == 200);
  CHECK(url_of(data) == "http://hub:8080/datasets/ada/Tiny");
  const auto commits = hub.get("/api/models/ada/tiny/commits/main").json().as_array();
  REQUIRE(commits.size() == 1);
  CHECK(commits.at(0).at("title") == "initial commit");
  CHECK(hub.get("/ada/tiny/resolve/main/.gitattributes").body.find("*.safetensors filter=lfs") !=
        std::string::npos);
}

TEST_CASE("repos: a second creation is 409 with the url", "[daemon][repos]") {
  HubFixture hub;
  hub.make_repo("tiny");
  const auto again = hub.post("/api/repos/create", hub.ada, R"({"name":"TINY"})");
  CHECK(again.status == 409);
  CHECK(url_of(again) == "http://hub:8080/ada/tiny");
  CHECK(again.error() == "You already created this model repo");
}

TEST_CASE("repos: foreign namespaces tell nothing", "[daemon][repos]") {
  HubFixture hub;
  hub.make_repo("secret", /*hidden=*/true);
  const auto taken =
      hub.post("/api/repos/create", hub.bob, R"({"name":"secret","organization":"ada"})");
  const auto free =
      hub.post("/api/repos/create", hub.bob, R"({"name":"absent","organization":"ada"})");
  CHECK(taken.status == 403);
  CHECK(taken.body == free.body);
  CHECK(hub.post("/api/repos/create", hub.ada_read, R"({"name":"x"})").status == 403);
  CHECK(hub.post("/api/repos/create", "", R"({"name":"x"})").status == 401);
  CHECK(hub.post("/api/repos/create", hub.root, R"({"name":"x","organization":"ada"})").status ==
        200);
}

TEST_CASE("repos: bad creations make nothing", "[daemon][repos]") {
  HubFixture hub;
  const auto body =
      GENERATE(R"({})", R"({"name":1})", R"({"name":"a..b"})", R"({"name":"-a"})", R"({"name":""})",
               R"({"name":"x","type":"car"})", R"({"name":"x","visibility":"secret"})",
               R"({"name":"x","private":"yes"})", R"({"name":"x","sdk":"perl","type":"space"})",
               R"({"name":"x","files":{}})",
               R"({"name":"x","files":[{"path":"a","content":"*","encoding":"base64"}]})",
               R"({"name":"a/b/c"})", "{", "[]");
  CAPTURE(body);
  const auto reply = hub.post("/api/repos/create", hub.ada, body);
  CHECK(reply.status == 400);
  CHECK_FALSE(reply.error().empty());
  CHECK(hub.get("/api/models", hub.ada).body == "[]");
  CHECK(hub.get("/api/spaces", hub.ada).body == "[]");
}

TEST_CASE("repos: visibility in both spellings, at creation and later", "[daemon][repos]") {
  HubFixture hub;
  const auto body =
      GENERATE(R"({"name":"x","private":true})", R"({"name":"x","visibility":"private"})");
  REQUIRE(hub.post("/api/repos/create", hub.ada, body).status == 200);
  CHECK(hub.get("/api/models/ada/x").status == 401);
  const auto settings = [&](const std::string& token, const std::string& text) {
    return hub.ask({"PUT", "/api/models/ada/x/settings", token, text, "", nullptr}).status;
  };
  CHECK(settings(hub.bob, R"({"private":false})") == 404);
  CHECK(settings(hub.ada, R"({"visibility":"public"})") == 200);
  CHECK(hub.get("/api/models/ada/x").json().at("private") == false);
  CHECK(settings(hub.bob, R"({"private":true})") == 403);
  CHECK(settings(hub.ada, R"({"private":true})") == 200);
  CHECK(hub.get("/api/models/ada/x").status == 401);
}

TEST_CASE("repos: first files of the creation", "[daemon][repos]") {
  HubFixture hub;
  const auto body = R"({"name":"x","files":[{"path":"README.md","content":")" +
                    encode_base64("hi") + R"(","encoding":"base64"}]})";
  REQUIRE(hub.post("/api/repos/create", hub.ada, body).status == 200);
  CHECK(hub.get("/ada/x/resolve/main/README.md").body == "hi");
}

TEST_CASE("repos: a Space has a card from the start", "[daemon][repos]") {
  HubFixture hub;
  const auto create = [&](const std::string& name, const std::string& more) {
    const auto body = R"({"type":"space","name":")" + name + "\"" + more + "}";
    REQUIRE(hub.post("/api/repos/create", hub.ada, body).status == 200);
    return hub.get("/spaces/ada/" + name + "/resolve/main/README.md").body;
  };
  CHECK(create("demo", R"(,"sdk":"gradio")") ==
        "---\ntitle: demo\nsdk: gradio\npinned: false\n---\n\n# demo\n");
  CHECK(create("plain", "").find("sdk: static\n") != std::string::npos);
  CHECK(create("own", R"(,"files":[{"path":"README.md","content":"mine"}])") == "mine");
  CHECK(hub.get("/api/spaces/ada/demo/commits/main").json().as_array().size() == 1);
}

TEST_CASE("repos: deletion", "[daemon][repos]") {
  HubFixture hub;
  hub.make_repo("x");
  const auto remove = [&](const std::string& token, const std::string& name) {
    const auto body = R"({"organization":"ada","type":"model","name":")" + name + "\"}";
    return hub.ask({"DELETE", "/api/repos/delete", token, body, "", nullptr});
  };
  CHECK(remove("", "x").status == 401);
  CHECK(remove(hub.bob, "x").status == 403);
  CHECK(remove(hub.ada, "y").header("X-Error-Code") == "RepoNotFound");
  CHECK(remove(hub.ada, "x").status == 200);
  CHECK(hub.get("/api/models/ada/x", hub.ada).status == 404);
  CHECK(remove(hub.ada, "x").status == 404);
  hub.make_repo("x");
  CHECK(hub.get("/api/models/ada/x").status == 200);
}

TEST_CASE("repos: move is refused in JSON", "[daemon][repos]") {
  HubFixture hub;
  const auto reply = hub.post("/api/repos/move", hub.ada, R"({"fromRepo":"a/b","toRepo":"a/c"})");
  CHECK(reply.status == 404);
  CHECK(reply.error() == "Not supported by this hub");
}
