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
    for (const auto* path : {"a", "b", "a", "c", "a"}) {
      clock.advance(std::chrono::seconds(1));
      commits.insert(commits.begin(),
                     committed("ada/tiny", file_line(path, std::to_string(commits.size()))));
    }
  }
  std::vector<std::string> commits;  // newest first
};

std::vector<std::string> ids(const Reply& reply) {
  REQUIRE(reply.status == 200);
  std::vector<std::string> found;
  for (const auto& commit : reply.json().as_array())
    found.emplace_back(commit.at("id").as_string());
  return found;
}

}  // namespace

TEST_CASE("commits: newest first, with their number", "[daemon][history]") {
  Hub hub;
  const auto reply = hub.get("/api/models/ada/tiny/commits/main");
  auto found = ids(reply);
  REQUIRE(found.size() == 6);
  CHECK(reply.header("X-Total-Count") == "6");
  CHECK(reply.header("Link").empty());
  found.pop_back();
  CHECK(found == hub.commits);
  CHECK(ids(hub.get("/api/models/ada/tiny/commits/" + hub.commits.at(2))).size() == 4);
}

TEST_CASE("commits: pages", "[daemon][history]") {
  Hub hub;
  const auto all = ids(hub.get("/api/models/ada/tiny/commits/main"));
  std::vector<std::string> found;
  std::string target = "/api/models/ada/tiny/commits/main?limit=4&expand[]=formatted";
  for (int pages = 0; pages < 5 && !target.empty(); ++pages) {
    const auto reply = hub.get(target);
    const auto page = ids(reply);
    CHECK(reply.json().at(0).as_object().contains("formatted"));
    found.insert(found.end(), page.begin(), page.end());
    const auto link = reply.header("Link");
    target = link.empty() ? "" : HubFixture::path_of(link.substr(1, link.find('>') - 1));
  }
  CHECK(found == all);
  CHECK(hub.get("/api/models/ada/tiny/commits/main?p=99").body == "[]");
  CHECK(hub.get("/api/models/ada/tiny/commits/main?p=-1").status == 400);
}

TEST_CASE("commits: of one path", "[daemon][history]") {
  Hub hub;
  const auto reply = hub.get("/api/models/ada/tiny/commits/main/a");
  CHECK(ids(reply) == std::vector<std::string>{hub.commits[0], hub.commits[2], hub.commits[4]});
  CHECK(reply.header("X-Total-Count") == "3");
  CHECK(hub.get("/api/models/ada/tiny/commits/main/none").header("X-Error-Code") ==
        "EntryNotFound");
  CHECK(hub.get("/api/models/ada/tiny/commits/none").header("X-Error-Code") == "RevisionNotFound");
}
