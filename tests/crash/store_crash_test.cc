// The whole store against every state that a power cut may leave: packs, refs, commits, deletions.
// The oracle is outside: a seed and the marks of what was acknowledged. WAAG_CRASH_IMAGES sets how
// many images the crash tests try together, WAAG_SEED which workload comes first.

#include <catch2/catch.hpp>

#include "storage/staged_file.h"
#include "tests/crash/image_count.h"
#include "tests/crash/store_recording.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::storage;
using namespace waag::testing;

namespace {

using Pick = CrashImages::Pick;
using Problems = std::vector<std::string>;

constexpr std::size_t steps_recorded = 30;
constexpr std::size_t steps_beyond = 4;  // to go on with after a crash

/// One workload and its recorded run.
struct Scene {
  explicit Scene(std::uint64_t seed)
      : script(seed, steps_recorded + steps_beyond),
        recording(record_store(folder.path(), script, steps_recorded, seed)) {}

  [[nodiscard]] std::filesystem::path data() const { return folder.path() / "data"; }
  [[nodiscard]] CrashImages images(const std::vector<FileOp>& log) const {
    return {log, {folder.path()}};
  }
  void clear_index() const {
    std::filesystem::remove_all(data());
    std::filesystem::create_directory(data());
  }
  /// Puts there an index that a crash at `cut` may have left; none if it is too early for one.
  void put_old_index(std::size_t cut, std::uint64_t dice) const {
    std::vector<std::filesystem::path> possible;
    for (const auto& copy : recording.index_copies)
      if (copy.from <= cut) possible.push_back(copy.folder);
    if (possible.empty()) return;
    std::filesystem::copy(possible[dice % possible.size()], data() / "index",
                          std::filesystem::copy_options::recursive);
  }

  TempFolder folder;
  Script script;
  StoreRecording recording;
};

std::size_t acknowledged(const CrashImages& images, std::size_t cut) {
  const auto marks = images.marks(cut);
  return marks.empty() ? 0 : marks.back();
}

/// What is wrong after recovery from one image; what index it finds is there already.
Problems problems_of(const Scene& scene, const CrashImages& images, const Pick& pick,
                     std::uint64_t seed) {
  MemoryFileSystem disk;
  images.at(pick.cut, pick.survival, seed).restore(disk);
  return recovery_problems(disk, scene.data(), scene.script, acknowledged(images, pick.cut));
}

}  // namespace

TEST_CASE("store_crash: the workload has everything that can break", "[crash][store]") {
  const Scene scene(1);
  std::map<Step::Kind, int> kinds;
  int lfs = 0;
  int chunked = 0;
  int small = 0;
  for (const auto& step : scene.script.steps) {
    ++kinds[step.kind];
    for (const auto& put : step.puts)
      ++(put.lfs ? lfs : put.content.bytes > staged_bytes_max ? chunked : small);
  }
  CHECK(kinds.size() == 12);
  CHECK(std::min({lfs, chunked, small}) >= 2);
  std::map<std::string, int> renamed;  // by what it then is
  for (const auto& op : scene.recording.log)
    if (op.kind == FileOp::Kind::rename) ++renamed[op.to.extension()];
  CHECK(renamed[".pack"] >= 3);
  CHECK(renamed[".ckpt"] >= 2);
  CHECK(scene.recording.index_copies.size() >= 2);
}

TEST_CASE("store_crash: images of every cut lose nothing acknowledged and keep nothing half",
          "[crash][store]") {
  const auto wanted = images_wanted(25);
  std::size_t made = 0;
  for (auto seed = environment("WAAG_SEED", 1); made < wanted; ++seed) {
    const Scene scene(seed);
    const auto images = scene.images(scene.recording.log);
    for (const auto& pick : images.picks(seed)) {
      if (made == wanted) break;
      const auto old_index = made++ % 3 == 2;
      CAPTURE(seed, pick.cut, static_cast<int>(pick.survival), made, old_index);
      scene.clear_index();
      if (old_index) scene.put_old_index(pick.cut, made / 3);
      REQUIRE(problems_of(scene, images, pick, made) == Problems{});
    }
  }
  print_tried(made, "crash images of the store");
}

TEST_CASE("store_crash: recovery may crash too", "[crash][store]") {
  constexpr std::size_t images_each = 25;
  const auto wanted = images_wanted(15);
  std::size_t made = 0;
  const auto seed = environment("WAAG_SEED", 1);
  const Scene scene(seed);
  const auto first = scene.images(scene.recording.log);
  const auto first_picks = first.picks(seed);
  for (std::size_t round = 0; made < wanted; ++round) {
    const auto& before = first_picks[round % first_picks.size()];
    CAPTURE(seed, before.cut, static_cast<int>(before.survival), round);
    scene.clear_index();
    const auto recovery = record_recovery(scene.folder.path(), scene.script,
                                          first.at(before.cut, before.survival, round),
                                          acknowledged(first, before.cut));
    const auto images = scene.images(recovery.log);
    std::size_t of_this = 0;
    for (const auto& pick : images.picks(round)) {
      if (made == wanted || of_this == images_each) break;
      if (pick.cut < recovery.begin) continue;
      ++made, ++of_this;
      CAPTURE(pick.cut - recovery.begin, static_cast<int>(pick.survival), made);
      scene.clear_index();
      REQUIRE(problems_of(scene, images, pick, made) == Problems{});
    }
  }
  print_tried(made, "crash images of the store's recovery");
}

namespace {

bool below(const std::filesystem::path& path, const std::filesystem::path& folder) {
  return path.string().starts_with(folder.string() + "/");
}
bool is_file_sync(const FileOp& op, const std::filesystem::path& folder,
                  std::string_view extension) {
  return op.kind == FileOp::Kind::sync && below(op.path, folder) &&
         op.path.extension() == extension;
}

/// A kind of sync that the store makes: of files below `folder`, or of the folder itself.
struct Barrier {
  std::string name;
  std::string folder;     // below data/
  std::string extension;  // of the files; empty: names in the folder
  bool deep = false;      // names in its folders
};

const std::vector<Barrier> barriers = {
    {"packs' bytes", "packs", ".open"},        {"journal's frames", "journal", ".log"},
    {"checkpoints' bytes", "journal", ".tmp"}, {"the format's bytes", "", ".new"},
    {"packs' names", "packs", "", true},       {"names of packs' folders", "packs", ""},
    {"names in the journal", "journal", ""},   {"names in the data folder", "", ""},
    {"the data folder's name", "..", ""},
};

bool is_of(const Barrier& barrier, const FileOp& op, const std::filesystem::path& data) {
  const auto folder = (data / barrier.folder / "x").lexically_normal().parent_path();
  if (!barrier.extension.empty()) return is_file_sync(op, folder, barrier.extension);
  return op.kind == FileOp::Kind::sync_dir &&
         (barrier.deep ? below(op.path, folder) : op.path == folder);
}

}  // namespace

TEST_CASE("store_crash: images show each kind of sync that is left out", "[crash][store]") {
  constexpr std::size_t tries_max = 30;
  const Scene scene(1);
  for (const auto& barrier : barriers) {
    auto log = scene.recording.log;
    const auto removed =
        std::erase_if(log, [&](const FileOp& op) { return is_of(barrier, op, scene.data()); });
    const auto images = scene.images(log);
    Problems found;
    std::size_t tries = 0;
    for (const auto& pick : images.picks(1)) {
      if (!found.empty() || tries == tries_max) break;
      scene.clear_index();
      found = problems_of(scene, images, pick, ++tries);
    }
    CAPTURE(barrier.name, tries);
    CHECK(removed > 0);
    CHECK_FALSE(found.empty());
  }
}

TEST_CASE("store_crash: every acknowledgement hangs on one sync of the journal and one of a pack",
          "[crash][store]") {
  const Scene scene(1);
  const auto& whole = scene.recording.log;
  std::optional<std::size_t> frame;
  std::optional<std::size_t> pack;
  std::size_t left_out = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (is_file_sync(whole[i], scene.data() / "journal", ".log")) frame = i;
    if (is_file_sync(whole[i], scene.data() / "packs", ".open")) pack = i;
    if (whole[i].kind != FileOp::Kind::mark) continue;
    const auto step = whole[i].offset;
    const auto kind = scene.script.steps[step - 1].kind;
    // These are done with their first frame: the last one only sweeps.
    const bool sweeps = kind == Step::Kind::delete_repo || kind == Step::Kind::squash ||
                        kind == Step::Kind::drop_lfs;
    for (const auto sync : {sweeps ? std::nullopt : frame, pack}) {
      if (!sync) continue;
      auto log = whole;
      log.erase(log.begin() + static_cast<std::ptrdiff_t>(*sync));
      scene.clear_index();
      const auto problems = problems_of(scene, scene.images(log), {i, Survival::none}, 1);
      CAPTURE(step, static_cast<int>(kind), *sync, whole[*sync].path);
      CHECK_FALSE(problems.empty());
      ++left_out;
    }
    frame = pack = std::nullopt;
  }
  CHECK(left_out > steps_recorded);
}
