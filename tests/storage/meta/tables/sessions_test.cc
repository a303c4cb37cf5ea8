#include "storage/meta/tables/sessions.h"

#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

TEST_CASE_METHOD(StoreFixture, "sessions: opaque values by id", "[storage][sessions]") {
  SessionTable sessions(store->rows());
  const std::string value("\0\x01 any bytes", 12);
  REQUIRE(sessions.put("id1", value));
  CHECK(*sessions.find("id1") == value);
  REQUIRE(sessions.put("id1", ""));
  CHECK(sessions.find("id1")->empty());
  CHECK(sessions.find("id2").error().code == Errc::not_found);
  REQUIRE(sessions.put("id3", "three"));
  CHECK(*sessions.list() == std::map<std::string, std::string>{{"id1", ""}, {"id3", "three"}});
  REQUIRE(sessions.remove("id1"));
  CHECK(sessions.find("id1").error().code == Errc::not_found);
  CHECK(sessions.remove("id1"));
}

}  // namespace waag::storage
