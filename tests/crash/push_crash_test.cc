// A push is all or nothing: whatever operation of the disk fails under it, and whenever the power
// goes. Also: its scratch file does not outlive the next start.

#include <catch2/catch.hpp>

#include "storage/os/failing_file_system.h"
#include "storage/os/recording_file_system.h"
#include "tests/crash/store_recording.h"
#include "tests/storage/git/transfer/git_pack.h"
#include "tests/support/crash_image.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::storage;
using namespace waag::testing;

namespace {

using Failure = FailingFileSystem::Failure;
using Problems = std::vector<std::string>;

constexpr std::uint64_t run_seed = 1;
constexpr std::uint64_t check_seed = 2;
const std::string repo_name = "repo";

/// One commit on top of another, with a small file and one that is stored as chunks.
struct Pushed {
  std::string pack;
  CommitId tip;
  std::string large = std::string(as_text(make_content({4, 140'000, 0})));

  explicit Pushed(const CommitId& parent) {
    PackBuilder builder;
    const auto small = builder.add(git::ObjectKind::blob, "small");
    const auto big = builder.add(git::ObjectKind::blob, large);
    const auto tree = builder.add(
        git::ObjectKind::tree,
        *git::serialize_tree({{git::mode_file, "big", big}, {git::mode_file, "small", small}}));
    git::GitCommit commit;
    commit.tree = tree;
    commit.parents = {parent};
    commit.author = {"Ann", "ann@example.org", 1'790'000'000, "+0000"};
    commit.committer = commit.author;
    tip = CommitId{builder.add(git::ObjectKind::commit, *git::serialize_commit(commit)).bytes};
    pack = builder.bytes();
  }
};

Result<RepoRow> make_repo(Store& store) {
  NewRepo repo;
  repo.id = RepoId{RepoType::model, "crash", repo_name};
  repo.creator = repo.author_name = "crash";
  repo.author_email = "crash@waag.invalid";
  repo.gitattributes = "*.bin filter=lfs diff=lfs merge=lfs -text\n";
  return store.create_repo(repo);
}

/// One push onto main; ok() means acknowledged.
Status push(Store& store, std::uint64_t uid, const CommitId& before, const Pushed& pushed) {
  PushOptions options;
  options.repo_uid = uid;
  options.user = "crash";
  options.blob_bytes_max = 1'000'000;
  git::PushRequest request;
  request.commands = {
      {git::to_git_id(before), git::to_git_id(pushed.tip), std::string("refs/heads/main")}};
  WAAG_TRY(const auto push, store.git_push(options));
  WAAG_CHECK(push->feed(as_bytes(pushed.pack)));
  WAAG_CHECK(push->check(request));
  WAAG_TRY(const auto reports, push->land(request));
  if (!reports.at(0).reason.empty()) return fail(Errc::internal, reports[0].reason);
  return ok();
}

/// What is wrong with a store that may or must hold the push.
Problems problems_of(FileSystem& disk, const std::filesystem::path& data, const CommitId& before,
                     const Pushed& pushed, bool acknowledged) {
  TestClock clock;
  SeededRandom random(check_seed);
  auto opened = Store::open(disk, clock, random, crash_store(data, random));
  if (!opened) return {"open: " + opened.error().what};
  auto& store = **opened;
  const auto repo = store.find_repo(RepoId{RepoType::model, "crash", repo_name});
  if (!repo) return {"the repo is gone"};
  auto problems = fsck_problems(store);
  const auto head = store.resolve(repo->uid, "main");
  if (!head) return {"main is gone"};
  if (*head != pushed.tip && (acknowledged || *head != before))
    problems.push_back("main is at " + head->hex());
  const auto strays = disk.list(store.scratch());
  if (!strays || !strays->empty()) problems.emplace_back("scratch is not empty");
  // It can be pushed now, if it was not; then every byte is there.
  if (*head == before) {
    const auto done = push(store, repo->uid, before, pushed);
    if (!done) problems.push_back("again: " + done.error().what);
  }
  const auto snapshot = store.snapshot(repo->uid, pushed.tip);
  if (!snapshot) return {"no snapshot"};
  const auto entry = (*snapshot)->stat("big");
  if (!entry || entry->size_bytes != pushed.large.size()) problems.emplace_back("big is not there");
  return problems;
}

void clear(const std::filesystem::path& data) {
  std::filesystem::remove_all(data);
  std::filesystem::create_directories(data);
}

}  // namespace

TEST_CASE("push_crash: any one operation may fail in any way", "[crash][failures]") {
  const auto failure = GENERATE(Failure::io_error, Failure::no_space, Failure::short_write,
                                Failure::lost_sync, Failure::crash_stop);
  const TempFolder folder;
  const auto data = folder.path() / "data";
  std::uint64_t at = 0;
  for (bool reached = true; reached; ++at) {
    CAPTURE(static_cast<int>(failure), at);
    clear(data);
    MemoryFileSystem memory;
    REQUIRE(memory.create_dir(folder.path()));
    FailingFileSystem disk(memory, failure, FailingFileSystem::never);
    TestClock clock;
    SeededRandom random(run_seed);
    auto store = Store::open(disk, clock, random, crash_store(data, random));
    REQUIRE(store);
    const auto repo = make_repo(**store);
    REQUIRE(repo);
    const auto before = *(*store)->resolve(repo->uid, "main");
    const Pushed pushed(before);
    disk.arm(failure, at);
    const auto armed = disk.operations();
    const bool acknowledged = push(**store, repo->uid, before, pushed).has_value();
    reached = disk.operations() > armed + at;
    *store = nullptr;  // killed
    std::filesystem::remove_all(data / "index");
    REQUIRE(problems_of(memory, data, before, pushed, acknowledged) == Problems{});
    if (!reached) CHECK(acknowledged);
  }
  CHECK(at > 8);  // the push did reach scratch, packs and journal
}

TEST_CASE("push_crash: the power may go at any time", "[crash][failures]") {
  const TempFolder folder;
  const auto data = folder.path() / "data";
  clear(data);
  MemoryFileSystem memory;
  REQUIRE(memory.create_dir(folder.path()));
  RecordingFileSystem disk(memory);
  TestClock clock;
  SeededRandom random(run_seed);
  auto store = Store::open(disk, clock, random, crash_store(data, random));
  REQUIRE(store);
  const auto repo = make_repo(**store);
  REQUIRE(repo);
  const auto before = *(*store)->resolve(repo->uid, "main");
  const Pushed pushed(before);
  const auto begin = disk.log().size();
  REQUIRE(push(**store, repo->uid, before, pushed));
  disk.mark(1);
  *store = nullptr;
  const CrashImages images(disk.log(), {folder.path()});
  for (auto cut = begin; cut < images.cuts(); ++cut) {
    for (const auto survival : all_survivals) {
      CAPTURE(cut, static_cast<int>(survival));
      std::filesystem::remove_all(data / "index");
      MemoryFileSystem after;
      images.at(cut, survival, cut).restore(after);
      const bool acknowledged = !images.marks(cut).empty();
      REQUIRE(problems_of(after, data, before, pushed, acknowledged) == Problems{});
    }
  }
}
