#include <boost/json/array.hpp>

#include "tests/daemon/api/xet/xet_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::decoded;
using waag::daemon::testing::varied;
using waag::daemon::testing::XetHub;
using waag::daemon::testing::XetSample;

namespace {

const XetSample sample(varied(130'000, 41));

struct Hub : XetHub {
  Hub() {
    make_repo("tiny");
    publish("ada/tiny", sample);
    head_commit = committed("ada/tiny", file_line("a.txt", "text"));
  }
  std::string head_commit;
  const std::string hash = xet::xet_string(sample.file);
};

}  // namespace

TEST_CASE("xet hints: resolve says where", "[daemon][xet]") {
  Hub hub;
  const auto link = "<http://hub:8080/api/models/ada/tiny/xet-read-token/" + hub.head_commit +
                    ">; rel=\"xet-auth\", <http://hub:8080" + hub.cas + "/v1/reconstructions/" +
                    hub.hash + ">; rel=\"xet-reconstruction-info\"";
  for (const auto& reply : {hub.head("/ada/tiny/resolve/main/w.bin"),
                            hub.get("/ada/tiny/resolve/main/w.bin", "", "Range: bytes=0-9\r\n")}) {
    CHECK(reply.header("X-Xet-Hash") == hub.hash);
    CHECK(reply.header("Link") == link);
    CHECK(reply.header("Content-Type") == "application/octet-stream");
  }
  CHECK(hub.head("/ada/tiny/resolve/main/a.txt").header("X-Xet-Hash").empty());
  CHECK(hub.head("/ada/tiny/raw/main/w.bin").header("X-Xet-Hash").empty());
}

TEST_CASE("xet hints: @huggingface/hub asks with a type of its own", "[daemon][xet]") {
  Hub hub;
  const std::string accept = "Accept: application/vnd.xet-fileinfo+json, */*\r\n";
  const auto info = hub.get("/ada/tiny/resolve/main/w.bin", "", accept + "Range: bytes=0-0\r\n");
  CHECK(info.status == 200);
  CHECK(info.header("Content-Type") == "application/vnd.xet-fileinfo+json");
  CHECK(info.header("X-Xet-Hash") == hub.hash);
  CHECK(info.header("X-Linked-Size") == std::to_string(sample.content.size()));
  CHECK(info.header("ETag") == "\"" + Hub::oid(sample.content).hex() + "\"");
  CHECK(info.json().at("hash").as_string() == hub.hash);
  CHECK(info.json().at("casUrl").as_string() == "http://hub:8080" + hub.cas);
  CHECK(info.json().at("size").as_string() == std::to_string(sample.content.size()));
  CHECK(info.json().at("refreshUrl").as_string() ==
        "http://hub:8080/api/models/ada/tiny/xet-read-token/" + hub.head_commit);
  // Of other files there is nothing to tell: the file itself comes.
  CHECK(hub.get("/ada/tiny/resolve/main/a.txt", "", accept).body == "text");
}

TEST_CASE("xet hints: tree and paths-info", "[daemon][xet]") {
  Hub hub;
  for (const auto& reply :
       {hub.get("/api/models/ada/tiny/tree/main"),
        hub.post("/api/models/ada/tiny/paths-info/main", "", "paths=w.bin&paths=a.txt")}) {
    REQUIRE(reply.status == 200);
    std::size_t told = 0;
    for (const auto& item : reply.json().as_array()) {
      const auto& entry = item.as_object();
      if (!entry.contains("xetHash")) continue;
      ++told;
      CHECK(entry.at("path") == "w.bin");
      CHECK(entry.at("xetHash").as_string() == hub.hash);
    }
    CHECK(told == 1);
  }
}

TEST_CASE("xet hints: a file that came by LFS is one of Xet too", "[daemon][xet]") {
  Hub hub;
  const auto text = varied(400'000, 42);
  hub.upload("ada/tiny", text);
  hub.committed("ada/tiny", Hub::lfs_line("lfs.bin", text));
  const auto hash = hub.head("/ada/tiny/resolve/main/lfs.bin").header("X-Xet-Hash");
  REQUIRE(hash.size() == 64);
  const auto plan =
      hub.get(hub.cas + "/v1/reconstructions/" + hash, hub.token("ada/tiny", "read", ""));
  REQUIRE(plan.status == 200);
  std::string all;
  for (const auto& item : plan.json().at("fetch_info").as_object())
    for (const auto& fetch : item.value().as_array())
      all += decoded(hub.get(Hub::path_of(std::string(fetch.at("url").as_string()))).body);
  CHECK((all == text));
}

TEST_CASE("xet hints: the LFS batch leads uploads to Xet", "[daemon][xet]") {
  Hub hub;
  const auto reply = hub.batch("ada/tiny", "upload", "new", hub.ada, R"(["basic","xet"])");
  CHECK(reply.json().at("transfer") == "xet");
  const auto& upload = reply.json().at("objects").at(0).at("actions").at("upload");
  CHECK(upload.at("href").as_string() ==
        "http://hub:8080/api/models/ada/tiny/xet-write-token/main");
  const auto& header = upload.at("header").as_object();
  CHECK(header.at("X-Xet-Cas-Url").as_string() == "http://hub:8080" + hub.cas);
  CHECK(header.at("X-Xet-Session-Id").as_string().size() == 36);
  const XetSample fresh(varied(70'000, 43));
  hub.send(fresh, std::string(header.at("X-Xet-Access-Token").as_string()));
  hub.committed("ada/tiny", Hub::lfs_line("n.bin", fresh.content));
  // Present ones have no actions; downloads and other clients stay as they are.
  CHECK_FALSE(hub.batch("ada/tiny", "upload", fresh.content, hub.ada, R"(["xet"])")
                  .json()
                  .at("objects")
                  .at(0)
                  .as_object()
                  .contains("actions"));
  const auto down = hub.batch("ada/tiny", "download", fresh.content, "", R"(["basic","xet"])");
  CHECK(down.json().at("transfer") == "basic");
  CHECK(hub.batch("ada/tiny", "upload", "x", hub.ada).json().at("transfer") == "basic");
  // Who may only open a pull request gets a token for that.
  const auto bobs = hub.batch("ada/tiny", "upload", "y", hub.bob, R"(["xet"])");
  CHECK(bobs.json().at("objects").at(0).at("actions").at("upload").at("href").as_string() ==
        "http://hub:8080/api/models/ada/tiny/xet-write-token/main?create_pr=1");
}

TEST_CASE("xet: files of another repo may be committed once they are duplicated", "[daemon][xet]") {
  Hub hub;
  hub.make_repo("secret", /*hidden=*/true);
  REQUIRE(hub.post("/api/repos/create", hub.bob, R"({"name":"mine"})").status == 200);
  const auto body = [&](const std::string& target, const std::string& content) {
    return R"({"target":{"type":"model","name":")" + target + R"("},"files":[{"xetHash":")" +
           hub.hash + R"(","sha256":")" + Hub::oid(content).hex() + R"(","filename":"w.bin"}]})";
  };
  const auto ask = [&](const std::string& source, const std::string& token,
                       const std::string& text) {
    return hub.post("/api/models/ada/" + source + "/lfs-files/duplicate", token, text);
  };
  const auto done = ask("tiny", hub.bob, body("bob/mine", sample.content));
  REQUIRE(done.status == 200);
  CHECK(done.json().at("failed").as_array().empty());
  const auto row = hub.store->find_repo(*RepoId::make(RepoType::model, "bob", "mine"));
  REQUIRE(row);
  const auto has = hub.store->has_uploaded("bob", row->uid, Hub::oid(sample.content));
  REQUIRE(has);
  CHECK(*has);
  const auto absent = ask("tiny", hub.bob, body("bob/mine", "absent"));
  CHECK(absent.json().at("failed").at(0).at("sha256").as_string() == Hub::oid("absent").hex());
  CHECK(ask("secret", hub.bob, body("bob/mine", sample.content)).status == 404);
  CHECK(ask("tiny", hub.bob, body("ada/secret", sample.content)).status == 404);
  CHECK(ask("tiny", "", body("bob/mine", sample.content)).status == 401);
  CHECK(ask("tiny", hub.bob, "{}").status == 400);
  CHECK(ask("tiny", hub.bob, R"({"target":{"type":"model","name":"x"},"files":[]})").status == 400);
}
