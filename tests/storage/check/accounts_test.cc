#include "storage/meta/tables/access.h"
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

TEST_CASE_METHOD(FsckFixture, "fsck accounts: who has access is a user, the repo is there",
                 "[storage][fsck]") {
  AccessRow access;
  access.user = "ann";
  REQUIRE(store->accesses().put(*store->find_repo_by_uid(uid), access, std::nullopt));
  CHECK(problems().empty());
  const auto value = row(keys::access(uid, "ann"));
  SECTION("user") {
    put_row(keys::access(uid, "bob"), value);
    CHECK(finds("under another's key"));
  }
  SECTION("nobody") {
    access.user = "nobody";
    put_row(keys::access(uid, "nobody"), encode(access));
    CHECK(finds("no such user"));
  }
  SECTION("repo") {
    put_row(keys::access(99, "ann"), value);
    CHECK(finds("rows of kind a of a repo that is not there: 99"));
  }
}

}  // namespace waag::storage
