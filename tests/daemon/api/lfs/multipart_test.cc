#include "daemon/api/lfs/hrefs.h"
#include "daemon/api/lfs/uploads.h"
#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::FakeBody;
using waag::daemon::testing::HubFixture;
using waag::daemon::testing::Reply;

namespace {

const std::string whole(70'000, 'm');  // one part: parts are 32 MiB at least

struct Hub : HubFixture {
  Hub() {
    make_repo("tiny");
    const auto row = store->find_repo(*RepoId::make(RepoType::model, "ada", "tiny"));
    REQUIRE(row);
    grant = {"ada", row->uid, oid(whole), whole.size()};
    id = Uploads::id_of(app->href_key, grant);
    const auto expires = clock.now() + std::chrono::seconds(60);
    part_path = sign_href(app->href_key, "PUT", lfs_hrefs::part(id, 1), grant, expires);
    done_path = sign_href(app->href_key, "POST", lfs_hrefs::upload(id), grant, expires);
  }
  Reply put(const std::string& target, const std::string& body) {
    return ask({"PUT", target, "", body, "", nullptr});
  }
  std::string completion(const std::string& parts) const {
    return R"({"oid":")" + grant.oid.hex() + R"(","parts":[)" + parts + "]}";
  }
  HrefGrant grant;
  std::string id, part_path, done_path;
};

constexpr const char* one_part = R"({"partNumber":1,"etag":"\"e\""})";

}  // namespace

TEST_CASE("lfs multipart: part, completion, commit", "[daemon][lfs]") {
  Hub hub;
  const auto part = hub.put(hub.part_path, whole);
  REQUIRE(part.status == 200);
  CHECK(part.header("ETag").size() > 2);
  CHECK(hub.post(hub.done_path, "", hub.completion(one_part)).status == 200);
  CHECK(hub.post(hub.done_path, "", hub.completion(one_part)).status == 200);
  hub.committed("ada/tiny", HubFixture::lfs_line("w.bin", whole));
  CHECK(hub.get("/ada/tiny/resolve/main/w.bin").body == whole);
}

TEST_CASE("lfs multipart: parts of a wrong length or signature", "[daemon][lfs]") {
  Hub hub;
  CHECK(hub.put(hub.part_path, whole + "x").status == 422);
  CHECK(hub.put(hub.part_path, whole.substr(1)).status == 422);
  CHECK(hub.ask({"PUT", hub.part_path, "", "", "", std::make_shared<FakeBody>("short")}).status ==
        422);
  auto other = hub.part_path;
  other.replace(other.find("/1?"), 3, "/2?");
  CHECK(hub.put(other, whole).status == 403);
  CHECK(hub.put(lfs_hrefs::part(hub.id, 1), whole).status == 403);
  CHECK(hub.put(lfs_hrefs::upload(hub.id) + "/0", whole).status == 404);
  CHECK(hub.put(lfs_hrefs::upload(hub.id) + "/10001", whole).status == 404);
  CHECK(hub.post(hub.done_path, "", hub.completion(one_part)).status == 400);
}

TEST_CASE("lfs multipart: bad completions", "[daemon][lfs]") {
  Hub hub;
  REQUIRE(hub.put(hub.part_path, whole).status == 200);
  CHECK(hub.post(hub.done_path, "", "{").status == 400);
  CHECK(hub.post(hub.done_path, "", hub.completion("")).status >= 400);
  const auto two = std::string(one_part) + R"(,{"partNumber":2,"etag":"e"})";
  CHECK(hub.post(hub.done_path, "", hub.completion(two)).status == 400);
  auto foreign = hub.completion(one_part);
  foreign.replace(foreign.find(hub.grant.oid.hex()), 64, std::string(64, '0'));
  CHECK(hub.post(hub.done_path, "", foreign).status == 422);
  CHECK(hub.post(lfs_hrefs::upload(hub.id), "", hub.completion(one_part)).status == 403);
  CHECK(hub.post(hub.done_path, "", hub.completion(one_part)).status == 200);
}
