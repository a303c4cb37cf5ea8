#include "daemon/upstream/hub_replies.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::daemon;

namespace {

const std::string sha = "5be1b0c3a1f0c2d94c1d3c6f4b9a7e2d10c0ffee";
const std::string oid = std::string(64, '9');

Headers headers(std::initializer_list<std::pair<std::string, std::string>> fields) {
  Headers made;
  for (const auto& [name, value] : fields) made.add(name, value);
  return made;
}

std::string file(const std::string& path, const std::string& more = "") {
  return R"({"type":"file","oid":")" + sha + R"(","size":7,"path":")" + path + "\"" + more + "}";
}

template <class T>
void check_refused(const Result<T>& result) {
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::upstream_failed);
}

}  // namespace

TEST_CASE("hub replies: a revision", "[daemon][upstream]") {
  const auto model = parse_upstream_revision(
      RepoType::model, R"({"_id":"66aa","id":"Acme/Tiny","author":"Acme","private":true,
      "gated":"manual","disabled":false,"lastModified":"2026-11-02T09:14:05.000Z","tags":[1],
      "sha":")" + sha + "\"}");
  REQUIRE(model);
  CHECK(model->repo == *RepoId::make(RepoType::model, "Acme", "Tiny"));
  CHECK(model->commit.hex() == sha);
  CHECK(model->is_private);
  CHECK(model->gated == "manual");
  CHECK(model->author == "Acme");
  CHECK(model->last_modified.count() == 1793610845000);
  const auto space = parse_upstream_revision(
      RepoType::space,
      R"({"id":"a/b","private":false,"gated":false,"sdk":"gradio","sha":")" + sha + "\"}");
  REQUIRE(space);
  CHECK(space->sdk == "gradio");
  CHECK(space->repo.type == RepoType::space);
  CHECK(space->gated.empty());
  CHECK_FALSE(space->is_private);
}

TEST_CASE("hub replies: revisions that are none", "[daemon][upstream]") {
  const auto made = [](const std::string& id, const std::string& hash, const std::string& more) {
    return R"({"id":")" + id + R"(","sha":")" + hash + "\"" + more + "}";
  };
  const auto text = GENERATE_COPY(
      as<std::string>{}, "", "<html>Sign in</html>", "[]", "null", "{}",
      made("one-part", sha, R"(,"private":false)"), made("a/b/c", sha, R"(,"private":false)"),
      made("../b", sha, R"(,"private":false)"), made("a/b", "main", R"(,"private":false)"),
      made("a/b", sha + "0", R"(,"private":false)"), made("a/b", sha, ""),
      made("a/b", sha, R"(,"private":"no")"), made("a/b", sha, R"(,"private":false,"gated":true)"),
      made("a/b", sha, R"(,"private":false,"gated":"often")"),
      made("a/b", sha, R"(,"private":false,"lastModified":"yesterday")"),
      made("a/b", sha, R"(,"private":false,"author":"a\nb")"),
      made("a/b", sha, R"(,"private":false,"sdk":7)"));
  CAPTURE(text);
  check_refused(parse_upstream_revision(RepoType::model, text));
}

TEST_CASE("hub replies: a tree", "[daemon][upstream]") {
  std::vector<UpstreamEntry> entries;
  REQUIRE(parse_upstream_tree_page(
      "[" + file("a dir/e?x%.txt") + R"(,{"type":"directory","oid":")" + sha +
          R"(","size":0,"path":"a dir"},)" +
          file("m.bin", R"(,"lfs":{"oid":")" + oid +
                            R"(","size":7,"pointerSize":126},"xetHash":")" + oid + "\"") +
          "]",
      entries));
  REQUIRE(parse_upstream_tree_page(
      "[" + file("n.bin", R"(,"lfs":{"oid":")" + oid + R"(","size":7},"xetHash":null)") + "]",
      entries));
  REQUIRE(entries.size() == 4);
  CHECK(entries[0].path == "a dir/e?x%.txt");
  CHECK(entries[0].oid.hex() == sha);
  CHECK(entries[0].size_bytes == 7);
  CHECK_FALSE(entries[0].lfs);
  CHECK(entries[1].is_directory);
  REQUIRE(entries[2].lfs);
  CHECK(entries[2].lfs->oid.hex() == oid);
  CHECK(entries[2].lfs->pointer_bytes == 126);
  CHECK(entries[2].xet_hash == oid);
  REQUIRE(entries[3].lfs);
  CHECK(entries[3].lfs->pointer_bytes == 126);
  CHECK(entries[3].xet_hash.empty());
  CHECK(check_upstream_tree(entries));
  CHECK(parse_upstream_tree_page("[]", entries));
}

TEST_CASE("hub replies: entries of a tree that are refused", "[daemon][upstream]") {
  const auto lfs = [](const std::string& text) { return file("a", ",\"lfs\":" + text); };
  const auto entry = GENERATE_COPY(
      as<std::string>{}, "7", "{}", file("../a"), file("/etc/passwd"), file("a//b"), file("C:x"),
      file(".git/config"), file("a\\\\b"), file("a\\u0000b"), file(""), file("a/"),
      R"({"type":"file","oid":")" + sha + R"(","path":"a"})",
      R"({"type":"file","oid":")" + sha + R"(","size":-1,"path":"a"})",
      R"({"type":"file","oid":")" + sha + R"(","size":1.5,"path":"a"})",
      R"({"type":"file","oid":"abc","size":1,"path":"a"})",
      R"({"type":"link","oid":")" + sha + R"(","size":1,"path":"a"})",
      R"({"oid":")" + sha + R"(","size":1,"path":"a"})", lfs("7"), lfs("{}"),
      lfs(R"({"oid":")" + sha + R"(","size":7})"), lfs(R"({"oid":")" + oid + R"(","size":8})"),
      lfs(R"({"oid":")" + oid + R"(","size":7,"pointerSize":5000})"),
      file("a", R"(,"xetHash":"short")"), file("a", R"(,"xetHash":7)"));
  CAPTURE(entry);
  std::vector<UpstreamEntry> entries;
  check_refused(parse_upstream_tree_page("[" + entry + "]", entries));
}

TEST_CASE("hub replies: trees that no file system could hold", "[daemon][upstream]") {
  std::vector<UpstreamEntry> twice;
  REQUIRE(parse_upstream_tree_page("[" + file("a") + "," + file("a") + "]", twice));
  check_refused(check_upstream_tree(twice));
  std::vector<UpstreamEntry> below;
  REQUIRE(parse_upstream_tree_page("[" + file("a/b/c") + "," + file("a/b") + "]", below));
  check_refused(check_upstream_tree(below));
  check_refused(parse_upstream_tree_page("{}", twice));
}

TEST_CASE("hub replies: refs", "[daemon][upstream]") {
  const auto ref = [](const std::string& name, const std::string& full) {
    return R"({"name":")" + name + R"(","ref":")" + full + R"(","targetCommit":")" + sha + "\"}";
  };
  const auto refs = parse_upstream_refs(R"({"branches":[)" + ref("main", "refs/heads/main") + "," +
                                        ref("feat/x", "refs/heads/feat/x") + R"(],"converts":[)" +
                                        ref("parquet", "refs/convert/parquet") + R"(],"tags":[)" +
                                        ref("v1", "refs/tags/v1") + R"(],"pullRequests":[)" +
                                        ref("refs/pr/1", "refs/pr/1") + "]}");
  REQUIRE(refs);
  CHECK(refs->branches.size() == 2);
  CHECK(refs->branches[1].name == "feat/x");
  CHECK(refs->tags[0].ref == "refs/tags/v1");
  CHECK(refs->tags[0].commit.hex() == sha);
  CHECK(refs->converts[0].name == "parquet");
  CHECK(refs->pull_requests[0].ref == "refs/pr/1");
  CHECK(parse_upstream_refs("{}")->branches.empty());
  for (const auto& bad :
       {ref("main", "refs/tags/main"), ref("main", "refs/heads/other"), ref("main", "main"),
        ref("../x", "refs/heads/../x"), ref("a b", "refs/heads/a b"), ref("", "refs/heads/"),
        std::string("7"), std::string(R"({"name":"a","ref":"refs/heads/a"})")}) {
    CAPTURE(bad);
    check_refused(parse_upstream_refs(R"({"branches":[)" + bad + "]}"));
  }
}

TEST_CASE("hub replies: commits", "[daemon][upstream]") {
  const auto commits = parse_upstream_commits(
      R"([{"id":")" + sha + R"(","title":"Upload","message":"","authors":[{"user":"ada"},
      {"user":"bob","avatar":"x"}],"date":"2026-11-02T09:14:05.000Z"}])");
  REQUIRE(commits);
  REQUIRE(commits->size() == 1);
  CHECK((*commits)[0].id.hex() == sha);
  CHECK((*commits)[0].title == "Upload");
  CHECK((*commits)[0].authors == std::vector<std::string>{"ada", "bob"});
  CHECK((*commits)[0].date.count() == 1793610845000);
  check_refused(parse_upstream_commits(R"([{"id":"x","title":"y"}])"));
  check_refused(parse_upstream_commits(R"([7])"));
}

TEST_CASE("hub replies: what a failure means", "[daemon][upstream]") {
  const auto code = [](unsigned status, const std::string& name) {
    return upstream_error(status, headers({{"X-Error-Code", name}})).code;
  };
  CHECK(code(404, "RepoNotFound") == Errc::repo_not_found);
  CHECK(code(401, "RepoNotFound") == Errc::repo_not_found);
  CHECK(code(404, "RevisionNotFound") == Errc::revision_not_found);
  CHECK(code(404, "EntryNotFound") == Errc::entry_not_found);
  CHECK(code(403, "GatedRepo") == Errc::gated);
  CHECK(code(401, "GatedRepo") == Errc::gated);
  CHECK(code(500, "RepoNotFound") == Errc::upstream_failed);
  CHECK(code(200, "EntryNotFound") == Errc::upstream_failed);
  const auto plain = [](unsigned status) { return upstream_error(status, {}).code; };
  CHECK(plain(401) == Errc::repo_not_found);
  CHECK(plain(404) == Errc::repo_not_found);
  CHECK(plain(429) == Errc::too_many_requests);
  CHECK(plain(408) == Errc::deadline_exceeded);
  CHECK(plain(504) == Errc::deadline_exceeded);
  for (const unsigned status : {302u, 400u, 403u, 410u, 416u, 425u, 500u, 502u, 503u, 204u})
    CHECK(plain(status) == Errc::upstream_failed);
  // Somebody else's page, and a wrong token of ours, say nothing of the repository.
  for (const unsigned status : {401u, 404u})
    CHECK(upstream_error(status, headers({{"content-type", "Text/HTML; charset=utf-8"}})).code ==
          Errc::upstream_failed);
  CHECK(upstream_error(
            401, headers({{"X-Error-Message", "Invalid credentials in Authorization header"}}))
            .code == Errc::upstream_failed);
  CHECK(upstream_error(403, headers({{"X-Error-Message", "Access to this resource is disabled."}}))
            .code == Errc::disabled);
  CHECK((is_transient(503) && is_transient(429) && is_transient(408)));
  CHECK_FALSE((is_transient(404) || is_transient(501) || is_transient(200)));
}
