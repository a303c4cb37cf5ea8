#include "storage/rewrite/history_copy.h"

#include "tests/storage/rewrite/rewrite_support.h"

namespace waag::storage {

using testing::RewriteFixture;

namespace {

struct Fixture : RewriteFixture {
  ObjectWriter writer{store->rows(), store->packs()};

  void settle() {
    Transaction transaction;
    REQUIRE(writer.settle(transaction));
    REQUIRE(store->rows().apply(std::move(transaction)));
    writer.settled();
  }
  GitId oid(const CommitId& commit, const std::string& path) {
    const auto entry = snapshot(uid, commit)->stat(path);
    REQUIRE(entry);
    return entry->oid;
  }
  git::GitCommit commit_object(const CommitId& id) {
    const auto body =
        read_object(store->rows(), store->packs(), git::to_git_id(id), git::ObjectKind::commit);
    REQUIRE(body);
    return *git::parse_commit(*body);
  }
  /// A commit made by git, with what only git writes.
  CommitId add_signed(const CommitId& parent) {
    auto commit = commit_object(parent);
    commit.parents = {parent};
    commit.committer.name = "Other";
    commit.committer.zone = "+0530";
    commit.extra_headers = "gpgsig -----BEGIN\n line\n -----END\nencoding ISO-8859-1\n";
    commit.message = "No newline at the end";
    const auto id = writer.add(git::ObjectKind::commit, *git::serialize_commit(commit));
    REQUIRE(id);
    settle();
    return CommitId{id->bytes};
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "history copy: commits keep all but trees, parents and signatures",
                 "[storage][rewrite]") {
  const auto zeroth = head(uid);
  const auto first = commit_to("main", {put("a", "1"), put("d/e/keep", "2")});
  const auto second = commit_to("main", {put_lfs("x/y/m.bin", "weights"), put("d/n", "3")});
  const auto third = add_signed(second);
  HistoryCopy copy(parts, writer, {oid(second, "x/y/m.bin")});
  CHECK(copy.add(first).error().code == Errc::internal);  // its parent did not come before
  CHECK(*copy.add(zeroth) == zeroth);
  CHECK(*copy.add(first) == first);
  const auto second_copy = copy.add(second);
  REQUIRE(second_copy);
  CHECK(*second_copy != second);
  CHECK(*copy.add(second) == *second_copy);
  const auto third_copy = copy.add(third);
  REQUIRE(third_copy);
  settle();
  auto wanted = commit_object(second);
  const auto made = commit_object(*second_copy);
  CHECK(made.tree != wanted.tree);
  wanted.tree = made.tree;
  CHECK(made == wanted);
  wanted = commit_object(third);
  wanted.tree = made.tree;
  wanted.parents = {*second_copy};
  wanted.extra_headers = "encoding ISO-8859-1\n";
  CHECK(commit_object(*third_copy) == wanted);
  const auto tree = objects.tree(made.tree);
  REQUIRE(tree);
  CHECK((*tree)->find("x") == nullptr);  // no empty folders stay
  CHECK((*tree)->find("d")->id == (*objects.tree(commit_object(second).tree))->find("d")->id);
}

TEST_CASE_METHOD(Fixture, "history copy: a tree that loses everything is the empty one",
                 "[storage][rewrite]") {
  // By hand: our own commits of LFS files bring .gitattributes.
  const auto pointer = oid(commit_to("main", {put_lfs("m.bin", "weights")}), "m.bin");
  const auto tree =
      writer.add(git::ObjectKind::tree, *git::serialize_tree({{git::mode_file, "m", pointer}}));
  REQUIRE(tree);
  auto all_lfs = commit_object(head(uid));
  all_lfs.tree = *tree;
  all_lfs.parents.clear();
  const auto object = writer.add(git::ObjectKind::commit, *git::serialize_commit(all_lfs));
  REQUIRE(object);
  settle();
  HistoryCopy copy(parts, writer, {pointer});
  const auto made = copy.add(CommitId{object->bytes});
  REQUIRE(made);
  settle();
  CHECK(commit_object(*made).tree.hex() == "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
}

TEST_CASE_METHOD(Fixture, "history copy: an annotated tag follows with its message",
                 "[storage][rewrite]") {
  const auto zeroth = head(uid);
  const auto first = commit_to("main", {put_lfs("m.bin", "weights"), put("a", "1")});
  git::GitTag tag;
  tag.object = git::to_git_id(first);
  tag.name = "v1";
  tag.tagger = git::Signature{"Ann", "ann@example.org", 7, "+0100"};
  tag.message = "First\n";
  const auto object = writer.add(git::ObjectKind::tag, *git::serialize_tag(tag));
  REQUIRE(object);
  settle();
  HistoryCopy copy(parts, writer, {oid(first, "m.bin")});
  REQUIRE(copy.add(zeroth));
  const auto moved_commit = copy.add(first);
  REQUIRE(moved_commit);
  const auto moved = copy.of({first, *object, TimeMs(5)});
  REQUIRE(moved);
  settle();
  CHECK(moved->target == *moved_commit);
  CHECK(moved->updated == TimeMs(5));
  tag.object = git::to_git_id(*moved_commit);
  const auto body =
      read_object(store->rows(), store->packs(), moved->tag_object, git::ObjectKind::tag);
  REQUIRE(body);
  CHECK(*git::parse_tag(*body) == tag);
  CHECK(*copy.of({zeroth, *object, TimeMs(5)}) == RefRow{zeroth, *object, TimeMs(5)});
  CHECK(copy.of({CommitId{}, {}, {}}).error().code == Errc::internal);
}

}  // namespace waag::storage
