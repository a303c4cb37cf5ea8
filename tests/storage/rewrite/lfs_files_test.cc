#include "storage/rewrite/lfs_files.h"

#include "tests/storage/rewrite/rewrite_support.h"

namespace waag::storage {

using testing::RewriteFixture;

namespace {

struct Fixture : RewriteFixture {
  Fixture() {
    UserRow user;
    user.name = "ann";
    REQUIRE(store->add_user(user));
  }
  static BlobId id_of(const std::string& content) { return sha256(as_bytes(content)); }
  Status drop(const std::set<std::string>& contents) {
    LfsRemoval removal;
    removal.repo_uid = uid;
    removal.user = "ann";
    for (const auto& content : contents) removal.files.insert(id_of(content));
    return store->remove_lfs_files(removal);
  }
  std::vector<std::string> listed() {
    const auto files = store->list_lfs_files(uid);
    REQUIRE(files);
    std::vector<std::string> paths;
    for (const auto& file : *files) paths.push_back(file.path + "@" + file.ref);
    return paths;
  }
};
using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(Fixture, "lfs files: listed over all refs and their history",
                 "[storage][rewrite]") {
  CHECK(listed().empty());
  const auto first = commit_to("main", {put_lfs("z.bin", "one"), put("t.txt", "text")});
  branch("aside", first);
  commit_to("main", {remove("z.bin"), put_lfs("moved/z.bin", "one"), put_lfs("b.bin", "two")});
  commit_to("main", {remove("b.bin")});
  commit_to("aside", {put_lfs("a.bin", "three")});
  CHECK(listed() ==
        Paths{"a.bin@refs/heads/aside", "b.bin@refs/heads/main", "z.bin@refs/heads/main"});
  const auto files = store->list_lfs_files(uid);
  CHECK(files->at(2).id == id_of("one"));
  CHECK(files->at(2).size_bytes == 3);
  CHECK(files->at(2).pushed == snapshot(uid, first)->commit().date);
  CHECK(store->list_lfs_files(99)->empty());
}

TEST_CASE_METHOD(Fixture, "lfs files: what is removed vanishes from every commit of every ref",
                 "[storage][rewrite]") {
  const auto zeroth = head(uid);
  const auto first = commit_to("main", {put_lfs("m.bin", "secret"), put("t", "text")});
  REQUIRE(store->record_possession("ann", uid, id_of("secret")));
  REQUIRE(store->record_possession("ann", uid, id_of("kept")));
  const auto other = make_repo("other");
  commit(other, {put_lfs("m.bin", "secret")});
  branch("aside", zeroth);
  const auto aside = commit_to("aside", {put_lfs("k.bin", "kept")});
  REQUIRE(store->move_ref(uid, "refs/tags/v1", std::nullopt, first, "ann"));
  const auto last = commit_to("main", {remove("m.bin"), put_lfs("again/m.bin", "secret")});
  REQUIRE(drop({"secret", "never there"}));
  CHECK(files_of(uid, head(uid)) == std::map<std::string, std::string>{{"t", "text"}});
  CHECK(files_of(uid, *store->resolve(uid, "v1")) ==
        std::map<std::string, std::string>{{"t", "text"}});
  CHECK(*store->resolve(uid, "aside") == aside);  // not affected: the same commits
  const auto history = store->history(uid, head(uid), 0, 10);
  REQUIRE(history->size() == 3);
  CHECK(history->back().id == zeroth);
  CHECK(history->at(1).id == *store->resolve(uid, "v1"));
  CHECK(history->at(1).author_email == "ann@example.org");
  CHECK_FALSE(knows(first));
  CHECK_FALSE(knows(last));
  CHECK_FALSE(links_to("secret"));
  CHECK(links_to("kept"));
  CHECK_FALSE(*store->has_uploaded("ann", uid, id_of("secret")));
  CHECK(*store->has_uploaded("ann", uid, id_of("kept")));
  CHECK(*store->repo_has_blob(other, id_of("secret")));
  CHECK(listed() == Paths{"k.bin@refs/heads/aside"});
  check_whole();
  reopen();
  CHECK(head(uid) == history->front().id);
  commit_to("main", {put_lfs("m.bin", "secret")});
  check_whole();
}

TEST_CASE_METHOD(Fixture, "lfs files: a large regular file of the same bytes stays",
                 "[storage][rewrite]") {
  const auto large = testing::noise(1, 140'000);
  commit_to("main", {put("large.txt", large), put_lfs("m.bin", large)});
  REQUIRE(drop({large}));
  CHECK(files_of(uid, head(uid)) == std::map<std::string, std::string>{{"large.txt", large}});
  CHECK(links_to(large));
  check_whole();
}

TEST_CASE_METHOD(Fixture, "lfs files: nothing to remove changes nothing", "[storage][rewrite]") {
  const auto last = commit_to("main", {put_lfs("m.bin", "kept")});
  branch("gone", last);
  const auto gone = commit_to("gone", {put_lfs("g.bin", "gone")});
  remove_branch("gone", gone);
  REQUIRE(drop({"none"}));
  REQUIRE(drop({}));
  CHECK(head(uid) == last);
  CHECK(knows(gone));
  LfsRemoval missing;
  missing.repo_uid = 99;
  CHECK(store->remove_lfs_files(missing).error().code == Errc::repo_not_found);
}

}  // namespace waag::storage
