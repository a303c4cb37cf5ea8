#include "tests/storage/check/fsck_support.h"

namespace waag::storage {

using testing::FsckFixture;

TEST_CASE_METHOD(FsckFixture, "fsck accounts: tokens and their lists agree", "[storage][fsck]") {
  SECTION("list") {
    remove_row(keys::user_token("ann", "tok1"));
    CHECK(finds("not in its user's list"));
  }
  SECTION("token") {
    remove_row(keys::token("tok1"));
    CHECK(finds("tok1 that is not there"));
  }
  SECTION("user") {
    put_row(keys::user("bob"), row(keys::user("ann")));
    CHECK(finds("under another name's key"));
  }
}

}  // namespace waag::storage
