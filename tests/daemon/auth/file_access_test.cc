#include "daemon/auth/file_access.h"

#include "daemon/auth/rights.h"
#include "storage/meta/tables/access.h"
#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

Identity named(const std::string& user, bool writes, bool admin = false) {
  Identity who;
  who.user = user;
  who.can_write = writes;
  who.hub_admin = admin;
  return who;
}

/// A gated repo of ada with a regular and an LFS file.
struct GatedHub : HubFixture {
  GatedHub() {
    make_repo("tiny");
    upload("ada/tiny", "weights");
    committed("ada/tiny", file_line("a.txt", "text") + lfs_line("w.bin", "weights"));
    settings(R"({"gated":"manual"})", ada);
  }
  Reply settings(const std::string& body, const std::string& token) {
    auto reply = ask({"PUT", "/api/models/ada/tiny/settings", token, body, "", nullptr});
    REQUIRE(reply.status == 200);
    return reply;
  }
  [[nodiscard]] storage::RepoRow row() const {
    const auto repo = store->find_repo({RepoType::model, "ada", "tiny"});
    REQUIRE(repo);
    return *repo;
  }
  void set_access(const std::string& user, storage::AccessStatus status) {
    const auto was = store->accesses().find(row().uid, user);
    REQUIRE(was);
    storage::AccessRow access;
    access.user = user;
    access.status = status;
    REQUIRE(store->accesses().put(row(), access, *was));
  }
  bool reads(const Identity& who) {
    const auto answer = may_read_files(*store, who, row());
    REQUIRE(answer);
    return *answer;
  }
  std::string download_href(const std::string& token) {
    const auto reply = batch("ada/tiny", "download", "weights", token);
    REQUIRE(reply.status == 200);
    return path_of(std::string(
        reply.json().at("objects").at(0).at("actions").at("download").at("href").as_string()));
  }
};

/// By a fine-grained token of theirs.
Identity scoped(const std::string& user, storage::TokenScope scope) {
  auto who = named(user, true);
  auto rights = std::make_shared<Rights>();
  rights->scopes.emplace().push_back(std::move(scope));
  who.rights = rights;
  return who;
}

}  // namespace

TEST_CASE("file access: a fine-grained token passes a gate that its scopes reach",
          "[daemon][access]") {
  GatedHub hub;
  using storage::Role;
  const RepoId tiny{RepoType::model, "ADA", "tiny"}, other{RepoType::model, "ada", "other"};
  CHECK(hub.reads(scoped("ada", {"ada", {}, Role::read})));
  CHECK(hub.reads(scoped("ada", {"ADA", tiny, Role::read})));
  CHECK_FALSE(hub.reads(scoped("ada", {"ada", other, Role::admin})));
  CHECK_FALSE(hub.reads(scoped("bob", {"ada", {}, Role::admin})));
  hub.set_access("bob", storage::AccessStatus::accepted);
  CHECK(hub.reads(scoped("bob", {"ada", {}, Role::read})));
  CHECK_FALSE(hub.reads(scoped("bob", {"bob", {}, Role::admin})));
}

TEST_CASE("file access: a gate is passed by owners and by who was let in", "[daemon][access]") {
  GatedHub hub;
  using storage::AccessStatus;
  CHECK(hub.reads(named("ada", true)));
  CHECK(hub.reads(named("Ada", false)));
  CHECK(hub.reads(named("root", false, true)));
  CHECK_FALSE(hub.reads(Identity{}));
  CHECK_FALSE(hub.reads(named("bob", true)));
  hub.set_access("bob", AccessStatus::pending);
  CHECK_FALSE(hub.reads(named("bob", true)));
  hub.set_access("bob", AccessStatus::rejected);
  CHECK_FALSE(hub.reads(named("bob", true)));
  hub.set_access("bob", AccessStatus::accepted);
  CHECK(hub.reads(named("bob", false)));
  CHECK_FALSE(hub.reads(Identity{}));
  // A private repo stays private to who was let in while it was public.
  hub.settings(R"({"private":true})", hub.ada);
  CHECK_FALSE(hub.reads(named("bob", true)));
  hub.settings(R"({"private":false,"gated":false})", hub.ada);
  CHECK(hub.reads(Identity{}));
}

TEST_CASE("file access: no route gives out a gated file's content", "[daemon][access]") {
  GatedHub hub;
  const std::string words =
      "Access to model ada/tiny is restricted and you are not in the authorized list";
  const std::string commit = std::string(hub.get("/api/models/ada/tiny").header("X-Repo-Commit"));
  for (const auto& path :
       {std::string("/ada/tiny/resolve/main/a.txt"), std::string("/ada/tiny/resolve/main/w.bin"),
        std::string("/ada/tiny/raw/main/a.txt"), std::string("/ada/tiny/resolve/main/absent"),
        "/ada/tiny/resolve/" + commit + "/a.txt",
        "/api/resolve-cache/models/ada/tiny/" + commit + "/a.txt"}) {
    CAPTURE(path);
    for (const auto* method : {"GET", "HEAD"}) {
      const auto stranger = hub.ask({method, path, hub.bob, "", "", nullptr});
      CHECK(stranger.status == 403);
      CHECK(stranger.header("X-Error-Code") == "GatedRepo");
      CHECK(stranger.header("X-Error-Message").starts_with(words));
      const auto nobody = hub.ask({method, path, "", "", "", nullptr});
      CHECK(nobody.status == 401);
      CHECK(nobody.header("X-Error-Code") == "GatedRepo");
      CHECK(nobody.header("X-Error-Message").starts_with(words));
      CHECK(nobody.header("WWW-Authenticate") == "Bearer");
      CHECK(hub.ask({method, path, hub.ada_read, "", "", nullptr}).status ==
            (path.ends_with("absent") ? 404 : 200));
    }
  }
  CHECK(hub.batch("ada/tiny", "download", "weights", hub.bob).header("X-Error-Code") ==
        "GatedRepo");
  CHECK(hub.batch("ada/tiny", "download", "weights", "").status == 401);
  CHECK(hub.get("/api/models/ada/tiny/auth-check", hub.bob).header("X-Error-Code") == "GatedRepo");
  const std::string refs = "/ada/tiny.git/info/refs?service=git-upload-pack";
  CHECK(hub.get(refs, hub.bob).header("X-Error-Code") == "GatedRepo");
  CHECK(hub.get(refs).header("WWW-Authenticate").starts_with("Basic"));
  CHECK(hub.get(refs, hub.ada_read).status == 200);
  for (const auto* body : {"", "0000", "0014command=fetch0001000fno-progress0000"})
    CHECK(hub.post("/ada/tiny.git/git-upload-pack", hub.bob, body).status == 403);
  // What it holds is no secret.
  CHECK(hub.get("/api/models/ada/tiny").json().at("gated") == "manual");
  CHECK(hub.get("/api/models/ada/tiny/tree/main").status == 200);
  CHECK(hub.get("/api/models/ada/tiny/commits/main", hub.bob).status == 200);
  CHECK(hub.post("/api/models/ada/tiny/paths-info/main", "", R"({"paths":["a.txt"]})",
                 "Content-Type: application/json\r\n")
            .status == 200);

  hub.set_access("bob", storage::AccessStatus::accepted);
  CHECK(hub.get("/ada/tiny/resolve/main/a.txt", hub.bob).body == "text");
  CHECK(hub.get(hub.download_href(hub.bob)).body == "weights");
  CHECK(hub.get("/api/models/ada/tiny/auth-check", hub.bob).status == 200);
  CHECK(hub.get(refs, hub.bob).status == 200);
}

TEST_CASE("file access: caches between us keep no gated file", "[daemon][access]") {
  GatedHub hub;
  const auto commit = hub.get("/api/models/ada/tiny").header("X-Repo-Commit");
  const auto kept = [&] {
    return hub.get("/ada/tiny/resolve/" + commit + "/a.txt", hub.ada).header("Cache-Control");
  };
  CHECK(kept().starts_with("private"));
  hub.settings(R"({"gated":false})", hub.ada);
  CHECK(kept().starts_with("public"));
}

TEST_CASE("file access: an href ends with the right that it was signed for", "[daemon][access]") {
  GatedHub hub;
  hub.set_access("bob", storage::AccessStatus::accepted);
  const auto href = hub.download_href(hub.bob);
  REQUIRE(hub.get(href).status == 200);
  SECTION("access was taken back") {
    hub.set_access("bob", storage::AccessStatus::rejected);
    CHECK(hub.get(href).header("X-Error-Code") == "GatedRepo");
  }
  SECTION("the repo became private") {
    hub.settings(R"({"private":true})", hub.ada);
    CHECK(hub.get(href).header("X-Error-Code") == "RepoNotFound");
  }
  SECTION("the repo was disabled") {
    hub.settings(R"({"disabled":true})", hub.root);
    CHECK(hub.get(href).status == 403);
  }
  SECTION("the user was disabled") {
    REQUIRE(hub.ask({"DELETE", "/api/waag/v1/users/bob", hub.root, "", "", nullptr}).status == 200);
    CHECK(hub.get(href).status == 403);
  }
}

TEST_CASE("file access: naming a gated blob grants nothing", "[daemon][access]") {
  GatedHub hub;
  hub.make_repo("mine", false, hub.bob);
  const auto steal = [&] {
    return hub.commit("bob/mine", HubFixture::lfs_line("stolen.bin", "weights"), "main", hub.bob);
  };
  CHECK(steal().status == 400);
  hub.set_access("bob", storage::AccessStatus::pending);
  CHECK(steal().status == 400);
  // Nor by way of a pull request that names it in the gated repo itself.
  CHECK(hub.post("/api/models/ada/tiny/commit/main?create_pr=1", hub.bob,
                 HubFixture::header_line("s") + HubFixture::lfs_line("copy.bin", "weights"))
            .status == 200);
  CHECK(hub.get("/ada/tiny/resolve/refs%2Fpr%2F1/copy.bin", hub.bob).status == 403);
  CHECK(steal().status == 400);
  hub.set_access("bob", storage::AccessStatus::accepted);
  CHECK(steal().status == 200);
}

TEST_CASE("file access: a disabled repo is served to hub admins alone", "[daemon][access]") {
  GatedHub hub;
  hub.settings(R"({"gated":false,"disabled":true})", hub.root);
  for (const auto* path : {"/api/models/ada/tiny", "/api/models/ada/tiny/tree/main",
                           "/ada/tiny/resolve/main/a.txt", "/api/models/ada/tiny/auth-check"}) {
    CAPTURE(path);
    for (const auto& token : {std::string(), hub.bob, hub.ada}) {
      const auto reply = hub.get(path, token);
      CHECK(reply.status == 403);
      CHECK(reply.header("X-Error-Code").empty());
      CHECK(reply.header("X-Error-Message") == "Access to this resource is disabled.");
      CHECK(reply.error() == "Access to this resource is disabled.");
    }
    CHECK(hub.get(path, hub.root).status == 200);
  }
  CHECK(hub.commit("ada/tiny", HubFixture::file_line("b", "x")).status == 403);
  CHECK(hub.get("/api/models").body == "[]");
  CHECK(hub.get("/api/models", hub.root).json().at(0).at("disabled") == true);
  hub.settings(R"({"private":true})", hub.root);
  CHECK(hub.get("/api/models/ada/tiny", hub.bob).header("X-Error-Code") == "RepoNotFound");
  hub.settings(R"({"private":false,"disabled":false})", hub.root);
  CHECK(hub.get("/ada/tiny/resolve/main/a.txt").body == "text");
}
