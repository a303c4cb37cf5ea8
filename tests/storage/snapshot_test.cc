#include "storage/snapshot.h"

#include "protocol/git/object.h"
#include "protocol/lfs/pointer.h"
#include "storage/pack/location.h"
#include "tests/support/git_oracle.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

namespace {

struct Fixture : StoreFixture {
  std::uint64_t uid = make_repo("tiny");

  std::shared_ptr<const Snapshot> with(std::vector<Change> changes) {
    return snapshot(uid, commit(uid, std::move(changes)));
  }
};

using Paths = std::vector<std::string>;

Paths paths(const Snapshot& snapshot, std::string_view path, bool recursive,
            std::string_view after = "", std::size_t limit = 0, ListOrder order = ListOrder::git) {
  const auto entries = snapshot.list(path, recursive, after, limit, order);
  REQUIRE(entries);
  Paths found;
  for (const auto& entry : *entries) found.push_back(entry.path);
  return found;
}

/// Every page size and every place to go on from gives the same list.
void check_pages(const Snapshot& snapshot, bool recursive, ListOrder order, const Paths& all) {
  CHECK(paths(snapshot, "", recursive, "", 0, order) == all);
  for (std::size_t limit = 1; limit <= all.size(); ++limit) {
    Paths got;
    while (true) {
      const auto after = got.empty() ? "" : got.back();
      const auto page = paths(snapshot, "", recursive, after, limit, order);
      if (page.empty()) break;
      CHECK(page.size() <= limit);
      got.insert(got.end(), page.begin(), page.end());
    }
    CHECK(got == all);
  }
}

}  // namespace

TEST_CASE_METHOD(Fixture, "snapshot: git order, directories before what is in them",
                 "[storage][snapshot]") {
  // "a-b" < "a.b" < "a/" < "a0": a directory sorts as if it ended in '/'.
  const auto snap = with({put("a/x", "1"), put("a/b/c", "2"), put("a-b", "3"), put("a.b", "4"),
                          put("a0", "5"), put("z/y", "6"), remove(".gitattributes")});
  const Paths all{"a-b", "a.b", "a", "a/b", "a/b/c", "a/x", "a0", "z", "z/y"};
  CHECK(paths(*snap, "", true) == all);
  CHECK(paths(*snap, "", false) == Paths{"a-b", "a.b", "a", "a0", "z"});
  CHECK(paths(*snap, "a", false) == Paths{"a/b", "a/x"});
  CHECK(paths(*snap, "a", true) == Paths{"a/b", "a/b/c", "a/x"});
  CHECK(paths(*snap, "a/b", true) == Paths{"a/b/c"});
  CHECK(snap->list("a0", true, "", 0).error().code == Errc::entry_not_found);
  Paths names;
  const auto name = [&names](std::string_view text) { names.emplace_back(text); };
  REQUIRE(snap->each_name("a", name));
  REQUIRE(snap->each_name("a0", name));
  REQUIRE(snap->each_name("none/at/all", name));
  CHECK(names == Paths{"b", "x"});
  CHECK(snap->list("none", true, "", 0).error().code == Errc::entry_not_found);

  check_pages(*snap, true, ListOrder::git, all);
  CHECK(paths(*snap, "", false, "a", 2) == Paths{"a0", "z"});
  CHECK(paths(*snap, "a", true, "a/b", 1) == Paths{"a/b/c"});
  CHECK(paths(*snap, "a", true, "a/b/c", 0) == Paths{"a/x"});
  CHECK(paths(*snap, "", true, "a/nothing", 1) == Paths{"a/x"});
  CHECK(snap->list("a", true, "z", 0).error().code == Errc::invalid_argument);
}

TEST_CASE_METHOD(Fixture, "snapshot: folders first, in every folder", "[storage][snapshot]") {
  const auto snap = with({put("a/x", "1"), put("a/b/c", "2"), put("a/a", "7"), put("a-b", "3"),
                          put("a.b/d", "4"), put("z/y", "6")});
  constexpr auto order = ListOrder::folders_first;
  const Paths all{"a.b", "a.b/d",          "a",  "a/b", "a/b/c", "a/a", "a/x", "z",
                  "z/y", ".gitattributes", "a-b"};
  check_pages(*snap, true, order, all);
  check_pages(*snap, false, order, Paths{"a.b", "a", "z", ".gitattributes", "a-b"});
  CHECK(paths(*snap, "a", true, "a/b/gone", 2, order) == Paths{"a/a", "a/x"});
  CHECK(paths(*snap, "", true, "a/b/c", 3, order) == Paths{"a/a", "a/x", "z"});
  CHECK(paths(*snap, "", true, "gone/x", 1, order) == Paths{"z"});
  CHECK(paths(*snap, "", true, "gone", 1, order) == Paths{});
}

TEST_CASE_METHOD(Fixture, "snapshot: what it says of files, folders and LFS files",
                 "[storage][snapshot]") {
  const auto large = testing::noise(1, 200'000);
  const auto snap =
      with({put("d/f.txt", "hello\n"), put("big.txt", large), put_lfs("m.bin", large)});
  const auto file = snap->stat("d/f.txt");
  REQUIRE(file);
  CHECK(file->type == TreeEntry::Type::file);
  CHECK(file->mode == 0100644);
  CHECK(file->oid.hex() == "ce013625030ba8dba906f756967f9e9ca394464a");  // git hash-object
  CHECK(file->size_bytes == 6);
  CHECK_FALSE(file->lfs);
  const auto big = snap->stat("big.txt");
  REQUIRE(big);
  CHECK(big->size_bytes == large.size());
  CHECK_FALSE(big->lfs);
  const auto weights = snap->stat("m.bin");
  REQUIRE(weights);
  REQUIRE(weights->lfs);
  const auto pointer = lfs::serialize_pointer({sha256(as_bytes(large)), large.size()});
  CHECK(weights->oid == git::blob_id(as_bytes(pointer)));
  CHECK(weights->lfs->id == sha256(as_bytes(large)));
  CHECK(weights->lfs->size_bytes == large.size());
  CHECK(weights->lfs->pointer_bytes == pointer.size());
  CHECK(weights->size_bytes == large.size());
  CHECK(snap->stat("d")->type == TreeEntry::Type::directory);
  CHECK(snap->stat("")->oid == snap->commit().tree);
  for (const auto* path : {"x", "d/", "d/x", "d/f.txt/x", "/d", "D"}) {
    CAPTURE(path);
    CHECK(snap->stat(path).error().code == Errc::entry_not_found);
  }
}

TEST_CASE_METHOD(Fixture, "snapshot: an old one does not change", "[storage][snapshot]") {
  const auto old = with({put("a", "1")});
  commit(uid, {put("a", "2"), put("b", "3")});
  CHECK(read(*old->stat("a")) == "1");
  CHECK(old->stat("b").error().code == Errc::entry_not_found);
}

TEST_CASE_METHOD(Fixture, "snapshot: trees and commits are git's, byte by byte",
                 "[storage][snapshot][git]") {
  test::GitOracle git;
  const auto snap =
      with({put("a/x", "1"), put("a.b", "2"), put("a-b", "3"), put("a0", "4"), put("e", ""),
            put("\xC3\xA4 b/c?.txt", "5"), put_lfs("w.bin", testing::noise(2, 9000))});
  const auto removed = with({remove("a/x"), put("new/deep/er", "6")});
  // Give git every object of both commits, let it judge, and list the tree itself.
  std::vector<CommitId> commits{snap->commit().parents.front(), snap->commit().id,
                                removed->commit().id};
  const auto give = [&](const GitId& id, const std::string& kind) {
    const auto at = decode_location(**store->rows().get("g" + std::string(as_text(id.view()))));
    REQUIRE(at);
    const auto body = store->packs().read(*at);
    REQUIRE(body);
    CHECK(git.object_id(kind, std::string(as_text(*body))) == id.hex());
  };
  for (const auto& id : commits) {
    const auto one = snapshot(uid, id);
    const auto entries = one->list("", true, "", 0);
    REQUIRE(entries);
    std::string want;
    for (const auto& entry : *entries) {
      const bool is_folder = entry.type == TreeEntry::Type::directory;
      give(entry.oid, is_folder ? "tree" : "blob");
      want += (is_folder ? "040000 tree " : "100644 blob ") + entry.oid.hex() + "\t" + entry.path;
      want += '\0';
    }
    give(one->commit().tree, "tree");
    give(git::to_git_id(id), "commit");
    const auto listed = git.run("ls-tree -r -t -z " + id.hex(), "");
    CHECK(listed == want);
  }
  git.run("update-ref refs/heads/main " + commits.back().hex(), "");
  CHECK(git.run("fsck --strict --full --no-dangling", "").empty());
  CHECK(git.run("rev-list --count main", "") == "3");
}

TEST_CASE_METHOD(Fixture, "snapshot: the id of an entry is that of its stat",
                 "[storage][snapshot]") {
  const auto snap = with({put("a/x", "1"), put("a/b/c", "2"), put_lfs("w.bin", "3")});
  for (const auto* path : {"", "a", "a/x", "a/b", "a/b/c", "w.bin"}) {
    CAPTURE(path);
    const auto entry = snap->stat(path);
    CHECK(*snap->find(path) == EntryId{entry->mode, entry->oid});
  }
  for (const auto* path : {"b", "a/", "/a", "a/x/", "a/x/y", "a//x"}) {
    CAPTURE(path);
    CHECK_FALSE(*snap->find(path));
    CHECK(snap->stat(path).error().code == Errc::entry_not_found);
  }
}

}  // namespace waag::storage
