// Any one operation of the disk may fail, in five ways: nothing acknowledged is lost, nothing is
// half there, reads go on, and so does everything that one failure does not end for good
// (RELIABILITY 2.2, A1). WAAG_FAILURE_STEPS sets how long the workload is, WAAG_SEED which.

#include <catch2/catch.hpp>

#include "storage/os/failing_file_system.h"
#include "tests/crash/image_count.h"
#include "tests/crash/store_recording.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::storage;
using namespace waag::testing;

namespace {

using Failure = FailingFileSystem::Failure;
using Problems = std::vector<std::string>;

constexpr std::size_t steps_per_checkpoint = 3;

/// A store on a disk that fails once.
class FailingRun {
 public:
  FailingRun(const std::filesystem::path& root, const Script& script, Failure failure,
             std::uint64_t at)
      : root_(root), script_(script), failing_(memory_, failure, at), failure_(failure), at_(at) {
    REQUIRE(memory_.create_dir(root));
  }

  /// Takes `count` steps, or as many as it can, in two processes: the first is killed half-way.
  void run(std::size_t count) {
    SeededRandom random(1);
    for (const auto until : {count / 2, count}) {
      auto store = open(random);
      if (!store) return;
      while (acknowledged_ < until && step(*store))
        if (acknowledged_ % steps_per_checkpoint == 0)
          (void)store->rows().checkpoint();  // may fail; the journal keeps all
    }
  }

  /// What is wrong when the process ends now, with or without its index, and the kernel keeps its
  /// files.
  Problems problems_after_kill(bool with_index) {
    if (!with_index) clear_index();
    return recovery_problems(memory_, data(), script_, acknowledged_);
  }
  /// What is wrong when the power went at some time after the failure: a checkpoint may have
  /// outlived what was wrong with the journal.
  Problems problems_after_power_cut(std::uint64_t seed) {
    clear_index();
    SeededRandom dice(seed);
    const CrashImages images(disk_.log(), {root_});
    const auto begin = std::min<std::size_t>(at_, images.cuts() - 1);
    const auto cut = images.cuts() - 1 - dice.next() % (images.cuts() - begin);
    const auto survival = all_survivals[dice.next() % all_survivals.size()];
    const auto marks = images.marks(cut);
    MemoryFileSystem after;
    images.at(cut, survival, seed).restore(after);
    return recovery_problems(after, data(), script_, marks.empty() ? 0 : marks.back());
  }

  [[nodiscard]] std::uint64_t operations() const { return failing_.operations(); }

 private:
  [[nodiscard]] std::filesystem::path data() const { return root_ / "data"; }

  /// Opens it, again if that failed.
  std::unique_ptr<Store> open(SeededRandom& random) {
    for (const bool again : {false, true}) {
      auto opened = Store::open(disk_, clock_, random, crash_store(data(), random));
      if (opened) return *std::move(opened);
      if (failure_ == Failure::crash_stop) return nullptr;
      INFO(opened.error().what);
      REQUIRE_FALSE(again);
    }
    return nullptr;
  }
  /// One step, again if it failed and the store can go on. @return whether it happened
  bool step(Store& store) {
    clock_.advance(std::chrono::seconds(1));
    const auto& next = script_.steps[acknowledged_];
    auto done = testing::run(store, next);
    if (!done && failure_ != Failure::crash_stop) {
      // Reads go on. A deletion is visible as soon as it is durable, what follows may fail.
      const auto verdict =
          compare(store, script_.models[acknowledged_], script_.models[acknowledged_ + 1]);
      REQUIRE(verdict.problems == Problems{});
      if (verdict.next_happened)
        done = ok();
      else if (store.writable())
        done = testing::run(store, next);
      INFO((done ? "" : done.error().what));
      REQUIRE((done || !store.writable()));
    }
    if (done) disk_.mark(++acknowledged_);
    return done.has_value();
  }
  void clear_index() const { std::filesystem::remove_all(data() / "index"); }

  std::filesystem::path root_;
  const Script& script_;
  MemoryFileSystem memory_;
  FailingFileSystem failing_;
  RecordingFileSystem disk_{failing_};
  Failure failure_;
  std::uint64_t at_;
  TestClock clock_;
  std::size_t acknowledged_ = 0;
};

std::string name_of(Failure failure) {
  static const std::map<Failure, std::string> names = {{Failure::io_error, "I/O error"},
                                                       {Failure::no_space, "no space"},
                                                       {Failure::short_write, "short write"},
                                                       {Failure::lost_sync, "lost sync"},
                                                       {Failure::crash_stop, "stop"}};
  return names.at(failure);
}

}  // namespace

TEST_CASE("store_failure: any one operation may fail in any way", "[crash][failures]") {
  const auto failure = GENERATE(Failure::io_error, Failure::no_space, Failure::short_write,
                                Failure::lost_sync, Failure::crash_stop);
  const auto seed = environment("WAAG_SEED", 1);
  const auto steps = environment("WAAG_FAILURE_STEPS", 3);
  const Script script(seed, steps + 2);
  const TempFolder folder;
  std::uint64_t at = 0;
  for (bool reached = true; reached; ++at) {
    CAPTURE(seed, name_of(failure), at);
    std::filesystem::remove_all(folder.path() / "data");
    std::filesystem::create_directory(folder.path() / "data");
    FailingRun run(folder.path(), script, failure, at);
    run.run(steps);
    reached = run.operations() > at;
    REQUIRE(run.problems_after_kill(/*with_index=*/at % 2 == 0) == Problems{});
    REQUIRE(run.problems_after_power_cut(seed * 1000 + at) == Problems{});
  }
  CHECK(at > 60);  // the workload did reach packs, journal, rotations and checkpoints
  print_tried(at, "failures of the store's disk: " + name_of(failure));
}
