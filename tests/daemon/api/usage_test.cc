#include "tests/daemon/hub_fixture.h"
#include "tests/support/store_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

const std::string content = waag::testing::noise(1, 200'000);

struct Hub : HubFixture {
  Hub() {
    make_repo("tiny");
    put("ada/tiny", ada);
  }
  void put(const std::string& repo, const std::string& token) {
    upload(repo, content, token);
    REQUIRE(commit(repo, lfs_line("m.bin", content), "main", token).status == 200);
  }
  Reply usage(const std::string& token, const std::string& query = "?shared=true") {
    return get("/api/waag/v1/repos/models/ada/tiny/usage" + query, token);
  }
};

std::int64_t field(const Reply& reply, std::string_view name) {
  INFO(reply.body);
  REQUIRE(reply.status == 200);
  const auto* value = reply.json().as_object().if_contains(name);
  return value == nullptr ? -1 : value->to_number<std::int64_t>();
}

}  // namespace

TEST_CASE("usage: bytes of a repo", "[daemon][usage]") {
  Hub hub;
  const auto mine = hub.usage(hub.ada);
  CHECK(mine.json().at("id") == "ada/tiny");
  CHECK(field(mine, "files") == 1);
  CHECK(field(mine, "logicalBytes") == 200'000);
  CHECK(field(mine, "uniqueBytes") == 200'000);
  CHECK(field(mine, "physicalBytes") == 200'000);
  CHECK(field(mine, "sharedBytes") == 0);
  CHECK(field(hub.usage(hub.ada, ""), "sharedBytes") == -1);
  CHECK(hub.get("/api/waag/v1/repos/models/ada/none/usage", hub.ada).status == 404);
}

TEST_CASE("usage: who sees that bytes are shared, and with whom", "[daemon][usage]") {
  Hub hub;
  hub.make_repo("open", false, hub.bob);
  hub.make_repo("hidden", true, hub.bob);
  hub.put("bob/hidden", hub.bob);
  // The owner learns nothing of what he may not read; a hub admin does.
  CHECK(field(hub.usage(hub.ada), "sharedBytes") == 0);
  CHECK(field(hub.usage(hub.root), "sharedBytes") == 200'000);
  hub.put("bob/open", hub.bob);
  CHECK(field(hub.usage(hub.ada), "sharedBytes") == 200'000);
  // Who may not write sees what the files take, no more.
  for (const auto& token : {hub.bob, hub.ada_read, std::string()}) {
    const auto seen = hub.usage(token);
    CHECK(field(seen, "physicalBytes") == 200'000);
    CHECK(field(seen, "sharedBytes") == -1);
  }
}

TEST_CASE("usage: a hidden repo is not there", "[daemon][usage]") {
  HubFixture hub;
  hub.make_repo("secret", true);
  const auto hidden = hub.get("/api/waag/v1/repos/models/ada/secret/usage?shared=true", hub.bob);
  const auto missing = hub.get("/api/waag/v1/repos/models/ada/none/usage?shared=true", hub.bob);
  CHECK(hidden.status == 404);
  CHECK(hidden.body == missing.body);
}
