#include "daemon/mirror/mirror.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

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
  const auto places = app->mirror->find(*repo, {oid(weights), oid("other")});
  REQUIRE(places);
  REQUIRE(places->size() == 1);
  CHECK(places->at(oid(weights)).entry.path == "w.bin");
  CHECK_FALSE(*app->mirror->is_cold(*repo, places->at(oid(weights)).entry));
}

TEST_CASE_METHOD(MirrorFixture, "mirror: git-lfs asks for a thousand files at once",
                 "[daemon][mirror]") {
  testing::FakeUpstream::Repo many;
  const auto content = [](int n) { return "weights " + std::to_string(n); };
  constexpr int held = 4'000, asked = 999;
  for (int n = 0; n < held; ++n)
    many.files["dir" + std::to_string(n % 7) + "/" + std::to_string(n) + ".bin"] = content(n);
  upstream.put("Qwen/Many", many);
  begin();
  REQUIRE(get("/api/models/Qwen/Many").status == 200);
  const auto object = [](const std::string& bytes) {
    return boost::json::object{{"oid", oid(bytes).hex()}, {"size", bytes.size()}};
  };
  const auto batch = [&](int count) {
    boost::json::array objects;
    for (int n = 0; n < count; ++n) objects.push_back(object(content(n)));
    objects.push_back(object("none"));
    const boost::json::object body{{"operation", "download"}, {"objects", std::move(objects)}};
    const auto start = std::chrono::steady_clock::now();
    const auto reply = post("/Qwen/Many.git/info/lfs/objects/batch", "",
                            boost::json::serialize(body), "Content-Type: application/json\r\n");
    const auto taken = std::chrono::steady_clock::now() - start;
    REQUIRE(reply.status == 200);
    const auto& answers = reply.json().at("objects").as_array();
    REQUIRE(answers.size() == static_cast<std::size_t>(count) + 1);
    for (const auto& answer : answers) {
      const bool none = answer.at("oid").as_string() == oid("none").hex();
      CHECK(answer.as_object().contains(none ? "error" : "actions"));
    }
    return taken;
  };
  const auto one = std::min(batch(1), batch(1));
  const auto thousand = std::min(batch(asked), batch(asked));
  // With a walk for each it would be nearly a thousand.
  CHECK(thousand < 100 * one);
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
