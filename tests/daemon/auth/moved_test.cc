#include "daemon/auth/moved.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::daemon;

TEST_CASE("moved: only the repo's two segments change", "[daemon][moved]") {
  const RepoId model{RepoType::model, "new", "name"};
  const RepoId space{RepoType::space, "new", "name"};
  Route route;
  route.path = "/{web}/{ns}/{name}/resolve/{rest...}";
  CHECK(moved_target(route, "/old/x/resolve/main/old/x?q=/old/x", RepoType::model, model) ==
        "/new/name/resolve/main/old/x?q=/old/x");
  CHECK(moved_target(route, "/spaces/old/x/resolve/refs%2Fpr%2F1/a", RepoType::space, space) ==
        "/spaces/new/name/resolve/refs%2Fpr%2F1/a");
  route.path = "/api/{type}/{ns}/{name}";
  CHECK(moved_target(route, "/api/models/old/x", RepoType::model, model) == "/api/models/new/name");
  route.path = "/{web}/{ns}/{name.git}/info/lfs/objects/batch";
  CHECK(moved_target(route, "/old/x.git/info/lfs/objects/batch", RepoType::model, model) ==
        "/new/name.git/info/lfs/objects/batch");
  CHECK(moved_target(route, "/spaces/old/x/info/lfs/objects/batch", RepoType::space, space) ==
        "/spaces/new/name/info/lfs/objects/batch");
}

TEST_CASE("moved: a request names a repo by both captures or not at all", "[daemon][moved]") {
  Request request;
  request.target = "/api/models/ns/name";
  CHECK_FALSE(AskedRepo::of(request).id);
  request.captures = {{"type", "datasets"}, {"ns", "Ns"}, {"name", "x"}};
  const auto asked = AskedRepo::of(request);
  REQUIRE(asked.id);
  CHECK(*asked.id == RepoId{RepoType::dataset, "Ns", "x"});
  CHECK(asked.target == "/api/models/ns/name");
  request.captures["name"] = "..";
  CHECK_FALSE(AskedRepo::of(request).id);
}
