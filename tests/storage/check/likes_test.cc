#include "storage/meta/tables/likes.h"

#include "tests/storage/check/fsck_support.h"

namespace waag::storage {

using testing::FsckFixture;

TEST_CASE_METHOD(FsckFixture, "fsck likes: every row that is gone is missed", "[storage][fsck]") {
  REQUIRE(store->likes().set(*store->find_repo_by_uid(uid), "ann", true, TimeMs(1)));
  CHECK(problems().empty());
  SECTION("like") {
    remove_row(keys::like(uid, "ann"));
    CHECK(finds("names a like that is not there"));
    CHECK(finds("other numbers of likes"));
  }
  SECTION("in the user's list") {
    remove_row(keys::user_like("ann", uid));
    CHECK(finds("not in the list of ann"));
  }
  SECTION("number") {
    remove_row(keys::like_count(uid));
    CHECK(finds("other numbers of likes"));
  }
  SECTION("of no repo") {
    put_row(keys::like(99, "ann"), encode(LikeRow{}));
    CHECK(finds("of a repo that is not there: 99"));
  }
}

}  // namespace waag::storage
