#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;

TEST_CASE("whoami: the shape that logins read", "[daemon][side_calls]") {
  HubFixture hub;
  const auto me = hub.get("/api/whoami-v2", hub.ada).json().as_object();
  CHECK(me.at("type") == "user");
  CHECK(me.at("name") == "ada");
  CHECK(me.at("fullname") == "ada Example");
  CHECK(me.at("email") == "ada@example.test");
  CHECK(me.at("orgs").as_array().empty());
  const auto& token = me.at("auth").at("accessToken").as_object();
  CHECK(token.at("displayName") == "test");
  CHECK(token.at("role") == "write");
  CHECK(hub.get("/api/whoami-v2", hub.root).json().at("auth").at("accessToken").at("role") ==
        "write");
  CHECK(hub.get("/api/whoami-v2", hub.ada_read).json().at("auth").at("accessToken").at("role") ==
        "read");
}

TEST_CASE("whoami: no or a bad token is 401 with the text that clients know",
          "[daemon][side_calls]") {
  HubFixture hub;
  const auto none = hub.get("/api/whoami-v2");
  CHECK(none.status == 401);
  CHECK(none.header("WWW-Authenticate") == "Bearer");
  CHECK(none.header("X-Error-Code").empty());
  const auto bad = hub.get("/api/whoami-v2", "hf_unknown");
  CHECK(bad.status == 401);
  CHECK(bad.header("X-Error-Message") == "Invalid credentials in Authorization header");
}

TEST_CASE("auth-check: read and write", "[daemon][side_calls]") {
  HubFixture hub;
  hub.make_repo("tiny");
  hub.make_repo("secret", /*hidden=*/true);
  const std::string open = "/api/models/ada/tiny/auth-check",
                    closed = "/api/models/ada/secret/auth-check";
  CHECK(hub.get(open).status == 200);
  CHECK(hub.get(open + "/write").status == 401);
  CHECK(hub.get(open + "/write", hub.bob).status == 403);
  CHECK(hub.get(open + "/write", hub.ada).status == 200);
  CHECK(hub.get(closed, hub.bob).header("X-Error-Code") == "RepoNotFound");
  CHECK(hub.get(closed, hub.ada_read).status == 200);
  CHECK(hub.get(closed + "/write", hub.ada_read).status == 403);
}

TEST_CASE("side calls: telemetry and harnesses", "[daemon][side_calls]") {
  HubFixture hub;
  CHECK(hub.head("/api/telemetry/transformers/x").status == 200);
  CHECK(hub.get("/api/telemetry").status == 200);
  CHECK(hub.get("/api/agent-harnesses").body == R"({"standardEnvVars":[],"harnesses":{}})");
}

TEST_CASE("validate-yaml: always JSON", "[daemon][side_calls]") {
  HubFixture hub;
  const auto ask = [&](const std::string& content) {
    const boost::json::object body{{"content", content}, {"repoType", "model"}};
    return hub.post("/api/validate-yaml", "", boost::json::serialize(body));
  };
  const auto good = ask("---\nlicense: mit\n---\n# T");
  CHECK(good.status == 200);
  CHECK(good.body == R"({"errors":[],"warnings":[]})");
  const auto bad = ask("---\nmodel-index: foo\n---\n");
  CHECK(bad.status == 400);
  CHECK(bad.json().at("errors").at(0).at("message") == "\"model-index\" must be an array");
  CHECK(ask("no metadata").status == 200);
  CHECK(hub.post("/api/validate-yaml", "", "<html>").json().is_object());
}

TEST_CASE("validate-yaml: as a form, as huggingface_hub sends it before 1.0",
          "[daemon][side_calls]") {
  HubFixture hub;
  const auto ask = [&](const std::string& form) {
    const std::string type = "Content-Type: application/x-www-form-urlencoded\r\n";
    return hub.post("/api/validate-yaml", "", form, type);
  };
  CHECK(ask("repoType=model&content=---%0Alicense%3A+mit%0A---%0A").body ==
        R"({"errors":[],"warnings":[]})");
  const auto bad = ask("content=---%0Amodel-index%3A+foo%0A---%0A&repoType=model");
  CHECK(bad.status == 400);
  CHECK(bad.json().at("errors").as_array().size() == 1);
  CHECK(ask("repoType=model").status == 200);
  CHECK(ask("content=%zz").status == 400);
}
