#include "storage/meta/tables/access.h"

#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

namespace {

AccessRow access_of(const std::string& user, AccessStatus status = AccessStatus::pending) {
  AccessRow row;
  row.user = user;
  row.status = status;
  row.asked = TimeMs(1'700'000'000'123);
  row.fields = R"({"country":"NL"})";
  row.reason = "no";
  row.granted = true;
  return row;
}

}  // namespace

TEST_CASE("access: a row comes back as it was", "[storage][access]") {
  for (const auto status :
       {AccessStatus::pending, AccessStatus::accepted, AccessStatus::rejected}) {
    const auto row = access_of("Ann", status);
    const auto back = decode_access(encode(row));
    REQUIRE(back);
    CHECK(*back == row);
  }
}

TEST_CASE("access: what is no row is refused", "[storage][access]") {
  const auto good = encode(access_of("Ann"));
  for (std::size_t cut = 0; cut < good.size(); ++cut)
    CHECK(decode_access(good.substr(0, cut)).error().code == Errc::corrupt);
  CHECK(decode_access(good + "x").error().code == Errc::corrupt);
  auto other_version = good;
  other_version[0] = 2;
  CHECK(decode_access(other_version).error().code == Errc::corrupt);
  auto unknown_status = good;
  unknown_status[1 + 1 + 3] = 3;  // behind the version and the name with its length
  CHECK(decode_access(unknown_status).error().code == Errc::corrupt);
  auto unknown_flag = good;
  unknown_flag.back() = 2;
  CHECK(decode_access(unknown_flag).error().code == Errc::corrupt);
}

TEST_CASE_METHOD(StoreFixture, "access: one row a user, whatever the name's case",
                 "[storage][access]") {
  auto& table = store->accesses();
  const auto repo = *store->find_repo_by_uid(make_repo("tiny"));
  const auto other = *store->find_repo_by_uid(make_repo("other"));
  CHECK_FALSE(*table.find(repo.uid, "ann"));
  const auto first = access_of("Ann");
  REQUIRE(table.put(repo, first, std::nullopt));
  CHECK(**table.find(repo.uid, "aNN") == first);
  CHECK_FALSE(*table.find(other.uid, "ann"));
  // Who did not see the row as it is changes nothing.
  CHECK(table.put(repo, access_of("ann"), std::nullopt).error().code == Errc::conflict);
  CHECK(table.put(repo, first, access_of("Ann", AccessStatus::rejected)).error().code ==
        Errc::conflict);
  REQUIRE(table.put(repo, access_of("Ann", AccessStatus::accepted), first));
  reopen();
  CHECK((*store->accesses().find(repo.uid, "ann"))->status == AccessStatus::accepted);
}

TEST_CASE_METHOD(StoreFixture, "access: lists of one status, page by page", "[storage][access]") {
  auto& table = store->accesses();
  const auto repo = *store->find_repo_by_uid(make_repo("tiny"));
  for (const auto* name : {"d", "B", "a", "c"}) {
    const auto status = *name == 'c' ? AccessStatus::accepted : AccessStatus::pending;
    REQUIRE(table.put(repo, access_of(name, status), std::nullopt));
  }
  const auto names = [&](AccessStatus status, std::string_view after, std::size_t limit) {
    const auto rows = table.list(repo.uid, status, after, limit);
    REQUIRE(rows);
    std::string text;
    for (const auto& row : *rows) text += row.user;
    return text;
  };
  CHECK(names(AccessStatus::pending, "", 10) == "aBd");
  CHECK(names(AccessStatus::pending, "", 2) == "aB");
  CHECK(names(AccessStatus::pending, "b", 2) == "d");
  CHECK(names(AccessStatus::accepted, "", 10) == "c");
  CHECK(names(AccessStatus::rejected, "", 10).empty());
  CHECK(names(AccessStatus::pending, "", 0).empty());
}

TEST_CASE_METHOD(StoreFixture, "access: goes with its repo", "[storage][access]") {
  const auto uid = make_repo("tiny");
  const auto repo = *store->find_repo_by_uid(uid);
  REQUIRE(store->accesses().put(repo, access_of("ann"), std::nullopt));
  REQUIRE(store->delete_repo(uid, "ann"));
  CHECK_FALSE(*store->accesses().find(uid, "ann"));
  CHECK_FALSE(store->accesses().put(repo, access_of("ann"), std::nullopt));
}

}  // namespace waag::storage
