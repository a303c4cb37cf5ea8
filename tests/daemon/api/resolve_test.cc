#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;

namespace {

const std::string weights = "\x01\x02" + std::string(300'000, 'w') + "end";

struct Hub : HubFixture {
  std::string commit_id;
  Hub() {
    make_repo("tiny");
    upload("ada/tiny", weights);
    commit_id = committed("ada/tiny", file_line("config.json", "{}") + file_line("empty.txt", "") +
                                          file_line("a dir/e?x%+.txt", "odd") +
                                          lfs_line("model.safetensors", weights));
  }
};

}  // namespace

TEST_CASE("resolve: HEAD of a branch is pinned", "[daemon][resolve]") {
  Hub hub;
  const auto reply = hub.head("/ada/tiny/resolve/main/model.safetensors");
  const auto etag = "\"" + HubFixture::oid(weights).hex() + "\"";
  CHECK(reply.status == 200);
  CHECK(reply.body.empty());
  CHECK(reply.content_length == weights.size());
  CHECK(reply.header("X-Repo-Commit") == hub.commit_id);
  CHECK(reply.header("ETag") == etag);
  CHECK(reply.header("X-Linked-ETag") == etag);
  CHECK(reply.header("X-Linked-Size") == std::to_string(weights.size()));
  CHECK(reply.header("Accept-Ranges") == "bytes");
  CHECK(reply.header("Location") ==
        "http://hub:8080/ada/tiny/resolve/" + hub.commit_id + "/model.safetensors");
  CHECK(reply.header("Cache-Control") == "no-cache, no-transform");
  CHECK(reply.header("Content-Type") == "application/octet-stream");
  CHECK(reply.header("Content-Disposition") ==
        "inline; filename*=UTF-8''model.safetensors; filename=\"model.safetensors\";");
  CHECK(reply.header("X-Xet-Hash").size() == 64);  // what it says: xet/hints_test.cc
}

TEST_CASE("resolve: by commit there is no Location and it never changes", "[daemon][resolve]") {
  Hub hub;
  const auto target = "/ada/tiny/resolve/" + hub.commit_id + "/config.json";
  const auto reply = hub.head(target);
  CHECK(reply.status == 200);
  CHECK(reply.header("Location").empty());
  CHECK(reply.header("Cache-Control") == "public, max-age=31536000, immutable, no-transform");
  hub.committed("ada/tiny", HubFixture::file_line("config.json", "{1}"));
  CHECK(hub.get(target).body == "{}");
  CHECK(hub.get("/ada/tiny/resolve/main/config.json").body == "{1}");
  CHECK(hub.get("/api/resolve-cache/models/ada/tiny/" + hub.commit_id + "/config.json").body ==
        "{}");
}

TEST_CASE("resolve: bytes, and the git blob id of a regular file", "[daemon][resolve]") {
  Hub hub;
  const auto reply = hub.get("/ada/tiny/resolve/main/config.json");
  CHECK(reply.status == 200);
  CHECK(reply.body == "{}");
  // printf '{}' | git hash-object --stdin
  CHECK(reply.header("ETag") == "\"9e26dfeeb6e641a33dae4961196235bdb965b21b\"");
  CHECK(reply.header("X-Linked-ETag").empty());
  CHECK(reply.header("Content-Type") == "text/plain; charset=utf-8");
  CHECK(hub.get("/ada/tiny/resolve/main/model.safetensors").body == weights);
  CHECK(hub.get("/ADA/Tiny/resolve/main/config.json").body == "{}");
}

TEST_CASE("resolve: ranges", "[daemon][resolve]") {
  Hub hub;
  const std::string target = "/ada/tiny/resolve/main/model.safetensors";
  const auto size = weights.size();
  struct Case {
    std::string range;
    std::size_t first, last;
  };
  for (const auto& at :
       {Case{"bytes=0-0", 0, 0}, Case{"bytes=5-9", 5, 9}, Case{"bytes=299990-", 299'990, size - 1},
        Case{"bytes=-3", size - 3, size - 1},
        Case{"bytes=7-" + std::to_string(size), 7, size - 1}}) {
    CAPTURE(at.range);
    const auto reply = hub.get(target, "", "Range: " + at.range + "\r\n");
    CHECK(reply.status == 206);
    CHECK(reply.header("Content-Range") == "bytes " + std::to_string(at.first) + "-" +
                                               std::to_string(at.last) + "/" +
                                               std::to_string(size));
    CHECK(reply.body == weights.substr(at.first, at.last - at.first + 1));
  }
  const auto beyond = hub.get(target, "", "Range: bytes=" + std::to_string(size) + "-\r\n");
  CHECK(beyond.status == 416);
  CHECK(beyond.header("Content-Range") == "bytes */" + std::to_string(size));
  CHECK(beyond.header("X-Repo-Commit") == hub.commit_id);
  CHECK(hub.get(target, "", "Range: lines=1-2\r\n").status == 200);
  CHECK(hub.head(target, "", "Range: bytes=0-9\r\n").content_length == 10);
}

TEST_CASE("resolve: an empty file ignores ranges", "[daemon][resolve]") {
  Hub hub;
  const auto reply = hub.get("/ada/tiny/resolve/main/empty.txt", "", "Range: bytes=0-0\r\n");
  CHECK(reply.header("Content-Range") == "bytes */0");  // its size, for who asked by a range
  CHECK(reply.status == 200);
  CHECK(reply.body.empty());
  CHECK(hub.head("/ada/tiny/resolve/main/empty.txt").content_length == 0);
  CHECK(hub.get("/ada/tiny/resolve/main/empty.txt").header("Content-Range").empty());
}

TEST_CASE("resolve: conditions", "[daemon][resolve]") {
  Hub hub;
  const std::string target = "/ada/tiny/resolve/main/config.json";
  const auto etag = hub.head(target).header("ETag");
  const auto same = hub.get(target, "", "If-None-Match: " + etag + "\r\n");
  CHECK(same.status == 304);
  CHECK(same.body.empty());
  CHECK(same.header("ETag") == etag);
  CHECK(same.header("X-Repo-Commit") == hub.commit_id);
  CHECK(hub.get(target, "", "If-None-Match: \"other\"\r\n").status == 200);
  CHECK(hub.get(target, "", "Range: bytes=0-0\r\nIf-Range: " + etag + "\r\n").status == 206);
  CHECK(hub.get(target, "", "Range: bytes=0-0\r\nIf-Range: \"other\"\r\n").status == 200);
}

TEST_CASE("resolve: odd names go round", "[daemon][resolve]") {
  Hub hub;
  const auto reply = hub.head("/ada/tiny/resolve/main/a%20dir/e%3Fx%25+.txt");
  CHECK(reply.status == 200);
  const auto again = hub.get(HubFixture::path_of(reply.header("Location")));
  CHECK(again.body == "odd");
}

TEST_CASE("resolve: what a revision may be", "[daemon][resolve]") {
  Hub hub;
  REQUIRE(hub.post("/api/models/ada/tiny/branch/feat%2Fx", hub.ada, "").status == 200);
  REQUIRE(hub.post("/api/models/ada/tiny/tag/main", hub.ada, R"({"tag":"v1"})").status == 200);
  REQUIRE(hub.post("/api/models/ada/tiny/commit/main?create_pr=1", hub.ada,
                   HubFixture::header_line("pr") + HubFixture::file_line("p", "pr"))
              .status == 200);
  for (const auto& revision :
       {std::string("main"), std::string("HEAD"), std::string("None"), std::string("v1"),
        std::string("feat%2Fx"), std::string("feat/x"), std::string("refs%2Fpr%2F1"),
        std::string("refs/pr/1"), std::string("refs/heads/main"), std::string("refs%2Ftags%2Fv1"),
        hub.commit_id, hub.commit_id.substr(0, 7)}) {
    CAPTURE(revision);
    CHECK(hub.get("/ada/tiny/resolve/" + revision + "/config.json").body == "{}");
  }
  CHECK(hub.get("/ada/tiny/resolve/refs/pr/1/p").body == "pr");
}

TEST_CASE("resolve: what is not there, on GET and HEAD", "[daemon][resolve]") {
  Hub hub;
  const auto method = GENERATE("GET", "HEAD");
  const auto ask = [&](const std::string& target, const std::string& token = "") {
    return hub.ask({method, target, token, "", "", nullptr});
  };
  for (const std::string path : {"nope.json", "a%20dir", "config.json/x"}) {
    CAPTURE(path);
    const auto file = ask("/ada/tiny/resolve/main/" + path);
    CHECK(file.status == 404);
    CHECK(file.header("X-Error-Code") == "EntryNotFound");
    CHECK(file.header("X-Repo-Commit") == hub.commit_id);
    CHECK(file.header("X-Error-Message") == "Entry not found");
  }
  const auto revision = ask("/ada/tiny/resolve/no%2Fbranch/config.json");
  CHECK(revision.status == 404);
  CHECK(revision.header("X-Error-Code") == "RevisionNotFound");
  CHECK(revision.header("X-Error-Message") == "Invalid rev id: no%2Fbranch");
  const auto repo = ask("/ada/none/resolve/main/config.json");
  CHECK(repo.status == 401);
  CHECK(repo.header("X-Error-Code") == "RepoNotFound");
  CHECK(repo.header("WWW-Authenticate") == "Bearer");
  const auto known = ask("/ada/none/resolve/main/config.json", hub.bob);
  CHECK(known.status == 404);
  CHECK(known.header("X-Error-Code") == "RepoNotFound");
}

TEST_CASE("resolve: download and display names", "[daemon][resolve]") {
  Hub hub;
  const std::string target = "/ada/tiny/resolve/main/a%20dir/e%3Fx%25+.txt";
  CHECK(hub.head(target + "?download=true")
            .header("Content-Disposition")
            .starts_with("attachment; "));
  CHECK(hub.head(target + "?noContentDisposition=1").header("Content-Disposition").empty());
  CHECK(hub.head(target).header("Content-Disposition").ends_with(";"));
}

TEST_CASE("resolve: private repos are cached privately", "[daemon][resolve]") {
  HubFixture hub;
  hub.make_repo("secret", /*hidden=*/true);
  const auto id = hub.committed("ada/secret", HubFixture::file_line("f", "x"));
  const auto reply = hub.get("/ada/secret/resolve/" + id + "/f", hub.ada);
  CHECK(reply.status == 200);
  CHECK(reply.header("Cache-Control") == "private, max-age=31536000, immutable, no-transform");
  CHECK(reply.header("Vary") == "Authorization");
  CHECK(hub.get("/ada/secret/resolve/" + id + "/f", hub.root).body == "x");
}

TEST_CASE("raw: the pointer of an LFS file", "[daemon][resolve]") {
  Hub hub;
  const auto reply = hub.get("/ada/tiny/raw/main/model.safetensors");
  CHECK(reply.status == 200);
  CHECK(reply.body ==
        "version https://git-lfs.github.com/spec/v1\noid sha256:" + HubFixture::oid(weights).hex() +
            "\nsize " + std::to_string(weights.size()) + "\n");
  CHECK(reply.header("X-Linked-Size").empty());
  CHECK(reply.header("X-Linked-ETag").empty());
  CHECK(reply.header("ETag").size() == 42);
  CHECK(hub.get("/ada/tiny/raw/main/config.json").body == "{}");
}

TEST_CASE("resolve: datasets and spaces have a prefix", "[daemon][resolve]") {
  HubFixture hub;
  const auto plural = GENERATE("datasets", "spaces");
  const std::string type = std::string(plural).substr(0, std::string(plural).size() - 1);
  REQUIRE(hub.post("/api/repos/create", hub.ada, R"({"name":"d","type":")" + type + "\"}").status ==
          200);
  const auto base = "/" + std::string(plural) + "/ada/d/resolve/main/.gitattributes";
  const auto reply = hub.head(base);
  CHECK(reply.status == 200);
  CHECK(reply.header("Location").starts_with("http://hub:8080/" + std::string(plural) + "/ada/d/"));
  CHECK(hub.head("/ada/d/resolve/main/.gitattributes").status == 401);
}
