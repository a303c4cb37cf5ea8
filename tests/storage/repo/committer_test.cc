#include "storage/repo/committer.h"

#include <thread>

#include "protocol/git/object.h"
#include "protocol/lfs/pointer.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {
namespace {

using testing::noise;
using Files = std::map<std::string, std::string>;

struct Fixture : testing::StoreFixture {
  std::uint64_t uid = make_repo("tiny");
};

}  // namespace

TEST_CASE_METHOD(Fixture, "commit: puts, replaces and removes files in order",
                 "[storage][commit]") {
  const auto large = noise(3, 300'000);
  auto id = commit(uid, {put("a.txt", "one"), put("d/e/f.txt", "two"), put("empty", ""),
                         put_lfs("w/model.bin", large), put("big.json", large)});
  CHECK(files_of(uid, id) == Files{{"a.txt", "one"},
                                   {"d/e/f.txt", "two"},
                                   {"empty", ""},
                                   {"w/model.bin", large},
                                   {"big.json", large}});
  id = commit(uid, {put("a.txt", "three"), remove("d/e/f.txt"), remove_folder("w/")});
  CHECK(files_of(uid, id) == Files{{"a.txt", "three"}, {"empty", ""}, {"big.json", large}});
  CHECK(snapshot(uid, id)->stat("d").error().code == Errc::entry_not_found);
  CHECK(head(uid) == id);

  // In order: what a change removed may come back as something else, and the last put wins.
  id = commit(uid, {remove("a.txt"), put("a.txt/b", "x"), put("z", "1"), put("z", "2")});
  CHECK(files_of(uid, id) ==
        Files{{"a.txt/b", "x"}, {"z", "2"}, {"empty", ""}, {"big.json", large}});
  id = commit(uid, {remove("a.txt/b"), put("a.txt", "y")});
  CHECK(files_of(uid, id)["a.txt"] == "y");
  id = commit(uid, {put("q/r/s", "1"), remove("q")});  // a folder named as a file
  CHECK_FALSE(files_of(uid, id).contains("q/r/s"));
}

TEST_CASE_METHOD(Fixture, "commit: LFS files that no rule covers get one", "[storage][commit]") {
  const auto rules = [&] { return read(*snapshot(uid, head(uid))->stat(".gitattributes")); };
  const auto before = rules();
  commit(uid, {put_lfs("a.bin", "covered"), put("b.txt", "regular")});
  CHECK(rules() == before);
  commit(uid, {put_lfs("d/c.txt", "not covered")});
  const std::string line = "/d/c.txt filter=lfs diff=lfs merge=lfs -text\n";
  CHECK(rules() == before + line);
  commit(uid, {put_lfs("d/c.txt", "by its own rule")});
  CHECK(rules() == before + line);
  // Rules that come with the files count already.
  commit(uid,
         {put(".gitattributes", "*.dat filter=lfs"), put_lfs("e.dat", "1"), put_lfs("f.txt", "2")});
  CHECK(rules() == "*.dat filter=lfs\n/f.txt filter=lfs diff=lfs merge=lfs -text\n");
  commit(uid, {remove(".gitattributes"), put_lfs("g.txt", "3")});
  CHECK(rules() == "/g.txt filter=lfs diff=lfs merge=lfs -text\n");
  commit(uid, {remove(".gitattributes"), put(".gitattributes/x", "a folder")});
  commit(uid, {put_lfs("h.txt", "4")});
  CHECK(files_of(uid, head(uid)).at("h.txt") == "4");
}

TEST_CASE_METHOD(Fixture, "commit: what it says about itself", "[storage][commit]") {
  const auto first = head(uid);
  clock.advance(std::chrono::seconds(90));
  const auto id = commit(uid, {});
  CHECK(id != first);  // no change still makes a commit
  const auto& info = snapshot(uid, id)->commit();
  CHECK(info.id == id);
  CHECK(info.parents == std::vector{first});
  CHECK(info.author_name == "Ann");
  CHECK(info.author_email == "ann@example.org");
  CHECK(info.message == "Change files");
  CHECK(info.date == std::chrono::floor<std::chrono::seconds>(clock.now()));
  CHECK(info.tree == snapshot(uid, first)->commit().tree);

  auto odd = request(uid, {});
  odd.author_name = "  A<n>n\n";
  odd.author_email = "a>b\n";
  odd.message = "odd";
  odd.date = std::chrono::milliseconds(1'234'567'890'999);
  const auto outcome = store->commit(odd);
  REQUIRE(outcome);
  const auto& odd_info = snapshot(uid, outcome->commit)->commit();
  CHECK(odd_info.author_name == "Ann");
  CHECK(odd_info.author_email == "ab");
  CHECK(odd_info.date == std::chrono::seconds(1'234'567'890));
  odd.message = std::string("a\0b", 3);
  CHECK(store->commit(odd).error().code == Errc::unprocessable);
}

TEST_CASE_METHOD(Fixture, "commit: refusals leave the head alone", "[storage][commit]") {
  commit(uid, {put("a", "1"), put("d/x", "2")});
  const auto before = head(uid);
  SECTION("delete of what is not there") {
    CHECK(commit_error(uid, {remove("b")}) == Errc::entry_not_found);
    CHECK(commit_error(uid, {remove("d/y")}) == Errc::entry_not_found);
    CHECK(commit_error(uid, {remove("a/b")}) == Errc::entry_not_found);
    CHECK(commit_error(uid, {remove_folder("a")}) == Errc::entry_not_found);
    CHECK(commit_error(uid, {remove_folder("e")}) == Errc::entry_not_found);
    CHECK(commit_error(uid, {remove("a"), remove("a")}) == Errc::entry_not_found);
  }
  SECTION("a file and a directory of one name") {
    CHECK(commit_error(uid, {put("a/b", "3")}) == Errc::unprocessable);
    CHECK(commit_error(uid, {put("d", "3")}) == Errc::unprocessable);
    CHECK(commit_error(uid, {put("n", "3"), put("n/m", "4")}) == Errc::unprocessable);
  }
  SECTION("blobs that are not there") {
    Change unknown = put("u", "known");
    unknown.blob.bytes.fill(std::byte{0x11});
    CHECK(commit_error(uid, {unknown}) == Errc::invalid_argument);
    Change one = put_lfs("one", "x");
    Change two = one;
    one.lfs.bytes.fill(std::byte{1});
    two.lfs.bytes.fill(std::byte{2});
    const auto refused = store->commit(request(uid, {one, two}));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::invalid_argument);
    CHECK(refused.error().what.find(one.lfs.hex()) != std::string::npos);
    CHECK(refused.error().what.find(two.lfs.hex()) != std::string::npos);
    Change tree = put("t", "x");
    tree.blob = snapshot(uid, before)->commit().tree;
    CHECK(commit_error(uid, {tree}) == Errc::invalid_argument);
  }
  SECTION("a wrong size of an LFS file") {
    auto wrong = put_lfs("w.bin", "twelve bytes");
    wrong.lfs_size = 13;
    CHECK(commit_error(uid, {wrong}) == Errc::unprocessable);
    wrong.lfs_size.reset();  // copies carry none
    wrong.path = "copy.bin";
    const auto id = commit(uid, {wrong});
    CHECK(snapshot(uid, id)->stat("copy.bin")->size_bytes == 12);
    return;
  }
  SECTION("refs") {
    auto made = request(uid, {put("n", "1")});
    made.ref = "refs/heads/none";
    CHECK(store->commit(made).error().code == Errc::revision_not_found);
    made.ref = "refs/tags/v1";
    CHECK(store->commit(made).error().code == Errc::invalid_argument);
    made.ref = "main";
    CHECK(store->commit(made).error().code == Errc::invalid_argument);
    made.repo_uid = 999;
    made.ref = "refs/heads/main";
    CHECK(store->commit(made).error().code == Errc::repo_not_found);
  }
  CHECK(head(uid) == before);
}

TEST_CASE_METHOD(Fixture, "commit: paths that no tree may hold", "[storage][commit]") {
  commit(uid, {put("a", "1")});
  const auto before = head(uid);
  const std::vector<std::string> bad{"",
                                     "/a",
                                     "a/",
                                     "a//b",
                                     ".",
                                     "..",
                                     "a/..",
                                     "./a",
                                     ".git/x",
                                     "a/.GIT",
                                     "a\\b",
                                     "a\nb",
                                     "a\x7f",
                                     "\xff",
                                     std::string("a\0b", 3),
                                     std::string(1025, 'a')};
  for (const auto& path : bad) {
    CAPTURE(path);
    CHECK(commit_error(uid, {put(path, "x")}) == Errc::unprocessable);
    CHECK(commit_error(uid, {remove(path)}) == Errc::unprocessable);
  }
  std::string deep = "a";
  for (int i = 0; i < 64; ++i) deep += "/a";
  CHECK(commit_error(uid, {put(deep, "x")}) == Errc::unprocessable);
  CHECK(head(uid) == before);
}

TEST_CASE_METHOD(Fixture, "commit: the parent decides if it is named", "[storage][commit]") {
  const auto first = head(uid);
  auto named = request(uid, {put("a", "1")});
  named.parent = first;
  const auto done = store->commit(named);
  REQUIRE(done);
  named.changes = {put("b", "2")};
  CHECK(store->commit(named).error().code == Errc::precondition_failed);
  named.parent = done->commit;
  CHECK(store->commit(named));
  CHECK(files_of(uid, head(uid)) == Files{{"a", "1"}, {"b", "2"}});
}

TEST_CASE_METHOD(Fixture, "commit: the same request gets the first one's commit for 10 minutes",
                 "[storage][commit]") {
  auto keyed = request(uid, {put("a", "1")});
  keyed.parent = head(uid);
  keyed.replay_key = sha256(as_bytes("request 1"));
  const auto first = store->commit(keyed);
  REQUIRE(first);
  CHECK_FALSE(first->replayed);
  commit(uid, {put("b", "2")});
  clock.advance(std::chrono::minutes(9));
  const auto second = store->commit(keyed);
  REQUIRE(second);
  CHECK(second->replayed);
  CHECK(second->commit == first->commit);
  clock.advance(std::chrono::minutes(1));
  CHECK(store->commit(keyed).error().code == Errc::precondition_failed);
  keyed.parent.reset();
  const auto third = store->commit(keyed);
  REQUIRE(third);
  CHECK_FALSE(third->replayed);

  // Expired rows do not pile up.
  for (int i = 0; i < 40; ++i) {
    clock.advance(std::chrono::minutes(11));
    keyed.replay_key = sha256(as_bytes("request " + std::to_string(i)));
    REQUIRE(store->commit(keyed));
  }
  std::size_t replays = 0;
  REQUIRE(store->rows().scan("k", "", [&](std::string_view, std::string_view) {
    ++replays;
    return true;
  }));
  CHECK(replays < 12);
}

TEST_CASE_METHOD(Fixture, "commit: writers that race all land", "[storage][commit]") {
  constexpr int writers = 4;
  constexpr int each = 6;
  std::vector<std::vector<Change>> changes(writers);
  Files want;
  for (int w = 0; w < writers; ++w)
    for (int i = 0; i < each; ++i) {
      const auto path = "w" + std::to_string(w) + "/" + std::to_string(i);
      changes[static_cast<std::size_t>(w)].push_back(put(path, path));
      want[path] = path;
    }
  std::vector<std::thread> threads;
  std::atomic<int> failed{0};
  for (const auto& mine : changes)
    threads.emplace_back([&, this] {
      for (const auto& change : mine)
        if (!store->commit(request(uid, {change}))) ++failed;
    });
  for (auto& thread : threads) thread.join();
  CHECK(failed == 0);
  const auto got = files_of(uid, head(uid));
  for (const auto& [path, content] : want) {
    CAPTURE(path);
    REQUIRE(got.contains(path));
    CHECK(got.at(path) == content);
  }
  CHECK(got.size() == want.size());
  CHECK(*store->history_length(uid, head(uid)) == 1 + writers * each);
}

TEST_CASE_METHOD(Fixture, "commit: identical requests that race make one commit",
                 "[storage][commit]") {
  auto keyed = request(uid, {put("a", "1")});
  keyed.parent = head(uid);
  keyed.replay_key = sha256(as_bytes("key"));
  constexpr std::size_t racers = 4;
  std::array<Result<CommitOutcome>, racers> outcomes;
  std::vector<std::thread> threads;
  for (auto& outcome : outcomes)
    threads.emplace_back([&, this] { outcome = store->commit(keyed); });
  for (auto& thread : threads) thread.join();
  int first = 0;
  for (const auto& outcome : outcomes) {
    REQUIRE(outcome);
    CHECK(outcome->commit == head(uid));
    first += outcome->replayed ? 0 : 1;
  }
  CHECK(first == 1);
  CHECK(*store->history_length(uid, head(uid)) == 2);
}

TEST_CASE_METHOD(Fixture, "commit: links say which repo holds which blob", "[storage][commit]") {
  const auto other = make_repo("other");
  const auto content = noise(5, 200'000);
  const auto weights = put_lfs("m.bin", content);
  CHECK(*store->repo_has_blob(uid, weights.lfs) == false);
  commit(uid, {weights});
  CHECK(*store->repo_has_blob(uid, weights.lfs));
  CHECK(*store->repo_has_blob(other, weights.lfs) == false);
  CHECK(*store->holders(weights.lfs, 10) == std::vector{uid});
  commit(other, {weights});
  CHECK(*store->holders(weights.lfs, 10) == std::vector{uid, other});
  CHECK(store->holders(weights.lfs, 1)->size() == 1);
  CHECK(*store->blob_size(weights.lfs) == content.size());

  const auto text = noise(6, 150'000);  // chunked, though a regular file
  commit(uid, {put("vocab.txt", text)});
  CHECK(*store->repo_has_blob(uid, sha256(as_bytes(text))));
}

TEST_CASE_METHOD(Fixture, "commit: a pointer as a regular file opens nobody else's blob",
                 "[storage][commit]") {
  const auto owner = make_repo("secret");
  const auto content = noise(7, 5000);
  const auto weights = put_lfs("m.bin", content);
  commit(owner, {weights});
  const auto pointer = lfs::serialize_pointer({weights.lfs, content.size()});
  CHECK(commit_error(uid, {put("stolen.bin", pointer)}) == Errc::invalid_argument);
  // Whoever has the bytes may name them, in the repo they were uploaded for.
  REQUIRE(store->record_possession("ann", uid, weights.lfs));
  const auto id = commit(uid, {put("mine.bin", pointer)});
  const auto entry = snapshot(uid, id)->stat("mine.bin");
  REQUIRE(entry);
  REQUIRE(entry->lfs);
  CHECK(entry->lfs->id == weights.lfs);
  CHECK(entry->lfs->pointer_bytes == pointer.size());
  CHECK(entry->size_bytes == content.size());
  CHECK(*store->repo_has_blob(uid, weights.lfs));
  const auto lying = lfs::serialize_pointer({weights.lfs, content.size() + 1});
  CHECK(commit_error(uid, {put("lying.bin", lying)}) == Errc::unprocessable);
}

TEST_CASE_METHOD(Fixture, "commit: everything is still there after a restart",
                 "[storage][commit]") {
  const auto content = noise(8, 250'000);
  const auto id = commit(uid, {put("a/b", "text"), put_lfs("m.bin", content)});
  reopen();
  CHECK(head(uid) == id);
  CHECK(files_of(uid, id) == Files{{"a/b", "text"}, {"m.bin", content}});
  CHECK(commit(uid, {put("c", "more")}) != id);
}

}  // namespace waag::storage
