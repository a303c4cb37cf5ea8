#include "tests/daemon/api/xet/xet_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::decoded;
using waag::daemon::testing::Reply;
using waag::daemon::testing::varied;
using waag::daemon::testing::XetHub;
using waag::daemon::testing::XetSample;

namespace {

const XetSample sample(varied(330'000, 21));
constexpr std::size_t wire_bytes = 330'000 + 7 * 8;

struct Hub : XetHub {
  explicit Hub(bool hidden = false) {
    make_repo("tiny", hidden);
    publish("ada/tiny", sample);
    path = data_path(sample, token("ada/tiny", "read", hidden ? ada_read : ""));
  }
  Reply range(const std::string& ranges) {
    return get(path, "", "Range: bytes=" + ranges + "\r\n");
  }
  std::string path;
};

}  // namespace

TEST_CASE("xet data: the signed range, parts of it, and nothing else", "[daemon][xet]") {
  Hub hub;
  const auto whole = hub.get(hub.path);
  CHECK(whole.status == 206);
  CHECK(whole.header("Content-Range") ==
        "bytes 0-" + std::to_string(wire_bytes - 1) + "/" + std::to_string(wire_bytes));
  CHECK(whole.header("Cache-Control").find("immutable") != std::string::npos);
  CHECK((decoded(whole.body) == sample.content));
  CHECK((hub.range("50008-100015").body == whole.body.substr(50'008, 50'008)));
  CHECK((hub.range("50008-99999999").body == whole.body.substr(50'008)));
  CHECK(hub.range("99999999-").status == 416);
  CHECK(hub.range("5-2").status == 400);
  CHECK(hub.head(hub.path).status == 206);
  // A reconstruction of a part is signed for that part alone.
  const auto part =
      hub.plan(sample, hub.token("ada/tiny", "read", ""), "Range: bytes=60000-70000\r\n");
  const auto& fetch = part.json().at("fetch_info").at(xet::xet_string(sample.xorb)).at(0);
  hub.path = Hub::path_of(std::string(fetch.at("url").as_string()));
  CHECK((hub.get(hub.path).body == whole.body.substr(50'008, 50'008)));
  CHECK(hub.range("50008-100015").status == 206);
  CHECK(hub.range("50007-100015").status == 403);
  CHECK(hub.range("50008-100016").status == 403);
  CHECK(hub.range("50008-60000,0-7").status == 403);
}

TEST_CASE("xet data: several ranges come as parts, in order", "[daemon][xet]") {
  Hub hub;
  const auto whole = hub.get(hub.path).body;
  const auto reply = hub.range("0-50007,100016-150023");
  CHECK(reply.status == 206);
  const auto type = reply.header("Content-Type");
  const std::string expected = "multipart/byteranges; boundary=";
  REQUIRE(type.starts_with(expected));
  const auto boundary = type.substr(expected.size());
  const auto part = [&](std::size_t first, std::size_t last) {
    return "--" + boundary + "\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes " +
           std::to_string(first) + "-" + std::to_string(last) + "/" + std::to_string(wire_bytes) +
           "\r\n\r\n" + whole.substr(first, last - first + 1) + "\r\n";
  };
  CHECK((reply.body == part(0, 50'007) + part(100'016, 150'023) + "--" + boundary + "--\r\n"));
}

TEST_CASE("xet data: a link that is no longer good is 403", "[daemon][xet]") {
  Hub hub(/*hidden=*/true);
  REQUIRE(hub.get(hub.path).status == 206);
  SECTION("altered") {
    CHECK(hub.get(hub.path + "0").status == 403);
    auto other = hub.path;
    other.replace(other.find("b=0-"), 4, "b=1-");
    CHECK(hub.get(other).status == 403);
    other = hub.path;
    other.replace(other.find("/data/") + 6, 64, std::string(64, '0'));
    CHECK(hub.get(other).status == 403);
    CHECK(hub.get(hub.path.substr(0, hub.path.find('?'))).status == 403);
  }
  SECTION("expired") {
    hub.clock.advance(std::chrono::seconds(3601));
    CHECK(hub.get(hub.path).status == 403);
  }
  SECTION("the token was revoked") {
    const auto id = parse_token(hub.ada_read)->public_id;
    REQUIRE(hub.ask({"DELETE", "/api/waag/v1/tokens/" + id, hub.ada, "", "", nullptr}).status ==
            200);
    CHECK(hub.get(hub.path).status == 403);
  }
  SECTION("the repo was deleted") {
    REQUIRE(hub.ask({"DELETE", "/api/repos/delete", hub.ada, R"({"name":"tiny"})", "", nullptr})
                .status == 200);
    CHECK(hub.get(hub.path).status == 403);
  }
}
