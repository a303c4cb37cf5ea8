#include "daemon/mirror/mirror.h"

#include "tests/daemon/mirror/mirror_fixture.h"

namespace waag::daemon {
namespace {

using testing::HubFixture;
using testing::MirrorFixture;

testing::FakeUpstream::Repo with(std::map<std::string, std::string> files) {
  testing::FakeUpstream::Repo repo;
  repo.files = std::move(files);
  return repo;
}

}  // namespace

TEST_CASE_METHOD(HubFixture, "mirror: without an upstream there is none", "[daemon][mirror]") {
  const auto none = Mirror::start(config, *store, pool, clock, random, log);
  REQUIRE(none);
  CHECK_FALSE(*none);
  config.upstream.urls = "no url";
  CHECK_FALSE(Mirror::start(config, *store, pool, clock, random, log));
}

TEST_CASE_METHOD(MirrorFixture, "mirror: a repo that is not here comes by being read",
                 "[daemon][mirror]") {
  const std::string weights(300'000, 'w');
  upstream.put("Qwen/Tiny", with({{"config.json", "{\"a\": 1}"}, {"w.bin", weights}}));
  begin();
  const auto info = get("/api/models/Qwen/Tiny");
  REQUIRE(info.status == 200);
  CHECK(info.json().at("sha").as_string() == "5be1b0c3a1f0c2d94c1d3c6f4b9a7e2d10c0ffee");
  const auto head = this->head("/Qwen/Tiny/resolve/main/w.bin");
  CHECK(head.status == 200);
  CHECK(head.header("X-Linked-Size") == "300000");
  CHECK(head.header("X-Xet-Hash").empty());  // there is nothing yet to reconstruct
  CHECK(upstream.count("/resolve/") == 0);
  const auto cold = get("/Qwen/Tiny/resolve/main/w.bin");
  CHECK(cold.status == 200);
  CHECK(cold.body == weights);
  CHECK(get("/Qwen/Tiny/resolve/main/config.json").body == "{\"a\": 1}");
  const auto calls = upstream.count("/resolve/");
  const auto warm = get("/Qwen/Tiny/resolve/main/w.bin");
  CHECK(warm.body == weights);
  CHECK_FALSE(warm.header("X-Xet-Hash").empty());
  CHECK(upstream.count("/resolve/") == calls);
  // It is the upstream's: nobody writes to it.
  CHECK(commit("Qwen/Tiny", header_line("x") + file_line("a", "b"), "main", root).status == 403);
  const auto repo = store->find_repo({RepoType::model, "Qwen", "Tiny"});
  REQUIRE(repo);
  const auto place = app->mirror->find(*repo, oid(weights));
  REQUIRE((place && *place));
  CHECK((*place)->entry.path == "w.bin");
  CHECK_FALSE(*app->mirror->is_cold(*repo, (*place)->entry));
  CHECK_FALSE(*app->mirror->find(*repo, oid("other")));
}

TEST_CASE_METHOD(MirrorFixture, "mirror: how much and for whom", "[daemon][mirror]") {
  upstream.put("Qwen/Tiny",
               with({{"a.bin", std::string(200'000, 'a')}, {"b.bin", std::string(200'000, 'b')}}));
  SECTION("in all") {
    config.mirror.fill_bytes_max = 300'000;
    begin();
    CHECK(get("/Qwen/Tiny/resolve/main/a.bin").status == 200);
    CHECK(get("/Qwen/Tiny/resolve/main/b.bin").status == 507);
    CHECK(get("/Qwen/Tiny/resolve/main/a.bin").status == 200);
  }
  SECTION("users") {
    config.mirror.pull_through = "users";
    begin();
    CHECK(get("/api/models/Qwen/Tiny").status == 401);
    CHECK(get("/api/models/Qwen/Tiny", ada_read).status == 200);
    CHECK(get("/Qwen/Tiny/resolve/main/a.bin").status == 403);
    CHECK(get("/Qwen/Tiny/resolve/main/a.bin", ada_read).status == 200);
    CHECK(get("/Qwen/Tiny/resolve/main/a.bin").status == 200);
  }
}

TEST_CASE_METHOD(MirrorFixture, "mirror: what the upstream does not have is not here",
                 "[daemon][mirror]") {
  begin();
  CHECK(get("/api/models/Qwen/None").status == 401);
  CHECK(get("/api/models/Qwen/None").header("X-Error-Code") == "RepoNotFound");
  // A namespace of our own is never looked up.
  upstream.put("ada/Tiny", with({{"a.txt", "theirs"}}));
  const auto calls = upstream.count("");
  CHECK(get("/api/models/ada/Tiny").status == 401);
  CHECK(upstream.count("") == calls);
}

}  // namespace waag::daemon
