#include <set>

#include "protocol/git/client/ref_advertisement.h"
#include "protocol/git/stream/raw_reader.h"
#include "protocol/lfs/pointer.h"
#include "tests/daemon/hub_fixture.h"
#include "tests/support/store_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

const std::string weights = waag::testing::noise(1, 200'000);

/// Objects by their ids, as "kind body".
class Collector final : public git::ObjectWriter {
 public:
  void begin(std::uint32_t count, std::string&) override { announced = count; }
  void head(const git::ObjectHead& head, std::string&) override {
    id_ = head.id;
    text_ = std::string(to_string(head.kind)) + " ";
  }
  void body(ByteView bytes, std::string&) override { text_ += as_text(bytes); }
  void end_object(std::string&) override { objects[id_.hex()] = text_; }
  void end(std::string&) override {}

  std::uint32_t announced = 0;
  std::map<std::string, std::string> objects;

 private:
  GitId id_;
  std::string text_;
};

struct Hub : HubFixture {
  std::string first, second;

  Hub() {
    make_repo("tiny");
    upload("ada/tiny", weights, ada);
    first = committed("ada/tiny", file_line("a.txt", "one") + lfs_line("m.bin", weights));
    second = committed("ada/tiny", file_line("d/b.txt", "two"));
  }
  static std::string path(const std::string& what) {
    return "/api/waag/v1/repos/models/ada/tiny/git/" + what;
  }
  Reply objects(const std::string& body, const std::string& token = "") {
    return post(path("objects"), token, body, "Content-Type: application/json\r\n");
  }
  Reply wanted(const std::string& want, const std::string& have = "",
               const std::string& token = "") {
    const auto list = [](const std::string& id) { return id.empty() ? "" : "\"" + id + "\""; };
    return objects(R"({"want":[)" + list(want) + R"(],"have":[)" + list(have) + "]}", token);
  }
  static std::map<std::string, std::string> parsed(const Reply& reply) {
    INFO(reply.body.substr(0, 200));
    REQUIRE(reply.status == 200);
    CHECK(reply.header("Content-Type") == git::raw_type);
    Collector collector;
    git::RawReader reader(collector, [](ByteView) { return ok(); });
    REQUIRE(reader.feed(as_bytes(reply.body)));
    REQUIRE(reader.finish());
    CHECK(collector.announced == collector.objects.size());
    return collector.objects;
  }
  void settings(const std::string& body, const std::string& token) {
    REQUIRE(ask({"PUT", "/api/models/ada/tiny/settings", token, body, "", nullptr}).status == 200);
  }
};

std::string blob(const std::string& text) { return git::blob_id(as_bytes(text)).hex(); }

}  // namespace

TEST_CASE("raw objects: a whole history", "[daemon][raw_objects]") {
  Hub hub;
  const auto objects = Hub::parsed(hub.wanted(hub.second));
  CHECK(objects.at(hub.first).starts_with("commit tree "));
  CHECK(objects.at(hub.second).find("parent " + hub.first) != std::string::npos);
  CHECK(objects.at(blob("one")) == "blob one");
  CHECK(objects.at(blob("two")) == "blob two");
  const auto pointer = lfs::serialize_pointer({HubFixture::oid(weights), weights.size()});
  CHECK(objects.at(blob(pointer)) == "blob " + pointer);
  // Three commits with the first one, their trees and the folder, four files.
  CHECK(objects.size() == 3 + 4 + 4);
}

TEST_CASE("raw objects: what the caller has does not come again", "[daemon][raw_objects]") {
  Hub hub;
  const auto objects = Hub::parsed(hub.wanted(hub.second, hub.first));
  CHECK(objects.size() == 4);
  CHECK(objects.contains(hub.second));
  CHECK(objects.contains(blob("two")));
  CHECK(Hub::parsed(hub.wanted(hub.second, hub.second)).empty());
  // What nobody has is passed over.
  CHECK(Hub::parsed(hub.wanted(hub.first, std::string(40, 'a'))).size() == 2 + 2 + 3);
}

TEST_CASE("raw objects: refs, and the objects of tags", "[daemon][raw_objects]") {
  Hub hub;
  REQUIRE(hub.post("/api/models/ada/tiny/tag/main", hub.ada,
                   R"({"tag":"v1","message":"the first"})", "Content-Type: application/json\r\n")
              .status == 200);
  const auto reply = hub.get(Hub::path("refs"));
  REQUIRE(reply.status == 200);
  const auto refs = git::parse_ref_advertisement(reply.body);
  REQUIRE(refs);
  CHECK(refs->head == "refs/heads/main");
  REQUIRE(refs->refs.size() == 2);
  CHECK(refs->refs[0].id.hex() == hub.second);
  const auto& tag = refs->refs[1];
  CHECK(tag.name == "refs/tags/v1");
  CHECK(tag.peeled.hex() == hub.second);
  const auto objects = Hub::parsed(hub.wanted(tag.id.hex(), hub.second));
  REQUIRE(objects.size() == 1);
  CHECK(objects.at(tag.id.hex()).starts_with("tag object " + hub.second + "\ntype commit\n"));
  // The same as git is told.
  const auto git = hub.get("/ada/tiny.git/info/refs?service=git-upload-pack");
  CHECK(git::parse_ref_advertisement(git.body)->refs.size() == 2);
}

TEST_CASE("raw objects: the rights of a fetch", "[daemon][raw_objects]") {
  Hub hub;
  const auto answers = [&](const std::string& token) {
    std::set<std::pair<unsigned, std::string>> seen;
    for (const auto& reply : {hub.get(Hub::path("refs"), token), hub.wanted(hub.second, "", token),
                              hub.objects("no json", token),
                              hub.get("/ada/tiny.git/info/refs?service=git-upload-pack", token)}) {
      if (reply.status == 400) continue;  // of who may: the body was read
      seen.emplace(reply.status, reply.header("X-Error-Code"));
    }
    return seen;
  };
  using Seen = std::set<std::pair<unsigned, std::string>>;
  CHECK(answers("") == Seen{{200, ""}});
  SECTION("private") {
    hub.settings(R"({"private":true})", hub.ada);
    CHECK(answers("") == Seen{{401, "RepoNotFound"}});
    CHECK(answers(hub.bob) == Seen{{404, "RepoNotFound"}});
    CHECK(answers(hub.ada_read) == Seen{{200, ""}});
  }
  SECTION("gated") {
    hub.settings(R"({"gated":"manual"})", hub.ada);
    CHECK(answers("") == Seen{{401, "GatedRepo"}});
    CHECK(answers(hub.bob) == Seen{{403, "GatedRepo"}});
    CHECK(answers(hub.ada_read) == Seen{{200, ""}});
  }
  SECTION("disabled") {
    hub.settings(R"({"disabled":true})", hub.root);
    CHECK(answers("") == Seen{{403, ""}});
    CHECK(answers(hub.ada) == Seen{{403, ""}});
    CHECK(answers(hub.root) == Seen{{200, ""}});
  }
}

TEST_CASE("raw objects: another repo's objects are nobody's", "[daemon][raw_objects]") {
  Hub hub;
  hub.make_repo("hidden", /*hidden=*/true, hub.bob);
  REQUIRE(
      hub.commit("bob/hidden", HubFixture::file_line("s", "the secret"), "main", hub.bob).status ==
      200);
  const auto secret = hub.get("/api/models/bob/hidden", hub.bob).header("X-Repo-Commit");
  for (const auto& id : {secret, blob("the secret"), std::string(40, 'a')}) {
    const auto reply = hub.wanted(id);
    CHECK(reply.status == 404);
    CHECK(reply.error() == "not our ref " + id);
  }
  // Nor does naming it as one's own say anything.
  CHECK(Hub::parsed(hub.wanted(hub.second, secret)) == Hub::parsed(hub.wanted(hub.second)));
}

TEST_CASE("raw objects: bodies that are none", "[daemon][raw_objects]") {
  Hub hub;
  for (const std::string body :
       {"", "{}", R"({"want":[]})", "[]", "{", R"({"want":"x"})", R"({"want":[1]})",
        R"({"want":["abc"]})", R"({"want":null})", R"({"have":["x"]})",
        R"({"want":["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],"have":{}})"}) {
    CAPTURE(body);
    CHECK(hub.objects(body).status == 400);
  }
  const auto many = [](std::size_t count) {
    std::string list = "\"" + std::string(40, 'a') + "\"";
    for (std::size_t i = 1; i < count; ++i) list += ",\"" + std::string(40, 'a') + "\"";
    return list;
  };
  const auto want = R"({"want":[")" + hub.second + "\"]";
  CHECK(hub.objects(want + R"(,"have":[)" + many(10'000) + "]}").status == 200);
  CHECK(hub.objects(want + R"(,"have":[)" + many(10'001) + "]}").status == 413);
  CHECK(hub.objects(R"({"want":[)" + many(200'001) + "]}").status == 413);
}
