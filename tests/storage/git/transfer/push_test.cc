#include "storage/git/transfer/push.h"

#include <catch2/catch.hpp>

#include "storage/git/transfer/push_check.h"
#include "storage/store.h"
#include "tests/storage/git/transfer/git_pack.h"
#include "tests/support/store_fixture.h"

using namespace waag;
using namespace waag::storage;
using git::ObjectKind;
using waag::testing::PackBuilder;
using waag::testing::StoreFixture;

namespace {

GitId blob_of(std::string_view text) { return git::blob_id(as_bytes(text)); }

/// A pack in the making, and what pushes of it are answered.
struct Pushes : StoreFixture {
  std::uint64_t uid = make_repo("repo");
  PackBuilder pack;

  GitId tree(std::vector<git::GitTreeEntry> entries) {
    auto body = git::serialize_tree(std::move(entries));
    REQUIRE(body);
    return pack.add(ObjectKind::tree, *body);
  }
  GitId file(std::string_view text) { return pack.add(ObjectKind::blob, text); }
  GitId commit_of(const GitId& root, std::vector<CommitId> parents) {
    git::GitCommit commit;
    commit.tree = root;
    commit.parents = std::move(parents);
    commit.author = {"Ann", "ann@example.org", 1'790'000'000, "+0100"};
    commit.committer = commit.author;
    commit.message = "pushed\n";
    const auto body = git::serialize_commit(commit);
    REQUIRE(body);
    return pack.add(ObjectKind::commit, *body);
  }
  /// A commit on top of main with one file of that mode and name.
  GitId one_file(const std::string& name, std::string_view text,
                 std::uint32_t mode = git::mode_file) {
    return commit_of(tree({{mode, name, file(text)}}), {head(uid)});
  }
  GitId tip() { return git::to_git_id(head(uid)); }

  struct Outcome {
    std::string error;  // of feed or check
    std::vector<git::RefReport> refs;
  };
  Outcome push(git::PushRequest request, const std::string& bytes) {
    PushOptions options;
    options.repo_uid = uid;
    options.user = "ann";
    options.blob_bytes_max = 1'000'000;
    auto made = store->git_push(options);
    REQUIRE(made);
    auto& push = **made;
    Outcome outcome;
    auto status = bytes.empty() ? ok() : push.feed(as_bytes(bytes));
    if (status) status = push.check(request);
    if (!status) {
      CHECK(status.error().code == Errc::unprocessable);
      outcome.error = status.error().what;
      return outcome;
    }
    pointers = push.pointers();
    auto reports = push.land(request);
    if (!reports) FAIL("land: " << reports.error().what);
    outcome.refs = *reports;
    return outcome;
  }
  Outcome push_main(const GitId& to) {
    git::PushRequest request;
    request.commands = {{tip(), to, "refs/heads/main"}};
    return push(std::move(request), pack.bytes());
  }
  void refused(const GitId& to, const std::string& word) {
    const auto before = head(uid);
    const auto outcome = push_main(to);
    CAPTURE(outcome.error, word);
    CHECK(outcome.error.find(word) != std::string::npos);
    CHECK(head(uid) == before);
  }
  void check_store() {
    const auto report = fsck(*store);
    REQUIRE(report);
    for (const auto& problem : report->problems) FAIL_CHECK(problem);
  }

  std::map<GitId, NamedPointer> pointers;
};

}  // namespace

TEST_CASE("push: what was pushed is there, also after a restart", "[storage][git]") {
  Pushes hub;
  const auto large = waag::testing::noise(3, 400'000);
  const auto inner = hub.tree({{git::mode_executable, "run.sh", hub.file("#!/bin/sh\n")}});
  const auto root = hub.tree({{git::mode_file, "large.txt", hub.file(large)},
                              {git::mode_file, "empty", hub.file("")},
                              {git::mode_directory, "bin", inner}});
  const auto first = hub.commit_of(root, {hub.head(hub.uid)});
  const auto second = hub.commit_of(inner, {CommitId{first.bytes}});
  const auto outcome = hub.push_main(second);
  CHECK(outcome.error.empty());
  REQUIRE(outcome.refs.size() == 1);
  CHECK(outcome.refs[0].reason.empty());
  hub.reopen();
  CHECK(hub.head(hub.uid) == CommitId{second.bytes});
  const auto files = hub.files_of(hub.uid, CommitId{first.bytes});
  CHECK(files == std::map<std::string, std::string>{
                     {"bin/run.sh", "#!/bin/sh\n"}, {"empty", ""}, {"large.txt", large}});
  CHECK(hub.snapshot(hub.uid, CommitId{first.bytes})->stat("bin/run.sh")->mode ==
        git::mode_executable);
  hub.check_store();
}

TEST_CASE("push: thin packs and objects that stay away", "[storage][git]") {
  Pushes hub;
  hub.commit(hub.uid, {hub.put("a.txt", "first"), hub.put("d/b.txt", "second")});
  const auto folder = hub.snapshot(hub.uid, hub.head(hub.uid))->stat("d")->oid;
  hub.pack.add_delta(blob_of("first"), PackBuilder::prepend("new ", 5));
  const auto root = hub.tree({{git::mode_file, "a.txt", blob_of("new first")},
                              {git::mode_file, "old.txt", blob_of("first")},
                              {git::mode_directory, "d", folder}});
  const auto commit = hub.commit_of(root, {hub.head(hub.uid)});
  CHECK(hub.push_main(commit).error.empty());
  CHECK(hub.files_of(hub.uid, hub.head(hub.uid)) ==
        std::map<std::string, std::string>{
            {"a.txt", "new first"}, {"d/b.txt", "second"}, {"old.txt", "first"}});
  hub.check_store();
}

TEST_CASE("push: objects of other repos grant nothing", "[storage][git]") {
  Pushes hub;
  const auto other = hub.make_repo("other");
  const auto secret = hub.commit(other, {hub.put("d/secret", "the secret")});
  const auto folder = hub.snapshot(other, secret)->stat("d")->oid;
  SECTION("a file") {
    const auto root = hub.tree({{git::mode_file, "x", blob_of("the secret")}});
    hub.refused(hub.commit_of(root, {hub.head(hub.uid)}), "missing object");
  }
  SECTION("a folder") {
    const auto root = hub.tree({{git::mode_directory, "x", folder}});
    hub.refused(hub.commit_of(root, {hub.head(hub.uid)}), "missing object");
  }
  SECTION("a commit's parent") {
    const auto root = hub.tree({{git::mode_file, "x", hub.file("x")}});
    hub.refused(hub.commit_of(root, {secret}), "missing commit");
  }
  SECTION("the commit itself") { hub.refused(git::to_git_id(secret), "missing object"); }
  SECTION("a delta that copies it") {
    hub.pack.add_delta(blob_of("the secret"), PackBuilder::prepend("!", 10));
    const auto root = hub.tree({{git::mode_file, "x", blob_of("!the secret")}});
    hub.refused(hub.commit_of(root, {hub.head(hub.uid)}), "no base");
  }
}

TEST_CASE("push: rules for what trees hold", "[storage][git]") {
  Pushes hub;
  SECTION("large files") {
    hub.refused(hub.one_file("big", std::string(1'000'001, 'b')), "\"big\" has 1000001 bytes");
  }
  SECTION("symlinks that leave the tree") {
    const auto deep = hub.tree({{git::mode_symlink, "up", hub.file("../../../x")}});
    const auto mid = hub.tree({{git::mode_directory, "d", deep}});
    hub.refused(hub.commit_of(hub.tree({{git::mode_directory, "c", mid}}), {hub.head(hub.uid)}),
                "c/d/up");
  }
  SECTION("absolute symlinks") {
    hub.refused(hub.one_file("abs", "/etc/passwd", git::mode_symlink), "leaves the tree");
  }
  SECTION("tags of files") {
    git::GitTag tag;
    tag.object = hub.file("x");
    tag.kind = ObjectKind::blob;
    tag.name = "t";
    hub.refused(hub.pack.add(ObjectKind::tag, *git::serialize_tag(tag)), "not of a commit");
  }
}

TEST_CASE("push: the shape of trees", "[storage][git]") {
  Pushes hub;
  SECTION("backslashes") { hub.refused(hub.one_file("a\\b", "x"), "backslash"); }
  SECTION("submodules") {
    const auto root = hub.tree({{git::mode_gitlink, "sub", blob_of("any")}});
    hub.refused(hub.commit_of(root, {hub.head(hub.uid)}), "submodules");
  }
  SECTION("a file that is a tree") {
    const auto inner = hub.tree({{git::mode_file, "x", hub.file("x")}});
    const auto root = hub.tree({{git::mode_file, "x", inner}});
    hub.refused(hub.commit_of(root, {hub.head(hub.uid)}), "is not a file");
  }
  SECTION("a folder of the repo as a file") {
    hub.commit(hub.uid, {hub.put("d/b.txt", "second")});
    const auto folder = hub.snapshot(hub.uid, hub.head(hub.uid))->stat("d")->oid;
    const auto root = hub.tree({{git::mode_file, "x", folder}});
    hub.refused(hub.commit_of(root, {hub.head(hub.uid)}), "not what its tree says");
  }
  SECTION("too deep a path") {
    auto at = hub.tree({{git::mode_file, "x", hub.file("x")}});
    for (int i = 0; i < 70; ++i) at = hub.tree({{git::mode_directory, "d", at}});
    hub.refused(hub.commit_of(at, {hub.head(hub.uid)}), "too deep");
  }
  SECTION("too deep a path by a folder that is there already") {
    auto at = hub.tree({{git::mode_file, "x", hub.file("x")}});
    for (int i = 0; i < 40; ++i) at = hub.tree({{git::mode_directory, "d", at}});
    REQUIRE(hub.push_main(hub.commit_of(at, {hub.head(hub.uid)})).error.empty());
    hub.pack = PackBuilder();
    for (int i = 0; i < 40; ++i) at = hub.tree({{git::mode_directory, "d", at}});
    hub.refused(hub.commit_of(at, {hub.head(hub.uid)}), "too deep");
  }
  SECTION("a symlink in a folder that is moved up") {
    const auto inner = hub.tree({{git::mode_symlink, "up", hub.file("../other")}});
    const auto root = hub.tree({{git::mode_directory, "d", inner}});
    REQUIRE(hub.push_main(hub.commit_of(root, {hub.head(hub.uid)})).error.empty());
    hub.pack = PackBuilder();
    hub.refused(hub.commit_of(inner, {hub.head(hub.uid)}), "leaves the tree");
  }
  SECTION("a few trees that name very many files") {
    std::vector<git::GitTreeEntry> entries;
    const auto text = hub.file("x");
    for (int i = 0; i < 100; ++i) entries.push_back({git::mode_file, std::to_string(i), text});
    auto at = hub.tree(entries);
    for (int level = 0; level < 4; ++level) {
      for (auto& entry : entries) {
        entry.mode = git::mode_directory;
        entry.id = at;
      }
      at = hub.tree(entries);
    }
    hub.refused(hub.commit_of(at, {hub.head(hub.uid)}), "too many files");
  }
}

TEST_CASE("push: symlinks", "[storage][git]") {
  CHECK(symlink_climb("a/b") == 0);
  CHECK(symlink_climb("a/../b") == 0);
  CHECK(symlink_climb("././/a/..") == 0);
  CHECK(symlink_climb("..") == 1);
  CHECK(symlink_climb("a/../../../b") == 2);
  CHECK(symlink_climb("/a") > 1000);
  Pushes hub;
  const auto inner = hub.tree({{git::mode_symlink, "up", hub.file("../other")}});
  const auto root = hub.tree({{git::mode_directory, "d", inner}});
  CHECK(hub.push_main(hub.commit_of(root, {hub.head(hub.uid)})).error.empty());
}

TEST_CASE("push: pointers are told to the caller and become LFS files", "[storage][git]") {
  Pushes hub;
  const auto oid = hub.ingest("weights");
  const auto text = lfs::serialize_pointer({oid, 7});
  const auto outcome = hub.push_main(hub.one_file("model.bin", text));
  CHECK(outcome.error.empty());
  REQUIRE(hub.pointers.size() == 1);
  CHECK(hub.pointers.begin()->second.path == "model.bin");
  CHECK(hub.pointers.begin()->second.pointer.oid == oid);
  CHECK(*hub.store->repo_has_blob(hub.uid, oid));
  CHECK(hub.files_of(hub.uid, hub.head(hub.uid)).at("model.bin") == "weights");
  hub.check_store();
}

TEST_CASE("push: refs", "[storage][git]") {
  Pushes hub;
  const auto commit = hub.one_file("x", "x");
  const auto bytes = hub.pack.bytes();
  git::PushRequest request;
  const auto reasons = [&](std::vector<git::RefCommand> commands) {
    request.commands = std::move(commands);
    const auto outcome = hub.push(request, request.brings_pack() ? bytes : "");
    CHECK(outcome.error.empty());
    std::vector<std::string> found;
    for (const auto& ref : outcome.refs) found.push_back(ref.reason.substr(0, 12));
    return found;
  };
  using Reasons = std::vector<std::string>;
  const GitId none;
  CHECK(reasons({{none, commit, "refs/heads/main"}}) == Reasons{"the ref was "});
  CHECK(reasons({{hub.tip(), none, "refs/heads/main"}}) == Reasons{"the main bra"});
  CHECK(reasons({{none, commit, "refs/pr/9"}}) == Reasons{"pull request"});
  CHECK(reasons({{none, commit, "refs/convert/x"}, {none, commit, "refs/heads/ok"}}) ==
        Reasons{"only branche", ""});
  CHECK(reasons({{commit, none, "refs/heads/gone"}}) == Reasons{"the ref does"});
  CHECK(reasons({{none, commit, "refs/heads/a"}, {none, commit, "refs/heads/a/b"}}) ==
        Reasons{"it is a fold", "it is a fold"});
  CHECK(reasons({{none, commit, "refs/heads/main/b"}}) == Reasons{"a folder of "});
  CHECK(reasons({{none, commit, "refs/heads/b..c"}}) == Reasons{"ref name: '."});
  request.atomic = true;
  CHECK(reasons({{none, commit, "refs/heads/one"}, {none, commit, "refs/heads/ok"}}) ==
        Reasons{"atomic push ", "the ref was "});
  CHECK_FALSE(*hub.store->find_ref(hub.uid, "refs/heads/one"));
  request.atomic = false;
  CHECK(reasons({{commit, none, "refs/heads/ok"}}) == Reasons{""});
  CHECK_FALSE(*hub.store->find_ref(hub.uid, "refs/heads/ok"));
  hub.check_store();
}

TEST_CASE("push: annotated tags are kept exactly", "[storage][git]") {
  Pushes hub;
  const auto commit = hub.one_file("x", "x");
  git::GitTag tag;
  tag.object = commit;
  tag.name = "v1";
  tag.message = "one\n";
  const auto inner = hub.pack.add(ObjectKind::tag, *git::serialize_tag(tag));
  tag.object = inner;
  tag.kind = ObjectKind::tag;
  const auto outer = hub.pack.add(ObjectKind::tag, *git::serialize_tag(tag));
  git::PushRequest request;
  request.commands = {{{}, outer, "refs/tags/v1"}, {{}, outer, "refs/heads/no"}};
  const auto outcome = hub.push(request, hub.pack.bytes());
  REQUIRE(outcome.refs.size() == 2);
  CHECK(outcome.refs[0].reason.empty());
  CHECK(outcome.refs[1].reason == "a branch must lead to a commit");
  const auto row = hub.store->find_ref(hub.uid, "refs/tags/v1");
  REQUIRE((row && *row));
  CHECK((*row)->tag_object == outer);
  CHECK((*row)->target == CommitId{commit.bytes});
  git::FetchRequest fetch;
  fetch.wants = {outer};
  CHECK((*(*hub.store->git_fetch(hub.uid, fetch))->pack())->objects() == 2 + 2 + 2 + 2);
  hub.check_store();
}

TEST_CASE("push: without its pack, or with a broken one", "[storage][git]") {
  Pushes hub;
  const auto commit = hub.one_file("x", "x");
  git::PushRequest request;
  request.commands = {{hub.tip(), commit, "refs/heads/main"}};
  const auto good = hub.pack.bytes();
  for (const auto& bytes : {std::string(), good.substr(0, 40), good + "x"})
    CHECK_FALSE(hub.push(request, bytes).error.empty());
  CHECK(hub.push(request, good).error.empty());
}
