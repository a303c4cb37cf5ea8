// Several writers of one store at a time: their groups lie mixed in the same packs, their frames go
// into the journal together, and they share chunks. What each was told must hold for itself. The
// order of what they do is not the same in the next run.

#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/crash/image_count.h"
#include "tests/crash/store_recording.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::storage;
using namespace waag::testing;

namespace {

using Problems = std::vector<std::string>;

constexpr std::size_t writers = 3;
constexpr std::size_t rounds = 2;
constexpr std::size_t steps_each = 4;                // in each round
constexpr std::size_t images_each = 60;              // of one recording: the next has another order
constexpr std::chrono::microseconds sync_time{300};  // else the writers hardly meet
constexpr std::uint64_t writer_stride = 10'000;      // mark = writer * stride + steps

std::string owner(std::size_t writer) { return "w" + std::to_string(writer) + "-"; }

std::vector<Script> make_scripts(std::uint64_t seed) {
  std::vector<Script> scripts;
  for (std::size_t writer = 0; writer < writers; ++writer)
    scripts.emplace_back(seed * writers + writer, rounds * steps_each + 2, owner(writer));
  return scripts;
}

std::vector<FileOp> record(const std::filesystem::path& root, const std::vector<Script>& scripts) {
  MemoryFileSystem memory;
  REQUIRE(memory.create_dir(root));
  memory.set_sync_time(sync_time);
  RecordingFileSystem disk(memory);
  TestClock clock;
  const auto data = root / "data";
  auto opened = Store::open(disk, clock, system_random(), crash_store(data, system_random()));
  REQUIRE(opened);
  auto& store = **opened;
  std::atomic<std::size_t> failed = 0;
  const auto work = [&](std::size_t writer, std::size_t from) {
    for (auto step = from; step < from + steps_each; ++step) {
      if (!run(store, scripts[writer].steps[step])) ++failed;
      disk.mark(writer * writer_stride + step + 1);
    }
  };
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<std::thread> threads;
    for (std::size_t writer = 0; writer < writers; ++writer)
      threads.emplace_back(work, writer, round * steps_each);
    for (auto& thread : threads) thread.join();
    if (round == 0) REQUIRE(store.rows().checkpoint());
  }
  REQUIRE(failed == 0);
  return disk.log();
}

/// Opens, compares each writer's part, takes the first one's next step, opens again.
Problems problems_of(const DiskImage& image, const std::filesystem::path& data,
                     const std::vector<Script>& scripts, const std::vector<std::uint64_t>& marks) {
  std::array<std::size_t, writers> held{};
  for (const auto mark : marks) held[mark / writer_stride] = mark % writer_stride;
  MemoryFileSystem disk;
  image.restore(disk);
  TestClock clock;
  for (const bool first : {true, false}) {
    auto opened = Store::open(disk, clock, system_random(), crash_store(data, system_random()));
    if (!opened) return {"open: " + opened.error().what};
    auto& store = **opened;
    for (std::size_t writer = 0; writer < writers; ++writer) {
      const auto& models = scripts[writer].models;
      auto verdict =
          compare(store, models[held[writer]], models[held[writer] + first], owner(writer));
      if (!verdict.problems.empty()) return verdict.problems;
      held[writer] += verdict.next_happened;
    }
    if (auto problems = fsck_problems(store); !problems.empty()) return problems;
    if (!first) break;
    if (const auto done = run(store, scripts[0].steps[held[0]]); !done)
      return {"the next step: " + done.error().what};
    ++held[0];
    if (const auto closed = store.close(); !closed) return {"close: " + closed.error().what};
  }
  return {};
}

}  // namespace

TEST_CASE("store_writers: images of several writers' run hold what each was told",
          "[crash][store]") {
  const auto wanted = images_wanted(10);
  std::size_t made = 0;
  for (auto seed = environment("WAAG_SEED", 1); made < wanted; ++seed) {
    const TempFolder folder;
    const auto data = folder.path() / "data";
    std::filesystem::create_directory(data);
    const auto scripts = make_scripts(seed);
    const CrashImages images(record(folder.path(), scripts), {folder.path()});
    std::size_t of_this = 0;
    for (const auto& pick : images.picks(seed)) {
      if (made == wanted || of_this == images_each) break;
      ++made, ++of_this;
      CAPTURE(seed, pick.cut, static_cast<int>(pick.survival), made);
      std::filesystem::remove_all(data);
      std::filesystem::create_directory(data);
      const auto image = images.at(pick.cut, pick.survival, made);
      REQUIRE(problems_of(image, data, scripts, images.marks(pick.cut)) == Problems{});
    }
  }
  print_tried(made, "crash images of the store, " + std::to_string(writers) + " writers");
}
