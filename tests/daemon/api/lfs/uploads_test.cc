#include "daemon/api/lfs/uploads.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include "daemon/api/lfs/hrefs.h"
#include "tests/daemon/hub_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;

namespace {

constexpr std::size_t part_bytes = 100'000;
const std::string whole = [] {
  std::string text;
  for (int i = 0; text.size() < 3 * part_bytes + 17; ++i) text += std::to_string(i * 7919) + ",";
  return text.substr(0, 3 * part_bytes + 17);
}();

struct Hub : HubFixture {
  Hub() {
    make_repo("tiny");
    const auto id_of_repo = RepoId::make(RepoType::model, "ada", "tiny");
    const auto row = store->find_repo(*id_of_repo);
    REQUIRE(row);
    grant = {"ada", row->uid, oid(whole), whole.size()};
    id = Uploads::id_of("key", grant);
  }
  std::string send(std::uint32_t number, const std::string& bytes) {
    auto part = uploads.open_part(*store, id, number, clock.now());
    REQUIRE(part);
    REQUIRE((*part)->write(as_bytes(bytes)));
    auto etag = uploads.finish_part(*store, *std::move(part));
    REQUIRE(etag);
    return *etag;
  }
  std::string slice(std::uint32_t number) const {
    return whole.substr((number - 1) * part_bytes, part_bytes);
  }
  Status complete() { return uploads.complete(*store, id, grant, 4); }
  bool held() { return store->blob_size(oid(whole))->has_value(); }

  Uploads uploads;
  HrefGrant grant;
  std::string id;
};

}  // namespace

TEST_CASE("uploads: parts in any order", "[daemon][lfs][uploads]") {
  Hub hub;
  auto order = GENERATE(
      std::vector<std::uint32_t>{1, 2, 3, 4}, std::vector<std::uint32_t>{4, 3, 2, 1},
      std::vector<std::uint32_t>{2, 4, 1, 3}, std::vector<std::uint32_t>{1, 1, 3, 2, 4, 2});
  for (const auto number : order) CHECK_FALSE(hub.send(number, hub.slice(number)).empty());
  CHECK_FALSE(hub.held());
  REQUIRE(hub.complete());
  CHECK(hub.held());
  CHECK(*hub.store->has_uploaded("ada", hub.grant.repo_uid, hub.grant.oid));
  CHECK_FALSE(std::filesystem::exists(hub.store->scratch() / hub.id));
  CHECK(hub.complete());  // sent again
}

TEST_CASE("uploads: a damaged object is stored again", "[daemon][lfs][uploads]") {
  Hub hub;
  const std::string small = hub.slice(4);  // one chunk
  hub.grant.oid = Hub::oid(small);
  hub.grant.size_bytes = small.size();
  const auto send_whole = [&] {
    hub.send(1, small);
    return hub.uploads.complete(*hub.store, hub.id, hub.grant, 1);
  };
  REQUIRE(send_whole());
  hub.note_damage(small);
  REQUIRE(*hub.store->is_damaged(hub.grant.oid));
  REQUIRE(send_whole());
  CHECK_FALSE(*hub.store->is_damaged(hub.grant.oid));
}

TEST_CASE("uploads: parts in parallel", "[daemon][lfs][uploads]") {
  Hub hub;
  std::vector<std::thread> threads;
  std::atomic<int> bad{0};
  for (std::uint32_t number = 1; number <= 4; ++number)
    threads.emplace_back([&hub, &bad, number] {
      auto part = hub.uploads.open_part(*hub.store, hub.id, number, hub.clock.now());
      const bool fine = part && (*part)->write(as_bytes(hub.slice(number))) &&
                        hub.uploads.finish_part(*hub.store, *std::move(part));
      if (!fine) ++bad;
    });
  for (auto& thread : threads) thread.join();
  CHECK(bad == 0);
  REQUIRE(hub.complete());
  CHECK(hub.held());
}

TEST_CASE("uploads: a part that comes again with other bytes counts", "[daemon][lfs][uploads]") {
  Hub hub;
  hub.send(1, std::string(part_bytes, 'x'));  // ingested at once, then replaced
  for (const auto number : {2u, 3u, 4u}) hub.send(number, hub.slice(number));
  hub.send(1, hub.slice(1));
  REQUIRE(hub.complete());
  CHECK(hub.held());
}

TEST_CASE("uploads: a missing part can still come", "[daemon][lfs][uploads]") {
  Hub hub;
  CHECK(hub.complete().error().code == Errc::invalid_argument);
  for (const auto number : {1u, 2u, 4u}) hub.send(number, hub.slice(number));
  const auto early = hub.complete();
  REQUIRE_FALSE(early);
  CHECK(early.error().code == Errc::invalid_argument);
  CHECK(early.error().what == "part 3 is missing");
  hub.send(3, hub.slice(3));
  CHECK(hub.complete());
}

TEST_CASE("uploads: a wrong hash drops all parts", "[daemon][lfs][uploads]") {
  Hub hub;
  for (const auto number : {1u, 2u, 3u}) hub.send(number, hub.slice(number));
  hub.send(4, std::string(17, '!'));
  const auto refused = hub.complete();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unprocessable);
  CHECK_FALSE(hub.held());
  CHECK_FALSE(std::filesystem::exists(hub.store->scratch() / hub.id));
  for (const auto number : {1u, 2u, 3u, 4u}) hub.send(number, hub.slice(number));
  CHECK(hub.complete());
}

TEST_CASE("uploads: a part that is not finished leaves no file", "[daemon][lfs][uploads]") {
  Hub hub;
  {
    auto part = hub.uploads.open_part(*hub.store, hub.id, 1, hub.clock.now());
    REQUIRE(part);
    REQUIRE((*part)->write(as_bytes("half")));
  }
  CHECK(std::filesystem::is_empty(hub.store->scratch() / hub.id));
}

namespace {

/// As after a start of the daemon.
void restart(Hub& hub, Uploads& uploads) { REQUIRE(uploads.resume(*hub.store, hub.clock.now())); }

std::filesystem::path file_of(const Hub& hub, const std::string& name) {
  return hub.store->scratch() / hub.id / name;
}

}  // namespace

TEST_CASE("uploads: a restart keeps the parts that have come", "[daemon][lfs][uploads]") {
  Hub hub;
  for (const auto number : {1u, 3u}) hub.send(number, hub.slice(number));
  std::ofstream(file_of(hub, "draft-7")) << "half a part";
  std::filesystem::create_directory(hub.store->scratch() / "no session");
  Uploads next;
  restart(hub, next);
  CHECK_FALSE(std::filesystem::exists(file_of(hub, "draft-7")));
  CHECK_FALSE(std::filesystem::exists(hub.store->scratch() / "no session"));
  CHECK(next.complete(*hub.store, hub.id, hub.grant, 4).error().what == "part 2 is missing");
  for (const auto number : {2u, 4u}) {
    auto part = next.open_part(*hub.store, hub.id, number, hub.clock.now());
    REQUIRE(part);
    REQUIRE((*part)->write(as_bytes(hub.slice(number))));
    REQUIRE(next.finish_part(*hub.store, *std::move(part)));
  }
  REQUIRE(next.complete(*hub.store, hub.id, hub.grant, 4));
  CHECK(hub.held());
  CHECK(hub.store->list_sessions()->empty());
  CHECK(std::filesystem::is_empty(hub.store->scratch()));
}

TEST_CASE("uploads: a part that a power cut damaged must come again", "[daemon][lfs][uploads]") {
  Hub hub;
  for (const auto number : {1u, 2u, 3u, 4u}) hub.send(number, hub.slice(number));
  const auto what = GENERATE(0, 1, 2);
  CAPTURE(what);
  const auto file = file_of(hub, "part-2");
  if (what == 0) std::filesystem::resize_file(file, 5);
  if (what == 1) std::ofstream(file, std::ios::in | std::ios::out).seekp(70'000).put('!');
  if (what == 2) std::ofstream(file, std::ios::trunc) << std::string(part_bytes + 8, '\0');
  Uploads next;
  restart(hub, next);
  CHECK(next.complete(*hub.store, hub.id, hub.grant, 4).error().what == "part 2 is missing");
  CHECK(next.complete(*hub.store, hub.id, hub.grant, 4).error().what == "part 2 is missing");
  auto part = next.open_part(*hub.store, hub.id, 2, hub.clock.now());
  REQUIRE((*part)->write(as_bytes(hub.slice(2))));
  REQUIRE(next.finish_part(*hub.store, *std::move(part)));
  CHECK(next.complete(*hub.store, hub.id, hub.grant, 4));
  CHECK(hub.held());
}

TEST_CASE("uploads: what has idled too long is swept at a start", "[daemon][lfs][uploads]") {
  Hub hub;
  hub.send(1, hub.slice(1));
  hub.clock.advance(std::chrono::hours(23));
  hub.send(2, hub.slice(2));
  hub.clock.advance(std::chrono::hours(23));
  Uploads next;
  restart(hub, next);
  CHECK(std::filesystem::exists(file_of(hub, "part-1")));
  hub.clock.advance(std::chrono::hours(2));
  restart(hub, next);
  CHECK(hub.store->list_sessions()->empty());
  CHECK(std::filesystem::is_empty(hub.store->scratch()));
}

TEST_CASE("uploads: a session whose folder is gone is swept at a start", "[daemon][lfs][uploads]") {
  Hub hub;
  hub.send(1, hub.slice(1));
  std::filesystem::remove_all(hub.store->scratch() / hub.id);
  Uploads next;
  restart(hub, next);
  CHECK(hub.store->list_sessions()->empty());
}

TEST_CASE("uploads: idle ones go when another begins", "[daemon][lfs][uploads]") {
  Hub hub;
  hub.send(1, hub.slice(1));
  hub.clock.advance(std::chrono::hours(25));
  auto part = hub.uploads.open_part(*hub.store, "another", 1, hub.clock.now());
  REQUIRE(part);
  CHECK_FALSE(std::filesystem::exists(hub.store->scratch() / hub.id));
}

TEST_CASE("uploads: ids differ by everything that they stand for", "[daemon][lfs][uploads]") {
  Hub hub;
  auto other = hub.grant;
  other.user = "bob";
  CHECK(Uploads::id_of("key", other) != hub.id);
  other = hub.grant;
  other.repo_uid += 1;
  CHECK(Uploads::id_of("key", other) != hub.id);
  other = hub.grant;
  other.size_bytes += 1;
  CHECK(Uploads::id_of("key", other) != hub.id);
  CHECK(Uploads::id_of("other", hub.grant) != hub.id);
  CHECK(hub.id.size() == 40);
}
