#include <boost/json/object.hpp>

#include "daemon/api/lfs/hrefs.h"
#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::FakeBody;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

const std::string content(3'000'000, 'c');

struct Hub : HubFixture {
  Hub() {
    make_repo("tiny");
    const auto object = batch("ada/tiny", "upload", content, ada).json().at("objects").at(0);
    upload_path = path_of(std::string(object.at("actions").at("upload").at("href").as_string()));
    verify_path = path_of(std::string(object.at("actions").at("verify").at("href").as_string()));
  }
  Reply put(const std::string& target, const std::string& body) {
    return ask({"PUT", target, "", body, "", nullptr});
  }
  Reply verify(std::uint64_t size, const std::string& oid_hex) {
    return post(verify_path, "",
                R"({"oid":")" + oid_hex + R"(","size":)" + std::to_string(size) + "}");
  }
  std::string upload_path, verify_path;
};

bool held(HubFixture& hub) {
  const auto size = hub.store->blob_size(HubFixture::oid(content));
  REQUIRE(size);
  return size->has_value();
}

}  // namespace

TEST_CASE("lfs transfer: one PUT without Authorization, then verify and commit", "[daemon][lfs]") {
  Hub hub;
  const auto hex = HubFixture::oid(content).hex();
  CHECK(hub.verify(content.size(), hex).status == 404);
  const auto put = hub.put(hub.upload_path, content);
  CHECK(put.status == 200);
  CHECK(put.body.empty());
  CHECK(hub.verify(content.size(), hex).status == 200);
  CHECK(hub.verify(content.size() + 1, hex).status == 422);
  CHECK(hub.verify(1, std::string(64, '0')).status == 422);
  CHECK(hub.put(hub.upload_path, content).status == 200);
  hub.committed("ada/tiny", HubFixture::lfs_line("w.bin", content));
  CHECK(hub.get("/ada/tiny/resolve/main/w.bin").body == content);
}

TEST_CASE("lfs transfer: other bytes are refused and leave nothing", "[daemon][lfs]") {
  Hub hub;
  auto other = content;
  other.back() = 'x';
  CHECK(hub.put(hub.upload_path, other).status == 422);
  CHECK(hub.put(hub.upload_path, content.substr(1)).status == 422);
  CHECK(hub.put(hub.upload_path, content + "x").status == 422);
  CHECK(hub.put(hub.upload_path, "").status == 422);
  const auto chunked = std::make_shared<FakeBody>(content + "x");  // no declared length
  CHECK(hub.ask({"PUT", hub.upload_path, "", "", "", chunked}).status == 422);
  const auto cut = std::make_shared<FakeBody>(content);
  cut->cut_at = 1'500'000;
  CHECK(hub.ask({"PUT", hub.upload_path, "", "", "", cut}).status == 400);
  CHECK_FALSE(held(hub));
  CHECK(hub.commit("ada/tiny", HubFixture::lfs_line("w.bin", content)).status == 400);
  CHECK(hub.put(hub.upload_path, content).status == 200);
  CHECK(held(hub));
}

TEST_CASE("lfs transfer: signatures", "[daemon][lfs]") {
  Hub hub;
  auto forged = hub.upload_path;
  forged.replace(forged.find("user=ada"), 8, "user=bob");
  CHECK(hub.put(forged, content).status == 403);
  CHECK(hub.put(hub.upload_path.substr(0, hub.upload_path.find('?')), content).status == 403);
  CHECK(hub.put(hub.upload_path.substr(0, hub.upload_path.size() - 1), content).status == 403);
  CHECK(hub.get(hub.upload_path).status == 403);  // a PUT's href opens no GET
  hub.clock.advance(lfs_hrefs::lifetime);
  CHECK(hub.put(hub.upload_path, content).status == 403);
  CHECK_FALSE(held(hub));
}

TEST_CASE("lfs transfer: a deleted repo takes no more bytes", "[daemon][lfs]") {
  Hub hub;
  REQUIRE(
      hub.ask({"DELETE", "/api/repos/delete", hub.ada, R"({"name":"tiny"})", "", nullptr}).status ==
      200);
  CHECK(hub.put(hub.upload_path, content).status >= 401);
  CHECK_FALSE(held(hub));
}
