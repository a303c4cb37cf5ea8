#include "daemon/auth/bootstrap.h"

#include <fstream>
#include <sstream>

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;

namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("bootstrap: the first start makes an admin whose token works", "[daemon][bootstrap]") {
  HubFixture hub;
  const auto& data = hub.folder.path();
  const auto first = bootstrap_admin(*hub.store, data, hub.clock, hub.random);
  REQUIRE(first);
  CHECK(*first);
  auto token = text_of(data / "admin.token");
  REQUIRE(token.ends_with('\n'));
  token.pop_back();
  CHECK(hub.get("/api/waag/v1/users", token).status == 200);
  CHECK(hub.log_text.find(token) == std::string::npos);
  hub.clock.advance(std::chrono::hours(24 * 400));
  CHECK(hub.get("/api/waag/v1/users", token).status == 200);

  SECTION("a later start changes nothing") {
    const auto again = bootstrap_admin(*hub.store, data, hub.clock, hub.random);
    REQUIRE(again);
    CHECK_FALSE(*again);
    CHECK(text_of(data / "admin.token") == token + "\n");
  }
  SECTION("a revoked token stays revoked, with and without its file") {
    const auto id = parse_token(token)->public_id;
    REQUIRE(hub.ask({"DELETE", "/api/waag/v1/tokens/" + id, token, "", "", nullptr}).status == 200);
    std::filesystem::remove(data / "admin.token");
    REQUIRE(bootstrap_admin(*hub.store, data, hub.clock, hub.random));
    CHECK(hub.get("/api/waag/v1/users", token).status == 401);
    CHECK_FALSE(std::filesystem::exists(data / "admin.token"));
  }
}

TEST_CASE("bootstrap: a start that was cut off is finished with the same token",
          "[daemon][bootstrap]") {
  HubFixture hub;
  const auto minted = mint_token(hub.random);
  std::ofstream(hub.folder.path() / "admin.token") << minted.text << '\n';
  REQUIRE(bootstrap_admin(*hub.store, hub.folder.path(), hub.clock, hub.random));
  CHECK(hub.get("/api/waag/v1/users", minted.text).status == 200);
}

TEST_CASE("bootstrap: a foreign admin.token is not overwritten", "[daemon][bootstrap]") {
  HubFixture hub;
  std::ofstream(hub.folder.path() / "admin.token") << "something else";
  CHECK_FALSE(bootstrap_admin(*hub.store, hub.folder.path(), hub.clock, hub.random));
  CHECK(text_of(hub.folder.path() / "admin.token") == "something else");
}

TEST_CASE("bootstrap: the href key is drawn once", "[daemon][bootstrap]") {
  HubFixture hub;
  const auto key = load_href_key(hub.folder.path(), hub.random);
  REQUIRE(key);
  CHECK(key->size() == 32);
  CHECK(*load_href_key(hub.folder.path(), hub.random) == *key);
}
