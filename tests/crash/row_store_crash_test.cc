// The row store against every state that a crash or a failing disk may leave. The oracle is
// outside: a seed and the marks of what was acknowledged. Several writers, each with rows of its
// own: transaction n of writer w sets "w/count" to n and two more rows whose values follow from (w,
// n), so a half transaction shows.
#include <thread>

#include <catch2/catch.hpp>

#include "storage/meta/row_store.h"
#include "storage/os/failing_file_system.h"
#include "tests/crash/image_count.h"
#include "tests/support/crash_image.h"
#include "tests/support/fake_pack_set.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::storage;
using namespace waag::testing;

namespace {

constexpr std::uint64_t writer_stride = 1'000'000;  // mark = writer * stride + transaction
constexpr std::uint64_t keys_each = 7;              // rows are overwritten and deleted all the time

using Rows = std::map<std::string, std::string>;

std::string key_of(std::uint64_t writer, std::string_view name) {
  return "w" + std::to_string(writer) + "/" + std::string(name);
}

/// Transaction n (from 1) of one writer.
Transaction transaction(std::uint64_t writer, std::uint64_t n) {
  Transaction change;
  const auto length = n * 131 % 700;
  change.puts = {{key_of(writer, "count"), std::to_string(n)},
                 {key_of(writer, "a" + std::to_string(n % keys_each)), std::to_string(n)},
                 {key_of(writer, "b"), std::string(length, static_cast<char>('a' + n % 26))}};
  change.dels = {key_of(writer, "a" + std::to_string((n + 3) % keys_each))};
  if (n > 1) change.expects = {{key_of(writer, "count"), std::to_string(n - 1)}};
  return change;
}

/// The rows of one writer after `count` transactions.
Rows oracle(std::uint64_t writer, std::uint64_t count) {
  Rows rows;
  for (std::uint64_t n = 1; n <= count; ++n) {
    const auto change = transaction(writer, n);
    for (const auto& row : change.puts) rows[row.key] = row.value;
    for (const auto& key : change.dels) rows.erase(key);
  }
  return rows;
}

Rows rows_of(RowStore& store, std::uint64_t writer) {
  Rows rows;
  REQUIRE(store.scan(key_of(writer, ""), "", [&](std::string_view key, std::string_view value) {
    rows.emplace(key, value);
    return true;
  }));
  return rows;
}

std::uint64_t count_of(const Rows& rows, std::uint64_t writer) {
  const auto found = rows.find(key_of(writer, "count"));
  return found == rows.end() ? 0 : std::stoull(found->second);
}

RowStore::Options options_for(const std::filesystem::path& data) {
  RowStore::Options options;
  options.data = data;
  options.journal_file_bytes_max = 3000;  // a rotation every few transactions
  return options;
}

/// A recorded run.
struct Recording {
  std::vector<FileOp> log;
  std::size_t stale_from = 0;  // operation from which on the index copy is old enough
};

/// Two processes: the first is closed half-way, and a copy taken of the index that it leaves.
Recording record(const std::filesystem::path& data, std::uint64_t writers, std::uint64_t each,
                 const std::filesystem::path& stale_index) {
  MemoryFileSystem memory;
  REQUIRE(memory.create_dir(data));
  RecordingFileSystem disk(memory);
  FakePackSet packs;
  const auto open = [&] {
    auto opened = RowStore::open(disk, packs, options_for(data));
    REQUIRE(opened);
    return *std::move(opened);
  };
  auto store = open();
  const auto work = [&](std::uint64_t writer, std::uint64_t from, std::uint64_t to) {
    for (auto n = from; n <= to; ++n)
      if (store->apply(transaction(writer, n))) disk.mark(writer * writer_stride + n);
  };
  const auto all_work = [&](std::uint64_t from, std::uint64_t to) {
    std::vector<std::thread> threads;
    for (std::uint64_t writer = 0; writer < writers; ++writer)
      threads.emplace_back(work, writer, from, to);
    for (auto& thread : threads) thread.join();
    REQUIRE(store->checkpoint());
  };
  Recording recording;
  all_work(1, each / 2);
  recording.stale_from = disk.log().size();
  REQUIRE(store->close());
  store.reset();  // RocksDB removes files while it runs
  std::filesystem::copy(data / "index", stale_index, std::filesystem::copy_options::recursive);
  store = open();
  all_work(each / 2 + 1, each);
  work(0, each + 1, each + 3);  // something behind the last checkpoint
  recording.log = disk.log();
  return recording;
}

/// Opens the image and compares it with the oracle; then writes on, and opens once more with the
/// index.
void check_image(const DiskImage& image, const std::filesystem::path& data, std::uint64_t writers,
                 const std::vector<std::uint64_t>& marks) {
  std::vector<std::uint64_t> acknowledged(writers, 0);
  for (const auto mark : marks) acknowledged[mark / writer_stride] = mark % writer_stride;
  MemoryFileSystem disk;
  image.restore(disk);
  FakePackSet packs;
  for (const int extra : {0, 1}) {
    auto opened = RowStore::open(disk, packs, options_for(data));
    INFO((opened ? "" : opened.error().what));
    REQUIRE(opened);
    for (std::uint64_t writer = 0; writer < writers; ++writer) {
      const auto rows = rows_of(**opened, writer);
      const auto count = count_of(rows, writer);
      CAPTURE(writer, count, acknowledged[writer], extra);
      REQUIRE(count >= acknowledged[writer]);
      REQUIRE(count <= acknowledged[writer] + 1);
      REQUIRE(rows == oracle(writer, count));
    }
    const auto next = count_of(rows_of(**opened, 0), 0) + 1;
    REQUIRE((*opened)->apply(transaction(0, next)));
    acknowledged[0] = next;
  }
}

}  // namespace

TEST_CASE("row_store_crash: images of every cut lose nothing acknowledged and keep nothing half",
          "[crash][rows]") {
  const auto writers = GENERATE(std::uint64_t{1}, std::uint64_t{4});
  const TempFolder folder;
  const auto data = folder.path() / "data";
  const auto stale = folder.path() / "stale";
  std::filesystem::create_directory(data);
  const auto recording = record(data, writers, writers == 1 ? 48 : 16, stale);
  const CrashImages images(recording.log, {data});
  const auto wanted = images_wanted(25);
  std::size_t made = 0;
  for (auto seed = environment("WAAG_SEED", 1); made < wanted; ++seed) {
    for (const auto& pick : images.picks(seed)) {
      if (made == wanted) break;
      const bool stale_index = made++ % 3 == 2 && pick.cut >= recording.stale_from;
      CAPTURE(writers, seed, pick.cut, static_cast<int>(pick.survival), made, stale_index);
      std::filesystem::remove_all(data);
      std::filesystem::create_directory(data);
      if (stale_index)
        std::filesystem::copy(stale, data / "index", std::filesystem::copy_options::recursive);
      const auto image = images.at(pick.cut, pick.survival, made);
      check_image(image, data, writers, images.marks(pick.cut));
    }
  }
  print_tried(made, "crash images of the row store, " + std::to_string(writers) + " writers");
}

namespace {

/// Runs the workload on a disk whose operation `at` fails.
/// @return whether the failure came before the end
bool run_with_failure(const std::filesystem::path& data, FailingFileSystem::Failure failure,
                      std::uint64_t at) {
  constexpr std::uint64_t transactions = 16;
  MemoryFileSystem memory;
  REQUIRE(memory.create_dir(data));
  FailingFileSystem disk(memory, failure, at);
  FakePackSet packs;
  std::uint64_t acknowledged = 0;
  std::uint64_t in_doubt = 0;
  if (auto opened = RowStore::open(disk, packs, options_for(data))) {
    auto& store = **opened;
    for (std::uint64_t n = 1; n <= transactions; ++n) {
      auto applied = store.apply(transaction(0, n));
      if (!applied && applied.error().code == Errc::no_space) {
        REQUIRE(count_of(rows_of(store, 0), 0) == acknowledged);  // as if it had not been asked
        applied = store.apply(transaction(0, n));                 // there is space again
      }
      if (!applied) {
        in_doubt = 1;
        break;
      }
      acknowledged = n;
      if (n % 6 == 0) (void)store.checkpoint();  // may fail; must not lose anything
    }
    REQUIRE(rows_of(store, 0) == oracle(0, acknowledged));  // reads go on
  }
  if (at % 2 == 0) std::filesystem::remove_all(data / "index");
  auto reopened = RowStore::open(memory, packs, options_for(data));
  INFO((reopened ? "" : reopened.error().what));
  REQUIRE(reopened);
  const auto rows = rows_of(**reopened, 0);
  const auto count = count_of(rows, 0);
  CAPTURE(acknowledged, in_doubt, count);
  REQUIRE(count >= acknowledged);
  REQUIRE(count <= acknowledged + in_doubt);
  REQUIRE(rows == oracle(0, count));
  return disk.operations() > at;
}

}  // namespace

TEST_CASE("row_store_crash: any one operation may fail in any way", "[crash][rows]") {
  using Failure = FailingFileSystem::Failure;
  const auto failure = GENERATE(Failure::io_error, Failure::no_space, Failure::short_write,
                                Failure::lost_sync, Failure::crash_stop);
  const TempFolder folder;
  const auto data = folder.path() / "data";
  std::uint64_t at = 0;
  for (bool reached = true; reached; ++at) {
    CAPTURE(static_cast<int>(failure), at);
    std::filesystem::remove_all(data);
    std::filesystem::create_directory(data);
    reached = run_with_failure(data, failure, at);
  }
  CHECK(at > 50);  // the workload did reach the journal, rotations and checkpoints
}
