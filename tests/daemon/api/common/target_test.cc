#include "daemon/api/common/target.h"

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;

namespace {

Request request_for(const std::string& type, const std::string& ns, const std::string& name) {
  Request request;
  request.captures = {{"type", type}, {"ns", ns}, {"name", name}};
  return request;
}

}  // namespace

TEST_CASE("target: repos of captures", "[daemon][target]") {
  const auto id = repo_of(request_for("datasets", "ada", "d"));
  REQUIRE(id);
  CHECK(*id == RepoId{RepoType::dataset, "ada", "d"});
  CHECK(repo_of(request_for("models", "ada", "x"))->type == RepoType::model);
  for (const auto* name : {"", "a b", "..", "-x", "a--b", "x.git"}) {
    const auto bad = repo_of(request_for("models", "ada", name));
    REQUIRE_FALSE(bad);
    CHECK(bad.error().code == Errc::repo_not_found);
  }
  CHECK(repo_url("http://h", {RepoType::space, "a", "b"}) == "http://h/spaces/a/b");
}

TEST_CASE("target: where the revision ends and the path begins", "[daemon][target]") {
  HubFixture hub;
  hub.make_repo("tiny");
  for (const auto* branch : {"feat/x", "a/b/c"})
    REQUIRE(hub.post(std::string("/api/models/ada/tiny/branch/") + branch, hub.ada, "").status ==
            200);
  const auto uid = hub.store->find_repo({RepoType::model, "ada", "tiny"})->uid;
  const auto split = [&](std::vector<std::string> segments) {
    const auto found = split_revision(*hub.store, uid, segments);
    return found ? found->revision.text + " | " + found->path : "error: " + found.error().what;
  };
  CHECK(split({"main"}) == "main | ");
  CHECK(split({"main", "d", "f"}) == "main | d/f");
  CHECK(split({"main", "a/b"}) == "main | a/b");
  CHECK(split({"feat/x", "f"}) == "feat/x | f");
  CHECK(split({"feat", "x", "f"}) == "feat/x | f");
  CHECK(split({"a", "b", "c", "d"}) == "a/b/c | d");
  CHECK(split({"refs", "heads", "main", "f"}) == "refs/heads/main | f");
  CHECK(split({"refs/heads/main", "f"}) == "refs/heads/main | f");
  CHECK(split({"None", "f"}) == "None | f");
  CHECK(split({"nope", "f"}) == "error: Invalid rev id: nope");
  CHECK(split({"fe at/x"}) == "error: Invalid rev id: fe%20at%2Fx");
  CHECK(split({"refs", "pr", "1"}) == "error: Invalid rev id: refs%2Fpr%2F1");
  CHECK(split({"refs"}).starts_with("error: "));
  CHECK(split({}).starts_with("error: "));
}

TEST_CASE("target: only the full commit id pins", "[daemon][target]") {
  HubFixture hub;
  hub.make_repo("tiny");
  const auto uid = hub.store->find_repo({RepoType::model, "ada", "tiny"})->uid;
  const auto head = resolve_revision(*hub.store, uid, "main");
  REQUIRE(head);
  CHECK_FALSE(head->pinned);
  CHECK(resolve_revision(*hub.store, uid, head->commit.hex())->pinned);
  CHECK_FALSE(resolve_revision(*hub.store, uid, head->commit.hex().substr(0, 8))->pinned);
}
