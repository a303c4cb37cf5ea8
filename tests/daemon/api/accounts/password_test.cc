#include <boost/json/object.hpp>

#include "daemon/auth/secrets/passwords.h"
#include "tests/daemon/hub_fixture.h"
#include "tests/daemon/run_task.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::run_task;

namespace {

unsigned set(HubFixture& hub, const std::string& user, const std::string& token,
             const std::string& body) {
  return hub.post("/api/waag/v1/users/" + user + "/password", token, body).status;
}

bool right(HubFixture& hub, const std::string& password) {
  const auto answer =
      run_task(hub.app->passwords->verify(hub.store->find_user("ada")->password_hash, password));
  REQUIRE(answer);
  return *answer;
}

}  // namespace

TEST_CASE("password: a hub admin sets the first, its user changes it", "[daemon][accounts]") {
  HubFixture hub;
  const auto first = R"({"password":"correct horse"})";
  CHECK(set(hub, "ada", "", first) == 401);
  CHECK(set(hub, "ada", hub.ada, first) == 403);  // there is none yet that she could know
  CHECK(set(hub, "ada", hub.bob, first) == 403);
  CHECK(set(hub, "nobody", hub.bob, first) == 403);
  CHECK(set(hub, "nobody", hub.root, first) == 404);
  REQUIRE(set(hub, "ADA", hub.root, first) == 200);
  CHECK(right(hub, "correct horse"));

  CHECK(set(hub, "ada", hub.ada, R"({"password":"battery staple"})") == 403);
  CHECK(set(hub, "ada", hub.ada, R"({"password":"battery staple","current":"wrong"})") == 403);
  const auto change = R"({"password":"battery staple","current":"correct horse"})";
  CHECK(set(hub, "ada", hub.ada_read, change) == 403);
  const auto fine = hub.make_fine_token("ada", {{"ada", {}, storage::Role::admin}});
  CHECK(set(hub, "ada", fine, change) == 403);
  CHECK(right(hub, "correct horse"));
  CHECK(set(hub, "ada", hub.ada, change) == 200);
  CHECK(right(hub, "battery staple"));
  CHECK_FALSE(right(hub, "correct horse"));
  CHECK(hub.log_text.find("battery") == std::string::npos);
  CHECK(hub.get("/api/waag/v1/users", hub.root).body.find("argon2") == std::string::npos);
}

TEST_CASE("password: too short, too long, no text", "[daemon][accounts]") {
  HubFixture hub;
  const auto body = GENERATE(
      std::string("{}"), std::string(R"({"password":"1234567"})"), std::string(R"({"password":7})"),
      std::string("[]"), R"({"password":")" + std::string(1025, 'x') + "\"}",
      R"({"password":"12345678","current":")" + std::string(1025, 'x') + "\"}");
  CHECK(set(hub, "ada", hub.root, body) == 400);
  CHECK(hub.store->find_user("ada")->password_hash.empty());
}
