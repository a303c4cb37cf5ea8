#include "storage/staging_area.h"

#include <thread>

#include "storage/meta/keys.h"
#include "storage/os/failing_file_system.h"
#include "storage/os/recording_file_system.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

namespace {

struct Fixture : StoreFixture {
  const std::uint64_t uid = make_repo("tiny");

  /// A commit of these files, staged and not yet made.
  CommitRequest staged(const std::map<std::string, std::string>& files) {
    auto made = request(uid, {});
    made.staged = store->staging_area();
    for (const auto& [path, content] : files) {
      Change change;
      change.path = path;
      change.blob = stage(*made.staged, content).git_id;
      made.changes.push_back(change);
    }
    return made;
  }
  std::uintmax_t pack_bytes() const {
    std::uintmax_t sum = 0;
    for (const auto& file :
         std::filesystem::recursive_directory_iterator(folder.path() / "data" / "packs"))
      if (file.is_regular_file()) sum += file.file_size();
    return sum;
  }
  void use(FileSystem& fs) {
    close();
    auto opened = Store::open(fs, clock, random, testing::small_store(folder.path() / "data"));
    if (!opened) FAIL(opened.error().what);
    store = *std::move(opened);
  }
};

using Files = std::map<std::string, std::string>;

Files many_files(std::size_t count) {
  Files files;
  for (std::size_t i = 0; i < count; ++i)
    files["d" + std::to_string(i % 7) + "/" + std::to_string(i)] =
        testing::noise(i, static_cast<std::uint32_t>(i % 1500));
  return files;
}

std::size_t syncs(const RecordingFileSystem& fs) {
  return static_cast<std::size_t>(std::ranges::count(fs.log(), FileOp::Kind::sync, &FileOp::kind));
}

}  // namespace

TEST_CASE_METHOD(Fixture, "staging area: files become known and durable with their commit",
                 "[storage][staged]") {
  Files files = many_files(300);
  files["large"] = testing::noise(1, 200'000);
  const auto made = staged(files);
  for (const auto& change : made.changes)
    CHECK(store->open_git_blob(change.blob).error().code == Errc::not_found);
  const auto outcome = store->commit(made);
  REQUIRE(outcome);
  CHECK(files_of(uid, outcome->commit) == files);
  reopen();
  CHECK(files_of(uid, outcome->commit) == files);
  CHECK(fsck(*store)->problems == std::vector<std::string>{});
}

TEST_CASE_METHOD(Fixture, "staging area: the number of syncs does not grow with the files",
                 "[storage][staged]") {
  RecordingFileSystem recording(*disk);
  use(recording);
  const auto count = [&](std::size_t files) {
    const auto before = syncs(recording);
    auto made = staged(many_files(files));
    REQUIRE(store->commit(std::move(made)));
    return syncs(recording) - before;
  };
  CHECK(count(1) == 2);  // the pack, the journal
  // Packs of a small store fill up, which costs syncs; no file has one of its own.
  CHECK(count(1000) < 20);
  close();
}

TEST_CASE_METHOD(Fixture, "staging area: known content is not stored twice", "[storage][staged]") {
  const Files files{{"a", testing::noise(1, 50'000)}, {"b", testing::noise(2, 200'000)}};
  REQUIRE(store->commit(staged(files)));
  const auto before = pack_bytes();
  const Files again{{"c", files.at("a")}, {"d", files.at("b")}, {"e", files.at("a")}};
  REQUIRE(store->commit(staged(again)));
  CHECK(pack_bytes() - before < 3 * 4096);  // a tree and a commit
}

TEST_CASE_METHOD(Fixture, "staging area: a commit that was refused can be made after all",
                 "[storage][staged]") {
  const Files files{{"a", "1"}, {"b", testing::noise(2, 200'000)}};
  auto made = staged(files);
  made.parent = CommitId{};
  CHECK(store->commit(made).error().code == Errc::precondition_failed);
  made.parent = head(uid);
  const auto outcome = store->commit(made);
  REQUIRE(outcome);
  CHECK(files_of(uid, outcome->commit) == files);
  made.parent.reset();
  made.changes.front().path = "again";
  REQUIRE(store->commit(made));  // its files are the store's now
  CHECK(files_of(uid, head(uid)).at("again") == files.at("a"));
}

TEST_CASE_METHOD(Fixture, "staging area: what no commit named is garbage, not rows",
                 "[storage][staged]") {
  const auto files = many_files(50);
  const auto id = staged(files).changes.front().blob;
  REQUIRE(store->commit(staged({{"kept", "kept"}})));
  reopen();
  CHECK_FALSE(*store->rows().get(keys::git_object(id)));
  CHECK(fsck(*store)->problems == std::vector<std::string>{});
  REQUIRE(store->commit(staged(files)));
  CHECK(files_of(uid, head(uid)).size() == 51);
}

TEST_CASE_METHOD(Fixture, "staging area: two commits of the same files at once",
                 "[storage][staged]") {
  const auto files = many_files(200);
  std::vector<CommitRequest> requests;
  for (int i = 0; i < 3; ++i) requests.push_back(staged(files));
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (auto& made : requests)
    threads.emplace_back([&, this] {
      if (!store->commit(made)) ++failed;
    });
  for (auto& thread : threads) thread.join();
  CHECK(failed == 0);
  CHECK(files_of(uid, head(uid)) == files);
  reopen();
  CHECK(files_of(uid, head(uid)) == files);
  CHECK(fsck(*store)->problems == std::vector<std::string>{});
}

TEST_CASE_METHOD(Fixture, "staging area: files of a pack that did not become durable are unknown",
                 "[storage][staged]") {
  FailingFileSystem failing(*disk, FailingFileSystem::Failure::io_error, FailingFileSystem::never);
  use(failing);
  const Files files{{"a", "1"}, {"b", "2"}};
  const auto made = staged(files);
  failing.arm(FailingFileSystem::Failure::lost_sync, 1);  // of the pack, right after the write
  CHECK(store->commit(made).error().code == Errc::unavailable);
  CHECK(store->commit(made).error().code == Errc::unavailable);  // its records are lost
  for (const auto& change : made.changes)
    CHECK_FALSE(*store->rows().get(keys::git_object(change.blob)));
  const auto outcome = store->commit(staged(files));  // sent again
  REQUIRE(outcome);
  use(*disk);
  CHECK(files_of(uid, outcome->commit) == files);
  CHECK(fsck(*store)->problems == std::vector<std::string>{});
}

TEST_CASE_METHOD(Fixture, "staging area: below the reserve no file begins", "[storage][staged]") {
  auto options = testing::small_store(folder.path() / "data");
  options.reserve_bytes = 1ull << 60;
  close();
  auto opened = Store::open(*disk, clock, random, options);
  REQUIRE(opened);
  store = *std::move(opened);
  CHECK(store->staging_area()->file().error().code == Errc::no_space);
}

}  // namespace waag::storage
