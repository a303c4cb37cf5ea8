#include <boost/json/object.hpp>

#include "protocol/base64.h"
#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::FakeBody;
using waag::daemon::testing::HubFixture;

namespace {

constexpr const char* ndjson = "Content-Type: application/x-ndjson\r\n";

struct Hub : HubFixture {
  Hub() { make_repo("tiny"); }
  std::string head() {
    const auto refs = get("/api/models/ada/tiny/refs", ada).json();
    return std::string(refs.at("branches").at(0).at("targetCommit").as_string());
  }
  std::string file(const std::string& path, const std::string& rev = "main") {
    return get("/ada/tiny/resolve/" + rev + "/" + path, ada).body;
  }
};

std::string removal(const std::string& kind, const std::string& path) {
  return R"({"key":")" + kind + R"(","value":{"path":")" + path + "\"}}\n";
}

}  // namespace

TEST_CASE("commit: what it answers", "[daemon][commit]") {
  Hub hub;
  const auto reply = hub.commit("ada/tiny", HubFixture::file_line("a.txt", "x"));
  REQUIRE(reply.status == 200);
  const auto id = std::string(reply.json().at("commitOid").as_string());
  CHECK(id.size() == 40);
  CHECK(id == hub.head());
  CHECK(reply.json().at("success") == true);
  CHECK(reply.json().at("commitUrl").as_string() == "http://hub:8080/ada/tiny/commit/" + id);
  CHECK(reply.json().at("hookOutput") == "");
  CHECK_FALSE(reply.json().as_object().contains("pullRequestUrl"));
}

TEST_CASE("commit: every operation in one", "[daemon][commit]") {
  Hub hub;
  hub.upload("ada/tiny", "big");
  hub.committed("ada/tiny",
                HubFixture::file_line("keep", "1") + HubFixture::file_line("drop", "2") +
                    HubFixture::file_line("dir/x", "3") + HubFixture::file_line("dir/y", "4") +
                    HubFixture::lfs_line("w.bin", "big"));
  const auto copy = R"({"key":"lfsFile","value":{"path":"copy.bin","algo":"sha256","oid":")" +
                    HubFixture::oid("big").hex() + "\"}}\n";
  hub.committed("ada/tiny", HubFixture::file_line("keep", "new") + removal("deletedFile", "drop") +
                                removal("deletedFolder", "dir/") + copy +
                                R"({"key":"file","value":{"path":"b64","content":")" +
                                encode_base64(std::string("\0\xff", 2)) +
                                R"(","encoding":"base64"}})");
  CHECK(hub.file("keep") == "new");
  CHECK(hub.file("copy.bin") == "big");
  CHECK(hub.file("w.bin") == "big");
  CHECK(hub.file("b64") == std::string("\0\xff", 2));
  CHECK(hub.head() != "");
  for (const auto* gone : {"drop", "dir/x", "dir/y"})
    CHECK(hub.get(std::string("/ada/tiny/resolve/main/") + gone).status == 404);
}

TEST_CASE("commit: author, message and date", "[daemon][commit]") {
  Hub hub;
  const std::string header =
      R"({"key":"header","value":{"summary":"Title","description":"Line 1\nLine 2"}})"
      "\n";
  REQUIRE(hub.post("/api/models/ada/tiny/commit/main", hub.ada,
                   header + HubFixture::file_line("a", "b"))
              .status == 200);
  const auto newest = hub.get("/api/models/ada/tiny/commits/main").json().at(0);
  CHECK(newest.at("title") == "Title");
  CHECK(newest.at("message") == "Line 1\nLine 2");
  CHECK(newest.at("authors").at(0).at("user") == "ada");
}

TEST_CASE("commit: a body may come byte by byte", "[daemon][commit]") {
  Hub hub;
  const auto lines =
      HubFixture::header_line("s") + HubFixture::file_line("a", std::string(5000, 'z'));
  auto stream = std::make_shared<FakeBody>(lines, /*piece_bytes=*/1);
  const auto reply =
      hub.ask({"POST", "/api/models/ada/tiny/commit/main", hub.ada, "", ndjson, stream});
  CHECK(reply.status == 200);
  CHECK(hub.file("a") == std::string(5000, 'z'));
}

TEST_CASE("commit: a cut or malformed body changes nothing", "[daemon][commit]") {
  Hub hub;
  const auto before = hub.head();
  const auto lines = HubFixture::header_line("s") + HubFixture::file_line("a", "x");
  auto stream = std::make_shared<FakeBody>(lines, 16);
  stream->cut_at = 64;
  CHECK(hub.ask({"POST", "/api/models/ada/tiny/commit/main", hub.ada, "", ndjson, stream}).status ==
        400);
  const auto bad = GENERATE(
      std::string(""), std::string("{"), std::string("[]\n"), HubFixture::file_line("a", "x"),
      HubFixture::header_line("s") + "{\"key\":\"file\",\"value\":{}}",
      HubFixture::header_line("s") +
          R"({"key":"file","value":{"path":"a","content":"*","encoding":"base64"}})");
  CAPTURE(bad);
  const auto reply = hub.post("/api/models/ada/tiny/commit/main", hub.ada, bad, ndjson);
  CHECK(reply.status == 400);
  CHECK_FALSE(reply.error().empty());
  CHECK(hub.head() == before);
}

TEST_CASE("commit: bad paths and clashes are 422 and change nothing", "[daemon][commit]") {
  Hub hub;
  hub.committed("ada/tiny", HubFixture::file_line("a", "x"));
  const auto before = hub.head();
  const auto path = GENERATE("../up", "/abs", "a/../b", ".git/config", "x//y", "a\\\\b", "a/b", "");
  CAPTURE(path);
  const auto reply = hub.commit("ada/tiny", HubFixture::file_line(path, "x"));
  CHECK((reply.status == 422 || (std::string(path).empty() && reply.status == 400)));
  CHECK(hub.head() == before);
}

TEST_CASE("commit: a stale parent is 412 with the text that clients know", "[daemon][commit]") {
  Hub hub;
  const auto first = hub.head();
  hub.committed("ada/tiny", HubFixture::file_line("a", "1"));
  const auto send = [&](const std::string& parent, const std::string& content) {
    return hub.post("/api/models/ada/tiny/commit/main", hub.ada,
                    HubFixture::header_line("s", parent) + HubFixture::file_line("a", content));
  };
  for (const auto& parent : {first, first.substr(0, 7)}) {
    const auto stale = send(parent, "2");
    CHECK(stale.status == 412);
    CHECK(stale.error() ==
          "The branch was updated since you opened this page. Please refresh and try again.");
  }
  CHECK(hub.file("a") == "1");
  CHECK(send(hub.head(), "2").status == 200);
  CHECK(send(hub.head().substr(0, 10), "3").status == 200);
  CHECK(hub.file("a") == "3");
}

TEST_CASE("commit: deleting what is not there", "[daemon][commit]") {
  Hub hub;
  const auto before = hub.head();
  const auto reply = hub.commit("ada/tiny", removal("deletedFile", "nope"));
  CHECK(reply.status == 404);
  CHECK(reply.header("X-Error-Code") == "EntryNotFound");
  CHECK(reply.error() == "A file with this name doesn't exist");
  CHECK(hub.head() == before);
}

TEST_CASE("commit: the same request again gives the same commit", "[daemon][commit]") {
  Hub hub;
  const auto lines = HubFixture::header_line("s", hub.head()) + HubFixture::file_line("a", "x");
  const auto once = hub.post("/api/models/ada/tiny/commit/main", hub.ada, lines);
  const auto twice = hub.post("/api/models/ada/tiny/commit/main", hub.ada, lines);
  REQUIRE(once.status == 200);
  CHECK(twice.body == once.body);
  CHECK(hub.get("/api/models/ada/tiny/commits/main").header("X-Total-Count") == "2");
}

TEST_CASE("commit: where it may go", "[daemon][commit]") {
  Hub hub;
  REQUIRE(hub.post("/api/models/ada/tiny/branch/feat/x", hub.ada, "").status == 200);
  REQUIRE(hub.post("/api/models/ada/tiny/tag/main", hub.ada, R"({"tag":"v1"})").status == 200);
  hub.committed("ada/tiny", HubFixture::file_line("a", "branch"), "feat%2Fx");
  hub.committed("ada/tiny", HubFixture::file_line("b", "raw"), "feat/x");
  CHECK(hub.file("a", "feat%2Fx") == "branch");
  CHECK(hub.get("/ada/tiny/resolve/main/a").status == 404);
  for (const auto& rev : {std::string("nope"), std::string("v1"), hub.head(),
                          std::string("refs%2Ftags%2Fv1"), std::string("refs%2Fconvert%2Fx")}) {
    CAPTURE(rev);
    const auto reply = hub.commit("ada/tiny", HubFixture::file_line("a", "x"), rev);
    CHECK(reply.status == 404);
    CHECK(reply.header("X-Error-Code") == "RevisionNotFound");
  }
}

TEST_CASE("commit: create_pr makes refs/pr/N, also by who may only read", "[daemon][commit]") {
  Hub hub;
  const auto before = hub.head();
  const auto lines = HubFixture::header_line("pr") + HubFixture::file_line("p", "pull");
  for (int number = 1; number <= 2; ++number) {
    const auto more = HubFixture::file_line("n", std::to_string(number));
    const auto reply =
        hub.post("/api/models/ada/tiny/commit/main?create_pr=1", hub.bob, lines + more);
    INFO(reply.body);
    REQUIRE(reply.status == 200);
    CHECK(reply.json().at("pullRequestUrl").as_string() ==
          "http://hub:8080/ada/tiny/discussions/" + std::to_string(number));
  }
  CHECK(hub.head() == before);
  CHECK(hub.file("p", "refs%2Fpr%2F2") == "pull");
  CHECK(hub.get("/api/models/ada/tiny/refs?include_prs=1")
            .json()
            .at("pullRequests")
            .as_array()
            .size() == 2);
  CHECK(hub.post("/api/models/ada/tiny/commit/main", hub.bob, lines).status == 403);
  CHECK(hub.post("/api/models/ada/tiny/commit/nope?create_pr=1", hub.bob, lines).status == 404);
}

TEST_CASE("commit: the same pull request again gives the same number", "[daemon][commit]") {
  Hub hub;
  const std::string target = "/api/models/ada/tiny/commit/main?create_pr=1";
  const auto lines = HubFixture::header_line("pr") + HubFixture::file_line("p", "pull");
  const auto once = hub.post(target, hub.bob, lines);
  const auto twice = hub.post(target, hub.bob, lines);
  CHECK(once.status == 200);
  CHECK(twice.body == once.body);
  const auto refs = hub.get("/api/models/ada/tiny/refs?include_prs=1").json();
  CHECK(refs.at("pullRequests").as_array().size() == 1);
}

TEST_CASE("commit: a refused pull request leaves no ref", "[daemon][commit]") {
  Hub hub;
  const auto lines = HubFixture::header_line("pr") + removal("deletedFile", "nope");
  CHECK(hub.post("/api/models/ada/tiny/commit/main?create_pr=1", hub.bob, lines).status == 404);
  CHECK(hub.get("/api/models/ada/tiny/refs?include_prs=1")
            .json()
            .at("pullRequests")
            .as_array()
            .empty());
}

TEST_CASE("commit: possession or permission", "[daemon][commit]") {
  Hub hub;
  hub.make_repo("secret", /*hidden=*/true);
  hub.upload("ada/secret", "weights");
  hub.committed("ada/secret", HubFixture::lfs_line("w.bin", "weights"));
  const auto theft = [&](const std::string& lines) {
    REQUIRE(hub.post("/api/repos/create", hub.bob, R"({"name":"mine"})").status != 400);
    return hub.post("/api/models/bob/mine/commit/main", hub.bob,
                    HubFixture::header_line("s") + lines);
  };
  SECTION("a stranger cannot name the object") {
    const auto reply = theft(HubFixture::lfs_line("w.bin", "weights"));
    CHECK(reply.status == 400);
    CHECK(reply.error().find(HubFixture::oid("weights").hex()) != std::string::npos);
  }
  SECTION("it looks like an object that nobody has") {
    const auto known = theft(HubFixture::lfs_line("w.bin", "weights"));
    auto unknown = theft(HubFixture::lfs_line("w.bin", "unknown"));
    const auto at = unknown.body.find(HubFixture::oid("unknown").hex());
    REQUIRE(at != std::string::npos);
    unknown.body.replace(at, 64, HubFixture::oid("weights").hex());
    CHECK(known.status == unknown.status);
    CHECK(known.body == unknown.body);
  }
  SECTION("nor smuggle it in as a pointer file") {
    const auto pointer = "version https://git-lfs.github.com/spec/v1\\noid sha256:" +
                         HubFixture::oid("weights").hex() + "\\nsize 7\\n";
    const auto reply = theft(HubFixture::file_line("w.bin", pointer));
    CHECK(reply.status >= 400);
    CHECK(hub.get("/bob/mine/resolve/main/w.bin", hub.bob).status == 404);
  }
  SECTION("who may read a repo that holds it may") {
    CHECK(hub.post("/api/models/ada/tiny/commit/main", hub.ada,
                   HubFixture::header_line("s") + HubFixture::lfs_line("w.bin", "weights"))
              .status == 200);
    CHECK(hub.file("w.bin") == "weights");
    CHECK(theft(HubFixture::lfs_line("w.bin", "weights")).status == 200);  // it is public now
  }
}

TEST_CASE("commit: a wrong LFS size is refused", "[daemon][commit]") {
  Hub hub;
  hub.upload("ada/tiny", "big");
  auto line = HubFixture::lfs_line("w.bin", "big");
  line.replace(line.find("\"size\":3"), 8, "\"size\":4");
  CHECK(hub.commit("ada/tiny", line).status == 422);
}

TEST_CASE("commit: a large inline file becomes an LFS file", "[daemon][commit]") {
  Hub hub;
  const std::string large(10'000'001, 'L');
  hub.committed("ada/tiny", HubFixture::file_line("big.txt", large) +
                                HubFixture::file_line("mid.txt", std::string(300'000, 'm')));
  const auto tree = hub.get("/api/models/ada/tiny/tree/main").json().as_array();
  for (const auto& entry : tree) {
    if (entry.at("path") == "big.txt")
      CHECK(entry.at("lfs").at("oid").as_string() == HubFixture::oid(large).hex());
    if (entry.at("path") == "mid.txt") CHECK_FALSE(entry.as_object().contains("lfs"));
  }
  CHECK(hub.file("big.txt") == large);
  CHECK(hub.file("mid.txt") == std::string(300'000, 'm'));
}
