#include "protocol/git/object.h"
#include "storage/meta/tables/refs.h"
#include "tests/storage/check/fsck_support.h"

namespace waag::storage {

using testing::FsckFixture;

TEST_CASE_METHOD(FsckFixture, "fsck repos: every row that is gone is missed", "[storage][fsck]") {
  const auto info = snapshot(uid, last)->commit();
  SECTION("link") {
    remove_row(keys::link(uid, weights_id()));
    CHECK(finds("m.bin is not linked"));
    CHECK(finds("no link"));
  }
  SECTION("link of a large regular file") {
    remove_row(keys::link(uid, sha256(as_bytes(large_text))));
    CHECK(finds("v is not linked"));
  }
  SECTION("holder") {
    remove_row(keys::holder(weights_id(), uid));
    CHECK(finds("no way back"));
  }
  SECTION("commit known to the repo") {
    remove_row(keys::repo_commit(uid, last));
    CHECK(finds("that the repo lacks"));
  }
  SECTION("commit object") {
    remove_row(keys::git_object(git::to_git_id(last)));
    CHECK(finds("commit " + last.hex()));
  }
  SECTION("tree") {
    remove_row(keys::git_object(info.tree));
    CHECK(finds("tree " + info.tree.hex()));
  }
  SECTION("small blob") {
    const auto entry = snapshot(uid, last)->stat("a/b.txt");
    remove_row(keys::git_object(entry->oid));
    CHECK(finds(entry->oid.hex() + ", not here"));
  }
  SECTION("uid row") {
    remove_row(keys::repo_uid(uid));
    CHECK(finds("does not lead to it"));
  }
  SECTION("repo row") {
    remove_row(first('r').key);
    CHECK(finds("leads nowhere"));
    CHECK(finds("of a repo that is not there"));
  }
  SECTION("ref moved without its log") {
    RefRow row;
    row.target = info.parents.front();
    put_row(keys::ref(uid, "refs/heads/main"), encode(row));
    CHECK(finds("differs from its log"));
  }
}

TEST_CASE_METHOD(FsckFixture, "fsck repos: names, trash and tags that cannot be",
                 "[storage][fsck]") {
  const auto info = snapshot(uid, last)->commit();
  SECTION("tag object of another commit") {
    NewTag tag;
    tag.repo_uid = uid;
    tag.name = "v1";
    tag.target = info.parents.front();
    tag.message = "First";
    REQUIRE(store->create_tag(tag));
    auto row = **store->find_ref(uid, "refs/tags/v1");
    row.target = last;
    put_row(keys::ref(uid, "refs/tags/v1"), encode(row));
    CHECK(finds("names another commit"));
    remove_row(keys::git_object(row.tag_object));
    CHECK(finds("no git object " + row.tag_object.hex()));
  }
  SECTION("trash") {
    const auto now = store->find_repo_by_uid(uid);
    put_row(keys::trashed(uid), encode(TrashRow{*now, {}, "ann"}));
    CHECK(finds("is in use too"));
    CHECK(finds("can still be found"));
    put_row(keys::trashed(uid + 7), encode(TrashRow{*now, {}, "ann"}));
    CHECK(finds("under another uid's key"));
  }
  SECTION("redirects") {
    put_row(keys::redirect({RepoType::model, "old", "name"}), encode(RedirectRow{99}));
    CHECK(finds("redirect from old/name leads nowhere"));
    const auto now = store->find_repo_by_uid(uid);
    put_row(keys::redirect(now->id), encode(RedirectRow{uid}));
    CHECK(finds(": a repo has that name"));
  }
}

}  // namespace waag::storage
