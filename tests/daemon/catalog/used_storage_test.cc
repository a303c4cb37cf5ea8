#include "daemon/catalog/used_storage.h"

#include <boost/json/object.hpp>

#include "tests/daemon/hub_fixture.h"
#include "tests/support/store_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::daemon::testing::HubFixture;
using waag::testing::StoreFixture;

TEST_CASE("used_storage: each LFS file of the history once", "[daemon][catalog]") {
  StoreFixture fixture;
  UsedStorage used(*fixture.store);
  const auto uid = fixture.make_repo("tiny"), other = fixture.make_repo("other");
  const auto bytes = [&] { return *used.lfs_bytes(uid); };
  CHECK(bytes() == 0);
  fixture.commit(uid, {fixture.put_lfs("a.bin", std::string(1000, 'a'))});
  CHECK(bytes() == 1000);
  fixture.commit(uid, {fixture.put_lfs("a.bin", std::string(300, 'b')), fixture.put("c", "text")});
  CHECK(bytes() == 1300);  // the former one is in the history
  fixture.commit(uid, {fixture.put_lfs("again.bin", std::string(1000, 'a'))});
  CHECK(bytes() == 1300);
  fixture.commit(uid, {StoreFixture::remove("a.bin"), StoreFixture::remove("again.bin")});
  CHECK(bytes() == 1300);
  CHECK(*used.lfs_bytes(other) == 0);
  const auto gone = sha256(as_bytes(std::string(1000, 'a')));
  REQUIRE(fixture.store->remove_lfs_files({uid, {gone}, "ann"}));
  CHECK(bytes() == 300);
  REQUIRE(fixture.store->delete_repo(uid, "ann"));
  CHECK(bytes() == 0);
}

TEST_CASE("used_storage: info and lists show what the repo takes", "[daemon][catalog]") {
  HubFixture hub;
  hub.make_repo("tiny");
  const auto used = [&hub] {
    const auto info = hub.get("/api/models/ada/tiny?expand=usedStorage", hub.ada).json();
    const auto list = hub.get("/api/models?author=ada&expand=usedStorage", hub.ada).json();
    CHECK(list.at(0).at("usedStorage") == info.at("usedStorage"));
    return info.at("usedStorage").to_number<std::uint64_t>();
  };
  const auto empty = used();
  for (const char letter : {'a', 'b'}) {
    const std::string content(1000, letter);
    hub.upload("ada/tiny", content);
    hub.committed("ada/tiny", HubFixture::lfs_line("w.bin", content));
  }
  CHECK(used() == empty + 2000);
  hub.committed("ada/tiny", HubFixture::file_line("x", "12345"));
  CHECK(used() == empty + 2005);
  hub.committed("ada/tiny", HubFixture::file_line("x", "1"));
  CHECK(used() == empty + 2001);  // other files count as the commit has them
  const auto mine = hub.get("/api/settings/repositories", hub.ada).json();
  CHECK(mine.at(0).at("storage").to_number<std::uint64_t>() == empty + 2001);
}
