#include <boost/json/array.hpp>

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

struct Hub : HubFixture {
  Hub() {
    make_repo("tiny");
    for (const auto* name : {"a", "b", "c"}) {
      upload("ada/tiny", name);
      committed("ada/tiny", lfs_line(std::string(name) + ".bin", name));
    }
  }
  Reply list(const std::string& query = "", const std::string& token = "") {
    return get("/api/models/ada/tiny/lfs-files" + query, token);
  }
  Reply remove(const std::string& token, const std::string& shas, const char* rewrite = "true") {
    return post("/api/models/ada/tiny/lfs-files/batch", token,
                R"({"deletions":{"sha":)" + shas + R"(,"rewriteHistory":)" + rewrite + "}}");
  }
  static std::string quoted(const std::string& content) { return "\"" + oid(content).hex() + "\""; }
};

}  // namespace

TEST_CASE("lfs files: listed page by page", "[daemon][lfs_files]") {
  Hub hub;
  const auto all = hub.list();
  REQUIRE(all.status == 200);
  const auto items = all.json().as_array();
  REQUIRE(items.size() == 3);
  CHECK(all.header("Link").empty());
  const auto& first = items.at(0).as_object();
  CHECK(first.at("filename") == "a.bin");
  CHECK(std::string(first.at("oid").as_string()) == HubFixture::oid("a").hex());
  CHECK(first.at("fileOid") == first.at("oid"));
  CHECK(first.at("ref") == "main");
  CHECK(first.at("size") == 1);
  CHECK(first.at("pushedAt").as_string().ends_with("Z"));
  std::vector<std::string> seen;
  std::string target = "/api/models/ada/tiny/lfs-files?limit=1";
  while (!target.empty()) {
    const auto page = hub.get(target);
    REQUIRE(page.json().as_array().size() == 1);
    seen.emplace_back(page.json().at(0).at("filename").as_string());
    const auto link = page.header("Link");
    target = link.empty() ? "" : HubFixture::path_of(link.substr(1, link.find('>') - 1));
  }
  CHECK(seen == std::vector<std::string>{"a.bin", "b.bin", "c.bin"});
  CHECK(hub.list("?limit=x").status == 400);
  CHECK(hub.list("?cursor=%21").status == 400);
  CHECK(hub.list("?cursor=YWJj").status == 400);
}

TEST_CASE("lfs files: deleted for good", "[daemon][lfs_files]") {
  Hub hub;
  REQUIRE(hub.remove(hub.ada, "[" + Hub::quoted("a") + "]").status == 200);
  CHECK(hub.list().json().as_array().size() == 2);
  const auto file = hub.get("/ada/tiny/resolve/main/a.bin");
  CHECK(file.header("X-Error-Code") == "EntryNotFound");
  CHECK(hub.get("/ada/tiny/resolve/main/b.bin").body == "b");
  CHECK(hub.get("/api/models/ada/tiny/commits/main").json().as_array().size() == 4);
  // The hash alone gives nothing back: the bytes must come again.
  CHECK(hub.commit("ada/tiny", HubFixture::lfs_line("a.bin", "a")).status >= 400);
  hub.upload("ada/tiny", "a");
  hub.committed("ada/tiny", HubFixture::lfs_line("a.bin", "a"));
}

TEST_CASE("lfs files: what is refused", "[daemon][lfs_files]") {
  Hub hub;
  const auto one = "[" + Hub::quoted("a") + "]";
  CHECK(hub.remove("", one).status == 401);
  CHECK(hub.remove(hub.bob, one).status == 403);
  CHECK(hub.remove(hub.ada_read, one).status == 403);
  CHECK(hub.remove(hub.ada, one, "false").status == 400);
  CHECK(hub.remove(hub.ada, "[1]").status == 400);
  CHECK(hub.remove(hub.ada, R"(["main"])").status == 400);
  CHECK(hub.remove(hub.ada, "{}").status == 400);
  CHECK(hub.post("/api/models/ada/tiny/lfs-files/batch", hub.ada, "{}").status == 400);
  CHECK(hub.list().json().as_array().size() == 3);
}
