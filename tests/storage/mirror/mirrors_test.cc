#include "storage/mirror/mirrors.h"

#include "storage/git/commit_object.h"
#include "storage/meta/keys.h"
#include "storage/meta/tables/table.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {
namespace {

constexpr std::string_view hub = "https://hub.example";

struct MirrorFixture : testing::StoreFixture {
  static ListedFile file(const std::string& path, const std::string& content) {
    ListedFile listed;
    listed.path = path;
    listed.oid = git::object_id(git::ObjectKind::blob, as_bytes(content));
    listed.size_bytes = content.size();
    return listed;
  }
  static ListedFile lfs_file(const std::string& path, const std::string& content) {
    ListedFile listed;
    listed.path = path;
    listed.lfs = sha256(as_bytes(content));
    listed.size_bytes = content.size();
    const auto pointer = lfs::serialize_pointer({*listed.lfs, content.size()});
    listed.oid = git::object_id(git::ObjectKind::blob, as_bytes(pointer));
    return listed;
  }
  static Listing listing(char commit, std::vector<ListedFile> files) {
    Listing listed;
    listed.upstream = hub;
    listed.name = "Qwen/Tiny";
    listed.ref = "refs/heads/main";
    listed.commit.bytes.fill(static_cast<std::byte>(commit));
    listed.date = TimeMs(1'700'000'000'000);
    listed.author = "qwen";
    listed.title = "upload";
    listed.files = std::move(files);
    return listed;
  }
  static NewMirror tiny() {
    NewMirror repo;
    repo.id = {RepoType::model, "Qwen", "Tiny"};
    return repo;
  }
  RepoRow imported(const Listing& listed) {
    auto row = store->mirrors().import(tiny(), listed);
    if (!row) FAIL("import: " << row.error().what);
    return *row;
  }
  void bring(std::uint64_t uid, const std::string& content) {
    const auto id = git::object_id(git::ObjectKind::blob, as_bytes(content));
    const auto feed = [&](StagedFile& staged) { return staged.write(as_bytes(content)); };
    const auto put = store->mirrors().put_file(uid, id, feed);
    if (!put) FAIL(put.error().what);
  }
  void check_whole() {
    const auto report = fsck(*store);
    REQUIRE(report);
    for (const auto& problem : report->problems) FAIL_CHECK(problem);
  }
};

}  // namespace

TEST_CASE_METHOD(MirrorFixture, "mirrors: trees are here before their bytes", "[storage][mirror]") {
  const std::string weights(300'000, 'w');
  const auto row = imported(listing('1', {file("config.json", "{}"), file("a/b/c.txt", "deep"),
                                          lfs_file("model.safetensors", weights)}));
  CHECK(row.mirrored);
  CHECK(store->find_repo(tiny().id)->mirrored);
  const auto mirror = store->mirrors().find(row.uid);
  REQUIRE((mirror && *mirror));
  CHECK((*mirror)->upstream == hub);
  const auto id = store->resolve(row.uid, "main");
  REQUIRE(id);
  const auto files = snapshot(row.uid, *id);
  CHECK(files->commit().message == "upload");
  const auto entries = files->list("", true, "", 0);
  REQUIRE(entries);
  REQUIRE(entries->size() == 5);
  CHECK(files->stat("config.json")->size_bytes == 2);
  CHECK(files->stat("model.safetensors")->size_bytes == weights.size());
  CHECK(files->stat("model.safetensors")->lfs->id == sha256(as_bytes(weights)));
  CHECK_FALSE(store->open_git_blob(files->stat("config.json")->oid));
  CHECK(store->history(row.uid, *id, 0, 10)->size() == 1);
  check_whole();

  bring(row.uid, "{}");
  CHECK(read(*files->stat("config.json")) == "{}");
  reopen();
  check_whole();
  CHECK(*store->mirrors().may_show(row.uid, file("", "{}").oid));
  CHECK_FALSE(*store->mirrors().may_show(row.uid, file("", "deep").oid));
}

TEST_CASE_METHOD(MirrorFixture, "mirrors: a hash that others hold is shown once it was sent",
                 "[storage][mirror]") {
  const std::string secret(200'000, 's');
  NewRepo hidden;
  hidden.id = {RepoType::model, "acme", "hidden"};
  hidden.visibility = Visibility::closed;
  hidden.creator = "ann";
  const auto owner = store->create_repo(hidden);
  REQUIRE(owner);
  ingest(secret);
  REQUIRE(store->rows().apply(Mirrors::proof(owner->uid, sha256(as_bytes(secret)))));
  stage("small secret");

  const auto row =
      imported(listing('1', {file("small.txt", "small secret"), lfs_file("big.bin", secret)}));
  auto& mirrors = store->mirrors();
  CHECK_FALSE(*mirrors.may_show(row.uid, sha256(as_bytes(secret))));
  CHECK_FALSE(*mirrors.may_show(row.uid, file("", "small secret").oid));
  bring(row.uid, "small secret");
  CHECK(*mirrors.may_show(row.uid, file("", "small secret").oid));
  SECTION("its own upstream sends it") {
    auto again = store->ingest();
    REQUIRE((*again)->write(as_bytes(secret)));
    REQUIRE((*again)->finish({}, Mirrors::proof(row.uid, sha256(as_bytes(secret)))));
    CHECK(*mirrors.may_show(row.uid, sha256(as_bytes(secret))));
  }
  SECTION("everybody may read it anyway") {
    RepoSettings open;
    open.visibility = Visibility::open;
    REQUIRE(store->change_repo(owner->uid, open));
    CHECK(*mirrors.may_show(row.uid, sha256(as_bytes(secret))));
    RepoSettings closed;
    closed.visibility = Visibility::closed;
    REQUIRE(store->change_repo(owner->uid, closed));
    CHECK(*mirrors.may_show(row.uid, sha256(as_bytes(secret))));  // it was open to all
  }
  SECTION("a gated repo is not open") {
    RepoSettings gated;
    gated.visibility = Visibility::open;
    gated.gate = Gate::manual;
    REQUIRE(store->change_repo(owner->uid, gated));
    CHECK_FALSE(*mirrors.may_show(row.uid, sha256(as_bytes(secret))));
  }
  check_whole();
}

TEST_CASE_METHOD(MirrorFixture, "mirrors: a new revision leaves what is proven",
                 "[storage][mirror]") {
  const auto row = imported(listing('1', {file("a.txt", "one"), file("b.txt", "two")}));
  bring(row.uid, "one");
  imported(listing('2', {file("a.txt", "one"), file("b.txt", "new")}));
  auto& mirrors = store->mirrors();
  CHECK(*mirrors.may_show(row.uid, file("", "one").oid));
  CHECK_FALSE(*mirrors.may_show(row.uid, file("", "new").oid));
  // The old one stays readable by its id.
  CHECK(snapshot(row.uid, listing('1', {}).commit)->stat("b.txt")->oid == file("", "two").oid);
  CHECK(*store->resolve(row.uid, "main") == listing('2', {}).commit);
  // Back, as after a forced push.
  imported(listing('1', {file("a.txt", "one"), file("b.txt", "two")}));
  CHECK(*store->resolve(row.uid, "main") == listing('1', {}).commit);
  REQUIRE(mirrors.move_ref(row.uid, "refs/heads/main", std::nullopt));
  CHECK(store->resolve(row.uid, "main").error().code == Errc::revision_not_found);
  CHECK(snapshot(row.uid, listing('2', {}).commit)->stat("b.txt"));
  CHECK(mirrors.move_ref(row.uid, "refs/heads/x", listing('9', {}).commit).error().code ==
        Errc::revision_not_found);
  check_whole();
}

TEST_CASE_METHOD(MirrorFixture, "mirrors: what contradicts itself or what is here is refused",
                 "[storage][mirror]") {
  auto& mirrors = store->mirrors();
  make_repo("own");
  NewMirror own;
  own.id = {RepoType::model, "Acme", "own"};
  CHECK(mirrors.import(own, listing('1', {file("a", "x")})).error().code == Errc::conflict);

  auto lying = lfs_file("w.bin", "weights");
  lying.size_bytes += 1;
  CHECK(mirrors.import(tiny(), listing('1', {lying})).error().code == Errc::unprocessable);
  lying = lfs_file("w.bin", "weights");
  lying.oid = file("", "other").oid;
  CHECK(mirrors.import(tiny(), listing('1', {lying})).error().code == Errc::unprocessable);
  CHECK(mirrors.import(tiny(), listing('1', {file("a", "x"), file("a/b", "y")})).error().code ==
        Errc::unprocessable);
  CHECK(store->find_repo(tiny().id).error().code == Errc::repo_not_found);

  const auto row = imported(listing('1', {file("a", "x")}));
  CHECK(mirrors.import(tiny(), listing('1', {file("a", "x")})));
  auto elsewhere = listing('2', {file("a", "x")});
  elsewhere.upstream = "https://other.example";
  CHECK(mirrors.import(tiny(), elsewhere).error().code == Errc::conflict);
  NewMirror twin;
  twin.id = {RepoType::model, "Qwen", "Twin"};
  CHECK(mirrors.import(twin, listing('1', {file("a", "other")})).error().code ==
        Errc::unprocessable);
  const auto id = file("", "x").oid;
  const auto feed = [](StagedFile& staged) { return staged.write(as_bytes("y")); };
  CHECK(mirrors.put_file(row.uid, id, feed).error().code == Errc::unprocessable);
  CHECK_FALSE(*mirrors.may_show(row.uid, id));
  check_whole();
}

TEST_CASE_METHOD(MirrorFixture, "mirrors: a pointer of another spelling is kept as it is",
                 "[storage][mirror]") {
  auto odd = lfs_file("w.bin", "weights");
  odd.pointer = lfs::serialize_pointer({*odd.lfs, odd.size_bytes});
  odd.pointer.pop_back();  // no newline at the end
  odd.oid = git::object_id(git::ObjectKind::blob, as_bytes(odd.pointer));
  const auto row = imported(listing('1', {odd}));
  const auto entry = snapshot(row.uid, listing('1', {}).commit)->stat("w.bin");
  REQUIRE(entry);
  CHECK(entry->lfs->pointer_bytes == odd.pointer.size());
  check_whole();
}

TEST_CASE_METHOD(MirrorFixture, "mirrors: proven by git, gone, deleted", "[storage][mirror]") {
  auto listed = listing('1', {file("a.txt", "one"), file("b.txt", "two")});
  NewCommit commit;
  const auto tree = git::serialize_tree({{git::mode_file, "a.txt", listed.files[0].oid},
                                         {git::mode_file, "b.txt", listed.files[1].oid}});
  commit.tree = git::tree_id(as_bytes(*tree));
  commit.author_name = "Ann";
  commit.message = "real";
  const auto area = store->staging_area();
  listed.commit = *add_commit_object(area->objects(), commit);
  const auto row = imported(listed);
  auto& mirrors = store->mirrors();
  REQUIRE(mirrors.set_proven(row.uid));  // an upstream's word is no proof
  CHECK_FALSE((*mirrors.find(row.uid))->proven);
  CHECK_FALSE(*mirrors.may_show(row.uid, file("", "two").oid));
  CHECK(snapshot(row.uid, listed.commit)->commit().message == "upload");
  stage(*area, "one");
  stage(*area, "two");
  Transaction history;
  REQUIRE(area->settle(history));
  REQUIRE(store->rows().apply(std::move(history)));
  REQUIRE(mirrors.set_proven(row.uid));
  CHECK(*mirrors.may_show(row.uid, file("", "two").oid));
  CHECK(snapshot(row.uid, listed.commit)->commit().message == "real");
  CHECK(store->find_moved_repo({RepoType::model, "Qwen", "Small"}).error().code ==
        Errc::repo_not_found);
  REQUIRE(mirrors.add_alias(row.uid, {RepoType::model, "Qwen", "Small"}));
  REQUIRE(mirrors.add_alias(row.uid, {RepoType::model, "Qwen", "Small"}));
  CHECK(store->find_moved_repo({RepoType::model, "qwen", "small"})->uid == row.uid);
  REQUIRE(mirrors.change(row.uid, [](MirrorRow& changed) { changed.gone = TimeMs(77); }));
  CHECK((*mirrors.find(row.uid))->gone == TimeMs(77));
  CHECK((*mirrors.find(row.uid))->proven);
  CHECK(mirrors.list()->size() == 1);
  REQUIRE(store->delete_repo(row.uid, "root"));
  CHECK(mirrors.list()->empty());
  CHECK(mirrors.change(row.uid, [](MirrorRow&) {}).error().code == Errc::not_found);
  check_whole();
}

TEST_CASE_METHOD(MirrorFixture, "mirrors: where a ref has led since its history came",
                 "[storage][mirror]") {
  auto& mirrors = store->mirrors();
  const auto area = store->staging_area();
  NewCommit commit;
  commit.tree = git::tree_id({});
  commit.message = "real";
  auto listed = listing('1', {});
  const auto uid = imported(listed).uid;
  listed.commit = *add_commit_object(area->objects(), commit);
  imported(listed);
  const auto on_main = [&] { return *mirrors.led_to(uid, "refs/heads/main"); };
  const auto one = listing('1', {}).commit, two = listing('2', {}).commit;
  CHECK(on_main() == std::vector{one, listed.commit});  // all of it is only told of
  CHECK_FALSE(*mirrors.holds(uid, listed.commit));
  CHECK(mirrors.led_to(uid, "refs/heads/none")->empty());
  REQUIRE(area->objects().add(git::ObjectKind::tree, ""));
  Transaction history;
  REQUIRE(area->settle(history));
  history.dels.push_back(keys::claimed_commit(listed.commit));
  REQUIRE(store->rows().apply(std::move(history)));
  CHECK(*mirrors.holds(uid, listed.commit));
  CHECK(on_main() == std::vector{listed.commit});
  REQUIRE(mirrors.move_ref(uid, "refs/heads/main", std::nullopt));
  imported(listing('2', {}));
  CHECK(on_main() == std::vector{listed.commit, two});
}

}  // namespace waag::storage
