#include "daemon/auth/gate.h"

#include "tests/daemon/hub_fixture.h"
#include "tests/daemon/run_task.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::run_task;

namespace {

Task<Result<Response>> throws(App&, Request) {
  throw std::runtime_error("secret detail");
  co_return text_response("");
}

Task<Result<Response>> corrupt(App&, Request) {
  co_return fail(Errc::corrupt, "pack 7 at offset 12");
}

}  // namespace

TEST_CASE("gate: without anonymous reads a token is needed for everything but health",
          "[daemon][gate]") {
  HubFixture hub;
  hub.make_repo("tiny");
  hub.config.auth.anonymous_read = false;
  CHECK(hub.get("/api/models/ada/tiny").status == 401);
  CHECK(hub.get("/ada/tiny/resolve/main/.gitattributes").status == 401);
  CHECK(hub.get("/api/models").status == 401);
  CHECK(hub.get("/api/models/ada/tiny", hub.bob).status == 200);
  CHECK(hub.get("/healthz").status == 200);
}

TEST_CASE("gate: unknown tokens on public reads", "[daemon][gate]") {
  HubFixture hub;
  hub.make_repo("tiny");
  const std::string foreign = "hf_" + std::string(37, 'A');
  CHECK(hub.get("/api/models/ada/tiny", foreign).status == 200);
  hub.config.auth.unknown_token_is_anonymous = false;
  const auto refused = hub.get("/api/models/ada/tiny", foreign);
  CHECK(refused.status == 401);
  CHECK(refused.header("X-Error-Message") == "Invalid credentials in Authorization header");
  CHECK(hub.get("/api/models/ada/tiny").status == 200);
}

TEST_CASE("gate: what a handler throws or breaks on stays inside", "[daemon][gate]") {
  HubFixture hub;
  const auto handler = GENERATE(&throws, &corrupt);
  Route route;
  route.policy = Policy::none;
  route.handler = handler;
  const auto response = run_task(answer(*hub.app, route, Request{}));
  CHECK(response.status == 500);
  const auto* body = std::get_if<std::string>(&response.body);
  REQUIRE(body != nullptr);
  CHECK(body->find("secret") == std::string::npos);
  CHECK(body->find("pack") == std::string::npos);
  hub.log.flush();
  CHECK(hub.log_text.find("handler_failed") != std::string::npos);
}
