#include "storage/git/mirror_push.h"

#include <catch2/catch.hpp>

#include "storage/git/transfer/push.h"
#include "storage/meta/keys.h"
#include "storage/store.h"
#include "tests/storage/git/transfer/git_pack.h"
#include "tests/support/store_fixture.h"

using namespace waag;
using namespace waag::storage;
using git::ObjectKind;
using waag::testing::PackBuilder;
using waag::testing::StoreFixture;

namespace {

using Refs = std::map<std::string, GitId>;

bool every(std::string_view) { return true; }

/// A repo that follows an upstream, of which it gets a pack.
struct Mirror : StoreFixture {
  std::uint64_t uid = make_repo("repo");
  PackBuilder pack;

  GitId tree(std::vector<git::GitTreeEntry> entries) {
    auto body = git::serialize_tree(std::move(entries));
    REQUIRE(body);
    return pack.add(ObjectKind::tree, *body);
  }
  GitId file(std::string_view text) { return pack.add(ObjectKind::blob, text); }
  GitId commit_of(const GitId& root, const std::vector<GitId>& parents = {}) {
    git::GitCommit commit;
    commit.tree = root;
    for (const auto& parent : parents) commit.parents.push_back(CommitId{parent.bytes});
    commit.author = {"Up", "up@example.org", 1'790'000'000, "+0000"};
    commit.committer = commit.author;
    commit.message = "upstream's\n";
    const auto body = git::serialize_commit(commit);
    REQUIRE(body);
    return pack.add(ObjectKind::commit, *body);
  }
  GitId one_file(const std::string& name, std::string_view text) {
    return commit_of(tree({{git::mode_file, name, file(text)}}));
  }

  std::unique_ptr<GitPush> open_push() {
    PushOptions options;
    options.repo_uid = uid;
    options.user = "mirror";
    options.mirror = true;
    auto made = store->git_push(options);
    REQUIRE(made);
    return *std::move(made);
  }
  MirrorPlan plan(const Refs& wanted) {
    auto made = open_push()->plan(wanted, every);
    REQUIRE(made);
    return *std::move(made);
  }
  /// name -> why it was refused; "" alone: an error of all, which stands behind it
  std::map<std::string, std::string> follow(const Refs& wanted, bool with_pack = true) {
    const auto push = open_push();
    auto made = push->plan(wanted, every);
    REQUIRE(made);
    auto status = with_pack ? push->feed(as_bytes(pack.bytes())) : ok();
    if (status) status = push->check(made->request);
    if (!status) {
      CHECK(status.error().code == Errc::unprocessable);
      return {{"", status.error().what}};
    }
    auto reports = push->land(made->request);
    if (!reports) FAIL("land: " << reports.error().what);
    std::map<std::string, std::string> refused;
    for (const auto& report : *reports)
      if (!report.reason.empty()) refused[report.name] = report.reason;
    return refused;
  }
  void follows(const Refs& wanted, bool with_pack = true) {
    for (const auto& [name, reason] : follow(wanted, with_pack)) FAIL(name << ": " << reason);
    CHECK(refs() == wanted);
  }
  Refs refs() {
    auto list = store->list_refs(uid);
    REQUIRE(list);
    Refs found;
    for (const auto& ref : *list) {
      const auto& tag = ref.row.tag_object;
      found[ref.name] = tag.is_zero() ? git::to_git_id(ref.row.target) : tag;
    }
    return found;
  }
  void check_store() {
    const auto report = fsck(*store);
    REQUIRE(report);
    for (const auto& problem : report->problems) FAIL_CHECK(problem);
  }
};

const std::string main_ref = "refs/heads/main";

}  // namespace

TEST_CASE("mirror_push: refs of every kind come, move and go", "[storage][git]") {
  Mirror hub;
  const auto one = hub.one_file("a", "one");
  const auto two = hub.one_file("a", "two");
  hub.follows({{main_ref, one},
               {"refs/convert/parquet", two},
               {"refs/pr/7", two},
               {"refs/heads/dev", one},
               {"refs/tags/v1", one}});
  CHECK(hub.files_of(hub.uid, hub.head(hub.uid)).at("a") == "one");
  // Without a pack: all is here.
  hub.follows({{main_ref, two}, {"refs/heads/dev/x", one}, {"refs/pr/7", one}}, false);
  hub.follows({{main_ref, two}, {"refs/heads/dev", two}}, false);
  hub.check_store();
  hub.reopen();
  CHECK(hub.refs() == Refs{{main_ref, two}, {"refs/heads/dev", two}});
  CHECK(hub.plan(hub.refs()).request.commands.empty());
  CHECK(hub.follow({{"refs/heads/dev", one}}, false).empty());
  CHECK(hub.refs() == Refs{{main_ref, two}, {"refs/heads/dev", one}});  // main stays
}

TEST_CASE("mirror_push: only what is selected is deleted", "[storage][git]") {
  Mirror hub;
  const auto one = hub.one_file("a", "one");
  hub.follows({{main_ref, one}, {"refs/pr/1", one}, {"refs/heads/old", one}});
  const auto branches = [](std::string_view name) { return name.starts_with("refs/heads/"); };
  const auto push = hub.open_push();
  const auto plan = push->plan({{main_ref, one}}, branches);
  REQUIRE(plan);
  REQUIRE(plan->request.commands.size() == 1);
  CHECK(plan->request.commands[0].name == "refs/heads/old");
  CHECK(plan->request.commands[0].deletes());
  CHECK(plan->wants.empty());
}

TEST_CASE("mirror_push: refs that a mirror does not have", "[storage][git]") {
  Mirror hub;
  CHECK(is_mirrored_ref("refs/convert/parquet"));
  CHECK_FALSE(is_mirrored_ref("refs/notes/commits"));
  CHECK_FALSE(is_mirrored_ref("HEAD"));
  const auto one = hub.one_file("a", "one");
  const auto refused =
      hub.follow({{main_ref, one}, {"refs/notes/x", one}, {"refs/heads/HEAD", one}});
  CHECK(refused.size() == 2);
  CHECK(hub.refs() == Refs{{main_ref, one}});
}

TEST_CASE("mirror_push: submodules stay entries", "[storage][git]") {
  Mirror hub;
  const auto module = git::blob_id(as_bytes(std::string_view("some commit elsewhere")));
  const auto folder = hub.tree({{git::mode_gitlink, "deep", module}});
  const auto root = hub.tree({{git::mode_gitlink, "module", module},
                              {git::mode_file, "a", hub.file("a")},
                              {git::mode_directory, "d", folder}});
  const auto tip = hub.commit_of(root);
  hub.follows({{main_ref, tip}});
  const auto snapshot = hub.snapshot(hub.uid, hub.head(hub.uid));
  const auto entry = snapshot->stat("module");
  REQUIRE(entry);
  CHECK(entry->mode == git::mode_gitlink);
  CHECK(entry->oid == module);
  const auto entries = snapshot->list("", true, "", 0);
  REQUIRE(entries);
  CHECK(entries->size() == 4);
  CHECK(hub.store->open_git_blob(module).error().code == Errc::not_found);
  git::FetchRequest fetch;
  fetch.wants = {tip};
  CHECK((*(*hub.store->git_fetch(hub.uid, fetch))->pack())->objects() == 4);
  // A commit on top keeps it.
  hub.commit(hub.uid, {hub.put("d/b", "b")});
  CHECK(hub.snapshot(hub.uid, hub.head(hub.uid))->stat("d/deep")->oid == module);
  REQUIRE(hub.store->repo_usage(hub.uid, std::nullopt));
  hub.check_store();
}

TEST_CASE("mirror_push: LFS files that are not here", "[storage][git]") {
  Mirror hub;
  const auto oid = sha256(as_bytes(std::string_view("far away")));
  const auto tip = hub.one_file("model.bin", lfs::serialize_pointer({oid, 8}));
  hub.follows({{main_ref, tip}});
  const auto entry = hub.snapshot(hub.uid, hub.head(hub.uid))->stat("model.bin");
  REQUIRE(entry);
  REQUIRE(entry->lfs);
  CHECK(entry->lfs->id == oid);
  CHECK(entry->size_bytes == 8);
  // Nobody has shown the file yet, so naming it grants nothing.
  CHECK(hub.store->linked_blobs(hub.uid)->empty());
  CHECK_FALSE(*hub.store->repo_has_blob(hub.uid, oid));
  CHECK_FALSE(*hub.store->blob_size(oid));
  CHECK(hub.store->open_blob(oid).error().code == Errc::not_found);
  hub.ingest("far away");
  CHECK_FALSE(*hub.store->repo_has_blob(hub.uid, oid));
  REQUIRE(hub.store->rows().apply(Mirrors::proof(hub.uid, oid)));
  CHECK(hub.files_of(hub.uid, hub.head(hub.uid)).at("model.bin") == "far away");
  hub.check_store();
}

TEST_CASE("mirror_push: a pointer that lies about a file that is here", "[storage][git]") {
  Mirror hub;
  const auto text = lfs::serialize_pointer({hub.ingest("weights"), 8});
  hub.follows({{main_ref, hub.one_file("model.bin", text)}});
  CHECK(hub.files_of(hub.uid, hub.head(hub.uid)).at("model.bin") == text);
  CHECK(hub.store->linked_blobs(hub.uid)->empty());
  hub.check_store();
}

TEST_CASE("mirror_push: regular files of any size", "[storage][git]") {
  Mirror hub;
  const std::string large(push_object_bytes_max + 1'000, 'l');
  hub.follows({{main_ref, hub.one_file("large.txt", large)}});
  CHECK(hub.files_of(hub.uid, hub.head(hub.uid)).at("large.txt") == large);
  hub.check_store();
}

TEST_CASE("mirror_push: a tip that breaks a rule is left out", "[storage][git]") {
  Mirror hub;
  const auto good = hub.one_file("a", "good");
  const auto bad = hub.one_file("a\\b", "bad");
  const auto after = hub.commit_of(hub.tree({{git::mode_file, "a", hub.file("after")}}), {bad});
  git::GitTag tag;
  tag.object = hub.file("x");
  tag.kind = ObjectKind::blob;
  tag.name = "of-a-file";
  const auto of_file = hub.pack.add(ObjectKind::tag, *git::serialize_tag(tag));
  const auto refused = hub.follow({{main_ref, good},
                                   {"refs/pr/1", bad},
                                   {"refs/pr/2", after},
                                   {"refs/pr/3", good},
                                   {"refs/tags/of-a-file", of_file}});
  REQUIRE(refused.size() == 3);
  CHECK(refused.at("refs/pr/1").find("backslash") != std::string::npos);
  CHECK(refused.contains("refs/pr/2"));
  CHECK(refused.at("refs/tags/of-a-file").find("not of a commit") != std::string::npos);
  CHECK(hub.refs() == Refs{{main_ref, good}, {"refs/pr/3", good}});
  hub.check_store();
}

TEST_CASE("mirror_push: a missing object stops everything", "[storage][git]") {
  Mirror hub;
  const auto before = hub.refs();
  const auto other = hub.make_repo("other");
  hub.commit(other, {hub.put("secret", "the secret")});
  const auto secret = git::blob_id(as_bytes(std::string_view("the secret")));
  const auto good = hub.one_file("a", "good");
  GitId bad;
  SECTION("a file of another repo") {
    bad = hub.commit_of(hub.tree({{git::mode_file, "x", secret}}));
  }
  SECTION("a tip of another repo") { bad = git::to_git_id(hub.head(other)); }
  SECTION("a parent") {
    bad = hub.commit_of(hub.tree({{git::mode_file, "x", hub.file("x")}}), {secret});
  }
  const auto refused = hub.follow({{main_ref, good}, {"refs/pr/1", bad}});
  REQUIRE(refused.contains(""));
  CHECK(refused.at("").find("missing") != std::string::npos);
  CHECK(hub.refs() == before);
  CHECK_FALSE(hub.store->resolve(hub.uid, good.hex()));
  hub.check_store();
}

TEST_CASE("mirror_push: what an upstream only told of is not held", "[storage][git]") {
  Mirror hub;
  const auto text = hub.file("a");
  const auto tip = hub.commit_of(hub.tree({{git::mode_file, "a", text}}));
  const CommitId commit{tip.bytes};
  Transaction told;
  told.puts.push_back({keys::claimed_commit(commit), "told"});
  told.puts.push_back({keys::listed_size(text), "1"});
  RefTable::add_commit(told, hub.uid, commit);
  REQUIRE(hub.store->rows().apply(std::move(told)));
  CHECK_FALSE(*hub.open_push()->holds(commit));
  CHECK(hub.plan({{main_ref, tip}}).wants == std::vector{tip});
  CHECK(hub.follow({{main_ref, tip}}, false).contains(""));
  hub.follows({{main_ref, tip}});
  CHECK(*hub.open_push()->holds(commit));
  CHECK_FALSE(*hub.store->rows().get(keys::claimed_commit(commit)));
  CHECK_FALSE(*hub.store->rows().get(keys::listed_size(text)));
  // The ref is right already, its history is not here: it is fetched all the same.
  Transaction again;
  again.puts.push_back({keys::claimed_commit(commit), "told"});
  REQUIRE(hub.store->rows().apply(std::move(again)));
  const auto plan = hub.plan({{main_ref, tip}});
  CHECK(plan.wants == std::vector{tip});
  CHECK(plan.request.commands.size() == 1);
  hub.follows({{main_ref, tip}});
  CHECK(hub.plan({{main_ref, tip}}).request.commands.empty());
  hub.check_store();
}
