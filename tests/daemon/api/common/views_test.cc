#include <map>

#include "daemon/api/common/blob_reply.h"
#include "daemon/api/common/entries.h"
#include "daemon/api/common/last_commits.h"
#include "daemon/api/common/repo_json.h"
#include "tests/daemon/hub_fixture.h"

/// What the routes' own tests do not reach: pure parts of the replies.

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;

TEST_CASE("entries: titles and bodies of messages", "[daemon][entries]") {
  CHECK(title_of("one\n\ntwo\n") == "one");
  CHECK(body_of("one\n\ntwo\nthree\n") == "two\nthree");
  CHECK(title_of("one") == "one");
  CHECK(body_of("one").empty());
  CHECK(title_of("").empty());
  CHECK(tree_json({}, {}) == "[]");
}

TEST_CASE("repo_json: ids are 24 hex digits", "[daemon][repo_json]") {
  CHECK(object_id_text(0) == std::string(24, '0'));
  CHECK(object_id_text(0x1af) == std::string(21, '0') + "1af");
  CHECK(object_id_text(~std::uint64_t{0}) == "00000000ffffffffffffffff");
}

TEST_CASE("repo_json: fields asked for", "[daemon][repo_json]") {
  Query query;
  const auto all = RepoFields::parse(query, RepoType::model);
  REQUIRE(all);
  CHECK(all->has("sha"));
  CHECK_FALSE(all->has("xetEnabled"));
  query.add("expand[]", "sha");
  query.add("expand", "likes");
  const auto some = RepoFields::parse(query, RepoType::model);
  REQUIRE(some);
  CHECK(some->has("sha"));
  CHECK_FALSE(some->has("tags"));
  CHECK_FALSE(some->needs_files());
  query.add("expand", "sdk");
  CHECK_FALSE(RepoFields::parse(query, RepoType::model));
  CHECK_FALSE(RepoFields::for_list(Query{}, RepoType::model)->needs_files());
}

TEST_CASE("blob_reply: nothing that a browser runs", "[daemon][blob_reply]") {
  for (const auto* path : {"a.html", "dir/x.svg", "x.js", "README.md", "LICENSE", "config.json"}) {
    CAPTURE(path);
    CHECK(content_type_of(path) == "text/plain; charset=utf-8");
  }
  for (const auto* path : {"model.safetensors", "x.bin", "json", "a.html.gz", ""}) {
    CAPTURE(path);
    CHECK(content_type_of(path) == "application/octet-stream");
  }
}

TEST_CASE("last_commits: the newest change of each entry, removals and returns included",
          "[daemon][last_commits]") {
  HubFixture hub;
  hub.make_repo("tiny");
  const auto uid = hub.store->find_repo({RepoType::model, "ada", "tiny"})->uid;
  const auto step = [&](const std::string& lines) {
    hub.clock.advance(std::chrono::seconds(1));
    return hub.committed("ada/tiny", lines);
  };
  const auto first = step(HubFixture::file_line("a", "1") + HubFixture::file_line("b", "1"));
  step(R"({"key":"deletedFile","value":{"path":"a"}})");
  const auto back = step(HubFixture::file_line("a", "1"));
  step(HubFixture::file_line("c", "1"));
  const auto head = hub.store->resolve(uid, "main");
  REQUIRE(head);
  const auto snapshot = hub.store->snapshot(uid, *head);
  REQUIRE(snapshot);
  const std::vector<storage::TreeEntry> entries{*(*snapshot)->stat("a"), *(*snapshot)->stat("b"),
                                                *(*snapshot)->stat("c")};
  const auto commits = last_commits(*hub.store, uid, *head, entries);
  REQUIRE(commits);
  CHECK((*commits)[0].id.hex() == back);
  CHECK((*commits)[1].id.hex() == first);
  CHECK((*commits)[2].id == *head);
}

TEST_CASE("last_commits: folders that stay, change, go and take the place of a file",
          "[daemon][last_commits]") {
  HubFixture hub;
  hub.make_repo("tiny");
  const auto uid = hub.store->find_repo({RepoType::model, "ada", "tiny"})->uid;
  const auto file = [](const std::string& path, const std::string& text) {
    return HubFixture::file_line(path, text);
  };
  const auto step = [&](const std::string& lines) {
    hub.clock.advance(std::chrono::seconds(1));
    return hub.committed("ada/tiny", lines);
  };
  const auto a = step(file("stay/x", "1") + file("stay/y", "1") + file("was", "1"));
  const auto b = step(file("move/deep/x", "1") + file("move/y", "1"));
  const auto c = step(file("move/deep/x", "2"));
  step(R"({"key":"deletedFile","value":{"path":"was"}})");
  const auto e = step(file("was/x", "1"));
  step(file("other", "1"));
  const std::map<std::string, std::string> expected{
      {"stay", a},        {"stay/x", a}, {"stay/y", a}, {"move", c}, {"move/deep", c},
      {"move/deep/x", c}, {"move/y", b}, {"was", e},    {"was/x", e}};
  const auto head = hub.store->resolve(uid, "main");
  REQUIRE(head);
  const auto snapshot = hub.store->snapshot(uid, *head);
  REQUIRE(snapshot);
  std::vector<storage::TreeEntry> entries;
  for (const auto& [path, commit] : expected) entries.push_back(*(*snapshot)->stat(path));
  const auto commits = last_commits(*hub.store, uid, *head, entries);
  REQUIRE(commits);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    CAPTURE(entries[i].path);
    CHECK((*commits)[i].id.hex() == expected.at(entries[i].path));
  }
}
