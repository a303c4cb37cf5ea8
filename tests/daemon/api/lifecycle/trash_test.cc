#include <boost/json/array.hpp>

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

struct Hub : HubFixture {
  void remove(const std::string& name) {
    const auto body = R"({"organization":"ada","name":")" + name + "\"}";
    REQUIRE(ask({"DELETE", "/api/repos/delete", ada, body, "", nullptr}).status == 200);
  }
  boost::json::array trash() { return get("/api/waag/v1/trash", root).json().as_array(); }
  Reply restore(const std::string& name, const std::string& as = "",
                const std::string& token = "") {
    return post("/api/waag/v1/trash/restore", token.empty() ? root : token,
                R"({"type":"model","name":")" + name + "\"" +
                    (as.empty() ? "" : R"(,"as":")" + as + "\"") + "}");
  }
};

}  // namespace

TEST_CASE("trash: a deleted repo is listed with its end, and comes back whole", "[daemon][trash]") {
  Hub hub;
  hub.make_repo("Tiny", /*hidden=*/true);
  hub.upload("ada/Tiny", "weights");
  const auto head = hub.committed("ada/Tiny", HubFixture::lfs_line("m.bin", "weights"));
  hub.remove("tiny");
  CHECK(hub.get("/api/models/ada/tiny", hub.ada).header("X-Error-Code") == "RepoNotFound");
  CHECK(hub.get("/api/models", hub.ada).json().as_array().empty());
  const auto trash = hub.trash();
  REQUIRE(trash.size() == 1);
  const auto& item = trash.at(0).as_object();
  CHECK(item.at("id") == "ada/Tiny");
  CHECK(item.at("type") == "model");
  CHECK(item.at("private") == true);
  CHECK(item.at("deletedBy") == "ada");
  CHECK(item.at("deletedAt") == "2026-09-21T14:13:20.000Z");
  CHECK(item.at("goneAt") == "2026-09-28T14:13:20.000Z");
  const auto back = hub.restore("ADA/tiny");
  REQUIRE(back.status == 200);
  CHECK(back.json().at("id") == "ada/Tiny");
  CHECK(hub.get("/ada/Tiny/resolve/" + head + "/m.bin", hub.ada).body == "weights");
  CHECK(hub.get("/ada/Tiny/resolve/main/m.bin").status == 401);  // private as before
  CHECK(hub.trash().empty());
}

TEST_CASE("trash: what is in it gives nobody a right", "[daemon][trash]") {
  Hub hub;
  hub.make_repo("gone");
  hub.upload("ada/gone", "weights");
  hub.committed("ada/gone", HubFixture::lfs_line("m.bin", "weights"));
  hub.make_repo("mine", false, hub.bob);
  const auto download = hub.batch("ada/gone", "download", "weights", hub.ada);
  const auto href = std::string(
      download.json().at("objects").at(0).at("actions").at("download").at("href").as_string());
  CHECK(hub.get(HubFixture::path_of(href)).body == "weights");
  hub.remove("gone");
  CHECK(hub.get(HubFixture::path_of(href)).header("X-Error-Code") == "RepoNotFound");
  const auto named =
      hub.commit("bob/mine", HubFixture::lfs_line("m.bin", "weights"), "main", hub.bob);
  CHECK(named.status >= 400);
  hub.make_repo("gone");
  CHECK(hub.commit("ada/gone", HubFixture::lfs_line("m.bin", "weights")).status >= 400);
}

TEST_CASE("trash: names that were taken meanwhile, and the last one deleted first",
          "[daemon][trash]") {
  Hub hub;
  hub.make_repo("x");
  const auto old_head = hub.committed("ada/x", HubFixture::file_line("a", "old"));
  hub.remove("x");
  hub.clock.advance(std::chrono::seconds(1));
  hub.make_repo("x");
  hub.committed("ada/x", HubFixture::file_line("a", "new"));
  const auto taken = hub.restore("ada/x");
  CHECK(taken.status == 409);
  CHECK(taken.error() == "A model repository called ada/x already exists");
  REQUIRE(hub.restore("ada/x", "again").status == 200);
  CHECK(hub.get("/ada/again/resolve/main/a").body == "old");
  hub.remove("again");
  REQUIRE(hub.restore("ada/again", "bob/x").status == 200);
  CHECK(hub.get("/bob/x/resolve/" + old_head + "/a").body == "old");
}

TEST_CASE("trash: only for hub admins, and not for those who want none", "[daemon][trash]") {
  Hub hub;
  hub.make_repo("x");
  hub.remove("x");
  CHECK(hub.restore("ada/x", "", hub.ada).status == 403);
  CHECK(hub.get("/api/waag/v1/trash", hub.ada).status == 403);
  CHECK(hub.get("/api/waag/v1/trash").status == 401);
  CHECK(hub.restore("ada/y").status == 404);
  CHECK(hub.restore("x").status == 400);
  CHECK(hub.restore("ada/x", "..").status == 400);
  CHECK(hub.restore("ada/x", "tree").status == 400);
  CHECK(hub.post("/api/waag/v1/trash/restore", hub.root, "{}").status == 400);
  CHECK(hub.trash().size() == 1);
  hub.config.store.trash_days = 0;
  hub.make_repo("z");
  hub.remove("z");
  CHECK(hub.trash().size() == 1);
}
