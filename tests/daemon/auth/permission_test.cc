#include "daemon/auth/permission.h"

#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;

namespace {

Identity named(const std::string& user, bool writes, bool admin = false) {
  Identity who;
  who.user = user;
  who.can_write = writes;
  who.hub_admin = admin;
  return who;
}

storage::RepoRow repo_of(const std::string& ns, storage::Visibility visibility) {
  storage::RepoRow repo;
  repo.id = {RepoType::model, ns, "r"};
  repo.visibility = visibility;
  return repo;
}

}  // namespace

TEST_CASE("permission: who may do what", "[daemon][permission]") {
  struct Row {
    const char* about;
    Identity who;
    // read, open_pull, write, admin on a public and on a private repo of ada
    const char* open;
    const char* closed;
  };
  const std::vector<Row> table{
      {"anonymous", Identity{}, "r---", "----"},
      {"stranger who writes", named("bob", true), "rp--", "----"},
      {"stranger who reads", named("bob", false), "r---", "----"},
      {"owner who reads", named("ada", false), "r---", "r---"},
      {"owner who writes", named("ada", true), "rpwa", "rpwa"},
      {"owner in another case", named("ADA", true), "rpwa", "rpwa"},
      {"hub admin", named("root", true, true), "rpwa", "rpwa"},
  };
  constexpr Action actions[] = {Action::read, Action::open_pull, Action::write, Action::admin};
  for (const auto& row : table) {
    CAPTURE(row.about);
    for (int i = 0; i < 4; ++i) {
      CAPTURE(i);
      const auto open = repo_of("Ada", storage::Visibility::open);
      const auto closed = repo_of("Ada", storage::Visibility::closed);
      CHECK(may(row.who, open, actions[i]) == (row.open[i] != '-'));
      CHECK(may(row.who, closed, actions[i]) == (row.closed[i] != '-'));
    }
  }
}

TEST_CASE("permission: a disabled repo is for hub admins alone", "[daemon][permission]") {
  auto repo = repo_of("ada", storage::Visibility::open);
  repo.disabled = true;
  for (const auto action : {Action::read, Action::open_pull, Action::write, Action::admin}) {
    CHECK_FALSE(may(named("ada", true), repo, action));
    CHECK_FALSE(may(named("bob", true), repo, action));
    CHECK_FALSE(may(Identity{}, repo, action));
    CHECK(may(named("root", true, true), repo, action));
  }
}

TEST_CASE("permission: namespaces", "[daemon][permission]") {
  CHECK(may_create_in(named("ada", true), "Ada"));
  CHECK_FALSE(may_create_in(named("ada", false), "ada"));
  CHECK_FALSE(may_create_in(named("ada", true), "bob"));
  CHECK_FALSE(may_create_in(Identity{}, ""));
  CHECK(may_create_in(named("root", true, true), "bob"));
}

TEST_CASE("permission: hidden and missing are the same error", "[daemon][permission]") {
  HubFixture hub;
  hub.make_repo("secret", /*hidden=*/true);
  hub.make_repo("open");
  const auto ask = [&](const Identity& who, const char* name, Action action) {
    const auto repo = authorised_repo(*hub.store, who, {RepoType::model, "ada", name}, action);
    return repo                                         ? "ok"
           : repo.error().code == Errc::repo_not_found  ? "hidden"
           : repo.error().code == Errc::unauthenticated ? "anonymous"
           : repo.error().code == Errc::forbidden       ? "forbidden"
                                                        : "other";
  };
  const auto bob = named("bob", true);
  CHECK(ask(bob, "secret", Action::read) == std::string("hidden"));
  CHECK(ask(bob, "secret", Action::write) == std::string("hidden"));
  CHECK(ask(bob, "absent", Action::write) == std::string("hidden"));
  CHECK(ask(bob, "open", Action::read) == std::string("ok"));
  CHECK(ask(bob, "open", Action::write) == std::string("forbidden"));
  CHECK(ask(Identity{}, "open", Action::write) == std::string("anonymous"));
  CHECK(ask(named("ada", true), "secret", Action::admin) == std::string("ok"));
}

TEST_CASE("permission: naming a blob", "[daemon][permission]") {
  HubFixture hub;
  hub.make_repo("secret", /*hidden=*/true);
  hub.make_repo("work");
  hub.make_repo("mine", false, hub.bob);
  hub.upload("ada/secret", "weights");
  const auto row = [&](const char* ns, const char* name) {
    const auto repo = hub.store->find_repo({RepoType::model, ns, name});
    REQUIRE(repo);
    return *repo;
  };
  const auto ada = named("ada", true), bob = named("bob", true);
  const auto id = HubFixture::oid("weights");
  const auto allowed = [&](const Identity& who, const storage::RepoRow& repo, const BlobId& blob) {
    const auto answer = may_name_blob(*hub.store, who, repo, blob);
    REQUIRE(answer);
    return *answer;
  };
  CHECK(allowed(ada, row("ada", "secret"), id));
  CHECK_FALSE(allowed(bob, row("ada", "secret"), id));
  CHECK_FALSE(
      allowed(ada, row("ada", "work"), id));  // uploaded for another repo, no commit holds it
  CHECK_FALSE(allowed(bob, row("bob", "mine"), id));
  CHECK_FALSE(allowed(ada, row("ada", "secret"), HubFixture::oid("unknown")));
  hub.committed("ada/secret", HubFixture::lfs_line("w.bin", "weights"));
  CHECK(allowed(ada, row("ada", "work"), id));
  CHECK_FALSE(allowed(bob, row("bob", "mine"), id));
}
