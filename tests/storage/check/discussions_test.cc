#include "storage/meta/tables/discussions.h"

#include "tests/storage/check/fsck_support.h"

namespace waag::storage {

using testing::FsckFixture;

namespace {

struct Fixture : FsckFixture {
  Fixture() {
    REQUIRE(store->discussions().create(uid, {"ann", TimeMs(1)}, "Title", "Text"));
    auto wanted = request(uid, {put("pull", "1")});
    wanted.pull = NewPull{"Pull", "Text"};
    REQUIRE(store->commit(wanted));
    MergeRequest merge;
    merge.repo_uid = uid;
    merge.number = 2;
    merge.act.user = "ann";
    REQUIRE(store->pulls().merge(merge));
    REQUIRE(problems().empty());
  }
  DiscussionRow discussion(std::uint64_t number) { return *store->discussions().find(uid, number); }
  void put_discussion(const DiscussionRow& row, std::uint64_t number) {
    put_row(keys::discussion(uid, number), encode(row));
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "fsck discussions: every row that is gone is missed", "[storage][fsck]") {
  SECTION("discussion") {
    remove_row(keys::discussion(uid, 1));
    CHECK(finds("an event of it is there"));
  }
  SECTION("first event") {
    remove_row(keys::event(uid, 2, 0));
    CHECK(finds("event 0 is not there"));
    CHECK(finds("does not begin with a comment"));
  }
  SECTION("last event") {
    remove_row(keys::event(uid, 2, 1));
    CHECK(finds("has 1 events and 1 comments, its row says 2 and 1"));
  }
  SECTION("counter") {
    remove_row(DiscussionTable::counter_key(uid));
    CHECK(finds("counter has not come so far"));
  }
  SECTION("ref of a pull request") {
    remove_row(keys::ref(uid, "refs/pr/2"));
    CHECK(finds("refs/pr/2 is not there"));
  }
  SECTION("repo") {
    remove_row(keys::repo_uid(uid));
    remove_row(first('r').key);
    CHECK(finds("rows of kind d of a repo that is not there"));
    CHECK(finds("rows of kind e of a repo that is not there"));
  }
}

TEST_CASE_METHOD(Fixture, "fsck discussions: rows that cannot be are told", "[storage][fsck]") {
  SECTION("under another number") {
    put_discussion(discussion(1), 3);
    CHECK(finds("under another number's key"));
  }
  SECTION("a merged discussion") {
    auto row = discussion(1);
    row.status = DiscussionStatus::merged;
    put_discussion(row, 1);
    CHECK(finds("has the status of a pull request"));
  }
  SECTION("merged without a merge commit") {
    auto row = discussion(2);
    row.merge_commit = {};
    put_discussion(row, 2);
    CHECK(finds("its status and its merge commit disagree"));
  }
  SECTION("not a row") {
    put_row(keys::discussion(uid, 1), "junk");
    CHECK(finds("not the row of a discussion"));
  }
}

}  // namespace waag::storage
