#include "tests/crash/store_recording.h"

#include <stdexcept>

#include "tests/support/memory_file_system.h"

namespace waag::testing {
namespace {

constexpr std::size_t steps_per_restart = 6;
// No two runs on one disk may draw the same names of packs.
constexpr std::uint64_t recovery_seed = 0x5ec0'4e71;
constexpr std::uint64_t check_seed = 0xc4ec'0000;

void must(const Status& status) {
  if (!status) throw std::runtime_error("recording: " + status.error().what);
}

template <class T>
T taken(Result<T> result) {
  if (!result) throw std::runtime_error("recording: " + result.error().what);
  return *std::move(result);
}

}  // namespace

storage::StoreOptions crash_store(const std::filesystem::path& data, storage::Random& random) {
  auto options = small_store(data);
  options.rows.journal_file_bytes_max = 6000;
  options.rows.checkpoint_bytes_min = ~std::uint64_t{0};
  options.rows.random = &random;
  options.packs.pack_bytes_max = 256u << 10;
  options.packs.group_bytes_max = 64u << 10;
  return options;
}

Script::Script(std::uint64_t seed, std::size_t count, const std::string& owner)
    : steps(make_short_workload(seed, count, owner)), models(1) {
  for (const auto& step : steps) {
    models.push_back(models.back());
    apply(models.back(), step);
  }
}

StoreRecording record_store(const std::filesystem::path& root, const Script& script,
                            std::size_t count, std::uint64_t seed) {
  StoreRecording recording;
  MemoryFileSystem memory;
  must(memory.create_dir(root));
  storage::RecordingFileSystem disk(memory);
  TestClock clock;
  SeededRandom random(seed);
  const auto data = root / "data";
  const auto open = [&] {
    return taken(storage::Store::open(disk, clock, random, crash_store(data, random)));
  };
  std::filesystem::create_directories(data);
  auto store = open();
  for (std::size_t done = 1; done <= count; ++done) {
    clock.advance(std::chrono::seconds(1));
    must(run(*store, script.steps[done - 1]));
    disk.mark(done);
    if (done % steps_per_restart == steps_per_restart / 2) must(store->rows().checkpoint());
    if (done % steps_per_restart != 0) continue;
    const auto copy = root / ("index" + std::to_string(done));
    recording.index_copies.push_back({disk.log().size(), copy});
    must(store->close());  // makes the index durable
    store.reset();         // RocksDB removes files while it runs
    std::filesystem::copy(data / "index", copy, std::filesystem::copy_options::recursive);
    store = open();
  }
  recording.log = disk.log();
  return recording;
}

RecoveryRecording record_recovery(const std::filesystem::path& root, const Script& script,
                                  const DiskImage& image, std::size_t acknowledged) {
  RecoveryRecording recording;
  MemoryFileSystem memory;
  must(memory.create_dir(root));
  storage::RecordingFileSystem disk(memory);
  image.restore(disk);
  for (const auto& [path, content] : image.files)
    must(taken(disk.open(path, storage::OpenMode::write))->sync());
  for (const auto& folder : image.folders) must(disk.sync_dir(folder));
  disk.mark(acknowledged);
  recording.begin = disk.log().size();
  TestClock clock;
  SeededRandom random(recovery_seed);
  auto store = taken(storage::Store::open(disk, clock, random, crash_store(root / "data", random)));
  const auto& models = script.models;
  const auto verdict = compare(*store, models[acknowledged], models[acknowledged + 1]);
  if (!verdict.problems.empty()) throw std::runtime_error("recording: " + verdict.problems[0]);
  const auto held = acknowledged + verdict.next_happened;
  disk.mark(held);  // read once, it must stay
  must(run(*store, script.steps[held]));
  disk.mark(held + 1);
  recording.log = disk.log();
  return recording;
}

std::vector<std::string> recovery_problems(storage::FileSystem& disk,
                                           const std::filesystem::path& data, const Script& script,
                                           std::size_t acknowledged) {
  TestClock clock;
  SeededRandom random(check_seed);
  auto held = acknowledged;
  for (const bool first : {true, false}) {
    auto opened = storage::Store::open(disk, clock, random, crash_store(data, random));
    if (!opened) return {"open: " + opened.error().what};
    auto& store = **opened;
    const auto verdict = examine(store, script.models[held], script.models[held + first]);
    if (!verdict.problems.empty()) return verdict.problems;
    if (!first) break;
    held += verdict.next_happened;
    clock.advance(std::chrono::hours(1));
    if (const auto done = run(store, script.steps[held]); !done)
      return {"the next step: " + done.error().what};
    ++held;
    if (const auto closed = store.close(); !closed) return {"close: " + closed.error().what};
  }
  return {};
}

}  // namespace waag::testing
