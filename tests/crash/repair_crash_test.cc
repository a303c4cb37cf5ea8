// The power may go at any moment while damage is found and repaired: what was whole stays whole,
// what is read is right or an error, and what was acknowledged as stored again is.

#include <catch2/catch.hpp>

#include "storage/meta/blob_rows.h"
#include "storage/meta/tables/table.h"
#include "tests/crash/image_count.h"
#include "tests/crash/store_recording.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::storage;
using namespace waag::testing;

namespace {

using Problems = std::vector<std::string>;

enum Mark : std::uint64_t { begun, weights_repaired, text_repaired };

const Bytes weights = make_content({1, 300'000, 0});
const Bytes longer = make_content({1, 350'000, 0});  // shares the chunks of `weights`
const Bytes kept = make_content({2, 90'000, 0});
const Bytes text = make_content({3, 2000, 0});
const BlobId weights_id = sha256(weights);
const BlobId longer_id = sha256(longer);
const BlobId kept_id = sha256(kept);

Status ingest(Store& store, const Bytes& bytes) {
  WAAG_TRY(const auto into, store.ingest());
  WAAG_CHECK(into->write(bytes));
  WAAG_CHECK(into->finish({sha256(bytes), bytes.size()}));
  return ok();
}

/// As a commit does with a regular file.
Result<GitId> stage(Store& store) {
  const auto area = store.staging_area();
  WAAG_TRY(const auto file, area->file());
  WAAG_CHECK(file->write(text));
  WAAG_TRY(const auto done, file->finish());
  Transaction transaction;
  WAAG_CHECK(area->settle(transaction));
  WAAG_CHECK(store.rows().apply(std::move(transaction)));
  return done.git_id;
}

/// A store of which one chunk and one small file are damaged, and what a repair did to its disk.
class Scene {
 public:
  Scene() {
    REQUIRE(memory_.create_dir(folder_.path()));
    std::filesystem::create_directories(data());
    {
      const auto store = open(memory_);
      for (const auto* bytes : {&kept, &weights, &longer}) REQUIRE(ingest(*store, *bytes));
      text_id_ = *stage(*store);
      const auto manifest = get_row(store->rows(), keys::blob(weights_id), decode_manifest);
      const auto xorb = get_row(store->rows(), keys::xorb((*manifest)->terms[0].xorb), decode_xorb);
      remember(*store, keys::chunk((*xorb)->chunks[1].hash));
      remember(*store, keys::git_object(text_id_));
      REQUIRE(store->close());
    }
    std::filesystem::copy(data() / "index", folder_.path() / "index",
                          std::filesystem::copy_options::recursive);
    for (const auto& at : damaged_) damage(at);
    repair();
  }

  [[nodiscard]] CrashImages images() const { return {log_, {folder_.path()}}; }
  [[nodiscard]] std::size_t begin() const { return begin_; }

  /// What is wrong after a crash; with the index from before the damage, or none.
  Problems problems_of(const CrashImages& images, const CrashImages::Pick& pick, std::uint64_t seed,
                       bool old_index) {
    MemoryFileSystem disk;
    images.at(pick.cut, pick.survival, seed).restore(disk);
    std::filesystem::remove_all(data() / "index");
    if (old_index)
      std::filesystem::copy(folder_.path() / "index", data() / "index",
                            std::filesystem::copy_options::recursive);
    const auto store = open(disk);
    const auto done = images.marks(pick.cut).back();
    problems_.clear();
    compare("kept", store->open_blob(kept_id), kept, true);
    compare("weights", store->open_blob(weights_id), weights, done >= weights_repaired);
    compare("longer", store->open_blob(longer_id), longer, done >= weights_repaired);
    compare("text", store->open_git_blob(text_id_), text, done >= text_repaired);
    if (done < text_repaired) {  // it was read above: all that is damaged is known again
      if (!ingest(*store, weights) || !stage(*store)) problems_.push_back("cannot repair");
      compare("weights again", store->open_blob(weights_id), weights, true);
      compare("longer again", store->open_blob(longer_id), longer, true);
      compare("text again", store->open_git_blob(text_id_), text, true);
    }
    for (auto& problem : fsck_problems(*store)) problems_.push_back(std::move(problem));
    REQUIRE(store->close());
    return problems_;
  }

 private:
  [[nodiscard]] std::filesystem::path data() const { return folder_.path() / "data"; }
  std::unique_ptr<Store> open(FileSystem& disk) {
    auto opened = Store::open(disk, clock_, random_, crash_store(data(), random_));
    if (!opened) FAIL("open: " << opened.error().what);
    return *std::move(opened);
  }
  void remember(Store& store, const std::string& key) {
    const auto at = get_row(store.rows(), key, decode_location);
    REQUIRE(at);
    REQUIRE(*at);
    damaged_.push_back(**at);
  }
  void damage(const Location& at) {
    for (auto& [path, bytes] : memory_.files()) {
      if (!path.filename().string().starts_with(pack_name(at.pack))) continue;
      auto changed = bytes;
      changed[at.offset + at.stored_bytes / 2] ^= std::byte{1};
      memory_.put(path, std::move(changed));
    }
  }

  void repair() {
    DiskImage image;
    for (auto& [path, bytes] : memory_.files()) {
      for (auto parent = path.parent_path(); parent != folder_.path();
           parent = parent.parent_path())
        image.folders.insert(parent);
      image.files[path] = bytes;
    }
    MemoryFileSystem memory;
    REQUIRE(memory.create_dir(folder_.path()));
    RecordingFileSystem disk(memory);
    image.restore(disk);
    for (const auto& [path, content] : image.files)
      REQUIRE((*disk.open(path, OpenMode::write))->sync());
    for (const auto& path : image.folders) REQUIRE(disk.sync_dir(path));
    REQUIRE(disk.sync_dir(folder_.path()));
    disk.mark(begun);
    begin_ = disk.log().size();
    const auto store = open(disk);
    Bytes out(weights.size());
    CHECK((*store->open_blob(weights_id))->read(0, out).error().code == Errc::corrupt);
    CHECK((*store->open_git_blob(text_id_))->read(0, out).error().code == Errc::corrupt);
    REQUIRE(ingest(*store, weights));
    disk.mark(weights_repaired);
    REQUIRE(stage(*store));
    disk.mark(text_repaired);
    REQUIRE(store->rows().checkpoint());
    REQUIRE(store->close());
    log_ = disk.log();
  }

  void compare(const std::string& name, Result<std::unique_ptr<BlobReader>> reader,
               const Bytes& want, bool must_be_whole) {
    if (!reader) return problems_.push_back(name + ": " + reader.error().what);
    Bytes got(want.size());
    const auto read = (*reader)->read(0, got);
    if (read && got != want) problems_.push_back(name + ": wrong bytes");
    if (!read && read.error().code != Errc::corrupt)
      problems_.push_back(name + ": " + read.error().what);
    if (!read && must_be_whole) problems_.push_back(name + ": not whole");
  }

  TempFolder folder_;
  MemoryFileSystem memory_;
  TestClock clock_;
  SeededRandom random_{7};
  GitId text_id_;
  std::vector<Location> damaged_;
  std::vector<FileOp> log_;
  std::size_t begin_ = 0;
  Problems problems_;
};

}  // namespace

TEST_CASE("repair_crash: a crash in a repair loses nothing more", "[crash][store]") {
  Scene scene;
  const auto images = scene.images();
  const auto wanted = images_wanted(25);
  std::size_t made = 0;
  for (auto seed = environment("WAAG_SEED", 1); made < wanted; ++seed) {
    for (const auto& pick : images.picks(seed)) {
      if (made == wanted) break;
      if (pick.cut < scene.begin()) continue;
      const bool old_index = made++ % 3 == 2;
      CAPTURE(seed, pick.cut - scene.begin(), static_cast<int>(pick.survival), made, old_index);
      REQUIRE(scene.problems_of(images, pick, made, old_index) == Problems{});
    }
  }
  print_tried(made, "crash images of a repair");
}
