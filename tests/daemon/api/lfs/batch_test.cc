#include <boost/json/object.hpp>

#include "protocol/base64.h"
#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

struct Hub : HubFixture {
  Hub() { make_repo("tiny"); }
};

boost::json::object first(const Reply& reply) {
  INFO(reply.body);
  REQUIRE(reply.status == 200);
  return reply.json().at("objects").at(0).as_object();
}

std::string href(const boost::json::object& object, const char* action) {
  return std::string(object.at("actions").at(action).at("href").as_string());
}

}  // namespace

TEST_CASE("lfs batch: an upload gets signed hrefs", "[daemon][lfs]") {
  Hub hub;
  const auto reply = hub.batch("ada/tiny", "upload", "bytes", hub.ada);
  CHECK(reply.header("Content-Type") == "application/vnd.git-lfs+json");
  CHECK(reply.json().at("transfer") == "basic");
  const auto object = first(reply);
  CHECK(object.at("size") == 5);
  CHECK_FALSE(object.contains("error"));
  CHECK(href(object, "upload").starts_with("http://hub:8080/api/waag/v1/lfs/objects/"));
  CHECK(object.at("actions").at("upload").at("expires_in") == 86400);
  CHECK(href(object, "verify").starts_with("http://hub:8080/api/waag/v1/lfs/verify/"));
}

TEST_CASE("lfs batch: present means without actions, only in this repo", "[daemon][lfs]") {
  Hub hub;
  hub.make_repo("secret", /*hidden=*/true);
  hub.upload("ada/secret", "bytes");
  hub.committed("ada/secret", HubFixture::lfs_line("w.bin", "bytes"));
  CHECK_FALSE(first(hub.batch("ada/secret", "upload", "bytes", hub.ada)).contains("actions"));
  CHECK(first(hub.batch("ada/tiny", "upload", "bytes", hub.ada)).contains("actions"));
  CHECK(first(hub.batch("ada/tiny", "upload", "bytes", hub.bob)).contains("actions"));
  hub.upload("ada/tiny", "bytes");
  CHECK_FALSE(first(hub.batch("ada/tiny", "upload", "bytes", hub.ada)).contains("actions"));
  // Uploaded by ada, not yet in a commit: another user learns nothing of it.
  CHECK(first(hub.batch("ada/tiny", "upload", "bytes", hub.bob)).contains("actions"));
}

TEST_CASE("lfs batch: what is damaged is asked for again", "[daemon][lfs]") {
  Hub hub;
  hub.upload("ada/tiny", "bytes");
  hub.committed("ada/tiny", HubFixture::lfs_line("w.bin", "bytes"));
  hub.note_damage("bytes");
  CHECK(first(hub.batch("ada/tiny", "upload", "bytes", hub.ada)).contains("actions"));
  hub.upload("ada/tiny", "bytes");
  CHECK_FALSE(first(hub.batch("ada/tiny", "upload", "bytes", hub.ada)).contains("actions"));
}

TEST_CASE("lfs batch: downloads", "[daemon][lfs]") {
  Hub hub;
  hub.upload("ada/tiny", "bytes");
  const auto early = first(hub.batch("ada/tiny", "download", "bytes", ""));
  CHECK(early.at("error").at("code") == 404);
  CHECK(early.at("error").at("message") == "Object does not exist");
  hub.committed("ada/tiny", HubFixture::lfs_line("w.bin", "bytes"));
  const auto object = first(hub.batch("ada/tiny", "download", "bytes", ""));
  const auto target = HubFixture::path_of(href(object, "download"));
  CHECK(hub.get(target).body == "bytes");
  const auto part = hub.get(target, "", "Range: bytes=2-4\r\n");
  CHECK(part.status == 206);
  CHECK(part.body == "tes");
  CHECK(part.header("Content-Range") == "bytes 2-4/5");
  CHECK(hub.get(target + "0").status == 403);
}

TEST_CASE("lfs batch: who may", "[daemon][lfs]") {
  Hub hub;
  hub.make_repo("secret", /*hidden=*/true);
  const auto anonymous = hub.batch("ada/tiny", "upload", "x", "");
  CHECK(anonymous.status == 401);
  CHECK(anonymous.header("WWW-Authenticate") == "Basic realm=\"Waag\"");
  CHECK(hub.batch("ada/tiny", "upload", "x", hub.ada_read).status == 403);
  const auto hidden = hub.batch("ada/secret", "download", "x", hub.bob);
  const auto missing = hub.batch("ada/absent", "download", "x", hub.bob);
  CHECK(hidden.status == 404);
  CHECK(hidden.body == missing.body);
  CHECK(hub.batch("ada/secret", "download", "x", "").header("WWW-Authenticate") ==
        "Basic realm=\"Waag\"");
  const auto basic = "Authorization: Basic " + encode_base64("ada:" + hub.ada) + "\r\n";
  CHECK(hub.post("/ada/secret.git/info/lfs/objects/batch", "",
                 R"({"operation":"download","objects":[]})", basic)
            .status == 200);
}

TEST_CASE("lfs batch: bad input", "[daemon][lfs]") {
  Hub hub;
  const auto body = GENERATE("", "{", "[]", R"({"operation":"steal","objects":[]})",
                             R"({"operation":"upload","objects":[{"oid":"x","size":1}]})",
                             R"({"operation":"upload","objects":[{"oid":"../..","size":1}]})");
  const auto reply = hub.post("/ada/tiny.git/info/lfs/objects/batch", hub.ada, body);
  CHECK((reply.status == 400 || reply.status == 422));
  CHECK_FALSE(reply.error().empty());
}

TEST_CASE("lfs batch: multipart only for large objects, parts counted exactly", "[daemon][lfs]") {
  Hub hub;
  const auto ask = [&](std::uint64_t size, const std::string& agent) {
    const auto body =
        R"({"operation":"upload","transfers":["basic","multipart"],"objects":[{"oid":")" +
        HubFixture::oid("x").hex() + R"(","size":)" + std::to_string(size) + "}]}";
    return hub.post("/ada/tiny.git/info/lfs/objects/batch", hub.ada, body, agent);
  };
  CHECK(ask(1000, "").json().at("transfer") == "basic");
  const std::uint64_t part = 32ull << 20;
  const auto reply = ask(20 * part + 1, "");
  CHECK(reply.json().at("transfer") == "multipart");
  const auto upload = first(reply).at("actions").at("upload").as_object();
  const auto& header = upload.at("header").as_object();
  CHECK(header.at("chunk_size").as_string() == std::to_string(part));
  CHECK(header.size() == 1 + 21);
  for (const auto& [key, value] : header)
    if (key != "chunk_size") {
      CHECK(std::string(key).find_first_not_of("0123456789") == std::string::npos);
      CHECK(std::string(value.as_string()).starts_with("http://hub:8080/api/waag/v1/lfs/uploads/"));
    }
}

TEST_CASE("lfs locks: 404 in JSON", "[daemon][lfs]") {
  Hub hub;
  CHECK(hub.post("/ada/tiny.git/info/lfs/locks/verify", hub.ada, "{}").status == 404);
}
