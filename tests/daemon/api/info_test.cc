#include <set>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

struct Hub : HubFixture {
  Hub() {
    make_repo("tiny");
    upload("ada/tiny", "weights");
    id = committed("ada/tiny", file_line("config.json", "{}") + lfs_line("dir/m.bin", "weights"));
  }
  std::string id;
};

std::vector<std::string> ids(const Reply& reply) {
  INFO(reply.body);
  REQUIRE(reply.status == 200);
  std::vector<std::string> found;
  for (const auto& repo : reply.json().as_array()) found.emplace_back(repo.at("id").as_string());
  return found;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("info: a model in full", "[daemon][info]") {
  Hub hub;
  const auto info = hub.get("/api/models/ADA/tiny").json().as_object();
  CHECK(info.at("id") == "ada/tiny");
  CHECK(info.at("modelId") == "ada/tiny");
  CHECK(info.at("_id").as_string().size() == 24);
  CHECK(info.at("author") == "ada");
  CHECK(info.at("sha").as_string() == hub.id);
  CHECK(info.at("private") == false);
  CHECK(info.at("gated") == false);
  CHECK(info.at("disabled") == false);
  CHECK(info.at("tags").as_array().empty());
  for (const auto* date : {"createdAt", "lastModified"}) {
    const auto text = std::string(info.at(date).as_string());
    CHECK(text.size() == 24);
    CHECK(text.ends_with("Z"));
    CHECK(text[19] == '.');
  }
  const auto& files = info.at("siblings").as_array();
  REQUIRE(files.size() == 3);
  CHECK(files.at(1).at("rfilename") == "config.json");
  CHECK(files.at(1).as_object().size() == 1);
  CHECK_FALSE(info.contains("xetEnabled"));
  CHECK(hub.get("/api/models/ada/tiny").header("X-Repo-Commit") == hub.id);
}

TEST_CASE("info: blobs", "[daemon][info]") {
  Hub hub;
  const auto info = hub.get("/api/models/ada/tiny/revision/main?blobs=True").json();
  const auto& file = info.at("siblings").at(2).as_object();
  CHECK(file.at("rfilename") == "dir/m.bin");
  CHECK(file.at("size") == 7);
  CHECK(file.at("blobId").as_string().size() == 40);
  CHECK(file.at("lfs").at("sha256").as_string() == HubFixture::oid("weights").hex());
  CHECK(file.at("lfs").at("pointerSize") == 126);
  CHECK_FALSE(info.at("siblings").at(1).as_object().contains("lfs"));
}

TEST_CASE("info: at a revision", "[daemon][info]") {
  Hub hub;
  const auto newer = hub.committed("ada/tiny", HubFixture::file_line("x", "y"));
  CHECK(hub.get("/api/models/ada/tiny/revision/" + hub.id).json().at("sha").as_string() == hub.id);
  CHECK(hub.get("/api/models/ada/tiny/revision/HEAD").json().at("sha").as_string() == newer);
  const auto missing = hub.get("/api/models/ada/tiny/revision/no%2Fsuch");
  CHECK(missing.status == 404);
  CHECK(missing.header("X-Error-Code") == "RevisionNotFound");
  CHECK(hub.get("/api/models/ada/tiny/revision/main/more").status == 404);
}

TEST_CASE("info: what this hub has not is told apart from a missing repo", "[daemon][info]") {
  Hub hub;
  const std::string known = "/api/models/ada/tiny/", missing = "/api/models/ada/nope/";
  CHECK(hub.get(known + "leaderboard").error() == "Not supported by this hub");
  CHECK(hub.get(known + "leaderboard").header("X-Error-Code").empty());
  CHECK(hub.post(known + "a/b", hub.ada, "{}").status == 404);
  CHECK(hub.get(missing + "leaderboard", hub.ada).header("X-Error-Code") == "RepoNotFound");
  CHECK(hub.post(missing + "a/b", hub.ada, "{}").header("X-Error-Code") == "RepoNotFound");
  CHECK(hub.get("/api/models/short/commits/main").header("X-Error-Code") == "RepoNotFound");
}

TEST_CASE("info: expand", "[daemon][info]") {
  Hub hub;
  const auto one = hub.get("/api/models/ada/tiny?expand=sha&expand[]=author").json().as_object();
  CHECK(one.size() == 5);
  CHECK(one.contains("sha"));
  CHECK(one.contains("author"));
  CHECK(hub.get("/api/models/ada/tiny?expand=xetEnabled").json().at("xetEnabled") == true);
  hub.config.xet.enabled = false;
  CHECK(hub.get("/api/models/ada/tiny?expand=xetEnabled").json().at("xetEnabled") == false);
  CHECK(hub.get("/api/models/ada/tiny?expand=cardData").status == 200);
  const auto bad = hub.get("/api/models/ada/tiny?expand=nonsense");
  CHECK(bad.status == 400);
  CHECK(bad.error().starts_with("\"expand\" must be one of [author, baseModels, cardData, "));
  CHECK(hub.get("/api/models?expand=nonsense").error() == bad.error());
  CHECK(bad.error().ends_with("]"));
  CHECK(hub.get("/api/datasets/ada/tiny?expand=gguf").status == 400);
}

TEST_CASE("info: datasets and spaces", "[daemon][info]") {
  HubFixture hub;
  REQUIRE(hub.post("/api/repos/create", hub.ada, R"({"name":"d","type":"dataset"})").status == 200);
  REQUIRE(hub.post("/api/repos/create", hub.ada, R"({"name":"s","type":"space","sdk":"docker"})")
              .status == 200);
  const auto data = hub.get("/api/datasets/ada/d").json().as_object();
  CHECK(data.at("id") == "ada/d");
  CHECK_FALSE(data.contains("modelId"));
  CHECK(data.contains("downloads"));
  CHECK(hub.get("/api/spaces/ada/s").json().at("sdk") == "docker");
  CHECK(hub.get("/api/models/ada/d").status == 401);
}

TEST_CASE("info: lists filter, page and hide", "[daemon][info]") {
  HubFixture hub;
  for (const auto* name : {"alpha", "beta", "Gamma-GGUF", "delta"}) hub.make_repo(name);
  hub.make_repo("hidden-gguf", /*hidden=*/true);
  hub.make_repo("other", false, hub.bob);
  CHECK(ids(hub.get("/api/models")).size() == 5);
  CHECK(ids(hub.get("/api/models?author=ADA")).size() == 4);
  CHECK(ids(hub.get("/api/models?search=gguf")) == Ids{"ada/Gamma-GGUF"});
  CHECK(ids(hub.get("/api/models?search=gguf", hub.bob)) == Ids{"ada/Gamma-GGUF"});
  CHECK(ids(hub.get("/api/models?search=gguf", hub.ada)).size() == 2);
  CHECK(ids(hub.get("/api/models?search=gguf", hub.root)).size() == 2);
  CHECK(ids(hub.get("/api/models?search=ada&search=eta")) == Ids{"ada/beta"});
  CHECK(ids(hub.get("/api/models?author=nobody")).empty());
  CHECK(ids(hub.get("/api/datasets")).empty());

  std::set<std::string> seen;
  std::string target = "/api/models?limit=2&author=ada";
  int pages = 0;
  while (!target.empty() && pages < 10) {
    ++pages;
    const auto reply = hub.get(target);
    for (const auto& id : ids(reply)) CHECK(seen.insert(id).second);
    const auto link = reply.header("Link");
    target = link.empty() ? "" : HubFixture::path_of(link.substr(1, link.find('>') - 1));
  }
  CHECK(pages == 2);
  CHECK(seen.size() == 4);
  CHECK(hub.get("/api/models?limit=x").status == 400);
  CHECK(hub.get("/api/models?cursor=%21").status == 400);
}

TEST_CASE("info: items of a list", "[daemon][info]") {
  Hub hub;
  const auto item = hub.get("/api/models").json().at(0).as_object();
  CHECK(item.at("sha").as_string() == hub.id);
  CHECK_FALSE(item.contains("siblings"));
  CHECK(hub.get("/api/models?full=true").json().at(0).at("siblings").as_array().size() == 3);
}

TEST_CASE("short ids: 307 with a relative Location, the query kept", "[daemon][info]") {
  Hub hub;
  const auto resolve = hub.head("/tiny/resolve/main/config.json?download=true");
  CHECK(resolve.status == 307);
  CHECK(resolve.header("Location") == "/ada/tiny/resolve/main/config.json?download=true");
  CHECK(hub.get("/api/models/TINY").header("Location") == "/api/models/ada/tiny");
  CHECK(hub.get("/api/models/tiny/revision/main").header("Location") ==
        "/api/models/ada/tiny/revision/main");
  CHECK(hub.get("/api/models/tiny/tree/main?recursive=1").header("Location") ==
        "/api/models/ada/tiny/tree/main?recursive=1");
  CHECK(hub.get("/api/models/absent").status == 401);
  CHECK(hub.get("/api/datasets/tiny").status == 401);
}

TEST_CASE("short ids: ambiguous and hidden names lead nowhere", "[daemon][info]") {
  Hub hub;
  hub.make_repo("secret", /*hidden=*/true);
  CHECK(hub.get("/api/models/secret", hub.bob).status == 404);
  CHECK(hub.get("/api/models/secret", hub.ada).status == 307);
  hub.make_repo("tiny", false, hub.bob);
  CHECK(hub.get("/api/models/tiny").status == 401);
}
