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

TEST_CASE_METHOD(FsckFixture, "fsck accounts: members and groups agree in both directions",
                 "[storage][fsck]") {
  const auto [key, text] = GENERATE(table<std::string, std::string>(
      {{keys::org("lab"), "no such organisation"},
       {keys::member("lab", "ann"), "no member of lab"},
       {keys::membership("ann", "lab"), "member ann of lab: not in the user's list"},
       {keys::group("lab", "crew"), "no such group"},
       {keys::group_member("lab", "crew", "ann"), "not in group lab/crew"},
       {keys::user_group("ann", "lab", "crew"), "in group lab/crew: not in the user's list"}}));
  CAPTURE(to_hex(as_bytes(key)));
  CHECK(problems().empty());
  remove_row(key);
  CHECK(finds(text));
}

TEST_CASE_METHOD(FsckFixture, "fsck accounts: roles on repos agree", "[storage][fsck]") {
  SECTION("only the role") {
    remove_row(keys::granted("uann", uid));
    CHECK(finds("not in the holder's list"));
  }
  SECTION("only the list") {
    remove_row(keys::grant(uid, "glab/crew"));
    CHECK(finds("glab/crew: no role on repo"));
  }
  SECTION("nobody") {
    remove_row(keys::user("ann"));
    CHECK(finds("no such user or group"));
  }
  SECTION("no repo") {
    put_row(keys::grant(99, "uann"), row(keys::grant(uid, "uann")));
    CHECK(finds("role of uann on repo 99: no such repo"));
  }
  SECTION("a name of both") {
    put_row(keys::user("lab"), row(keys::user("ann")));
    CHECK(finds("a user's name too"));
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
