#include "storage/journal/checkpoint.h"

#include <catch2/catch.hpp>

#include "storage/journal/journal.h"
#include "storage/meta/row_store.h"
#include "tests/support/memory_file_system.h"

using namespace waag;
using namespace waag::storage;
using namespace waag::storage::journal;

namespace {

const std::filesystem::path folder = "/data/journal";

struct Disk {
  testing::MemoryFileSystem fs;
  std::unique_ptr<Journal> journal;

  Disk() {
    REQUIRE(fs.create_dir("/data"));
    journal = *Journal::open(fs, {folder, 1u << 20, &system_random()}, {});
  }
  void apply(const Transaction& change) {
    REQUIRE(journal->append(std::vector<Bytes>{encode_rows(change)}));
  }
  /// All sealed logs into one checkpoint.
  Result<CheckpointFile> checkpoint() {
    WAAG_CHECK(journal->rotate());
    auto logs = journal->logs();
    const auto number = logs.back().number;
    logs.pop_back();
    WAAG_TRY(auto made, write_checkpoint(fs, folder, journal->checkpoint(), logs, number, 1));
    for (const auto& name : journal->forget(made)) WAAG_CHECK(fs.remove(folder / name));
    return made;
  }
  std::vector<std::string> rows(const CheckpointFile& made) {
    std::vector<std::string> rows;
    REQUIRE(
        read_checkpoint_rows(fs, folder, made, [&](std::string_view key, std::string_view value) {
          rows.push_back(std::string(key) + "=" + std::string(value));
          return ok();
        }));
    return rows;
  }
};

}  // namespace

TEST_CASE("checkpoint: merges the one before with the logs, newest change wins",
          "[storage][journal]") {
  Disk disk;
  Transaction change;
  change.puts = {{"b", "1"}, {"a", "1"}, {"c", "1"}, {"e", ""}};
  change.extents = {{PackId{1}, 0, 10, 0, 1}};
  disk.apply(change);
  change = {};
  change.puts = {{"c", "2"}};
  change.dels = {"b"};
  disk.apply(change);
  auto made = disk.checkpoint();
  REQUIRE(made);
  CHECK(made->header.first_seq == 2);
  CHECK(disk.rows(*made) == std::vector<std::string>{"a=1", "c=2", "e="});

  change = {};
  change.puts = {{"b", "3"}, {"z", "3"}};
  change.dels = {"a", "never there"};
  change.extents = {{PackId{1}, 10, 30, 1, 2}};
  disk.apply(change);
  change = {};
  change.puts = {{"b", "4"}};
  disk.apply(change);
  made = disk.checkpoint();
  REQUIRE(made);
  CHECK(disk.rows(*made) == std::vector<std::string>{"b=4", "c=2", "e=", "z=3"});
  const auto history = read_history(disk.fs, folder);
  REQUIRE(history);
  CHECK(history->extents.extents() == std::vector{PackExtent{PackId{1}, 0, 30, 0, 3}});
  CHECK(history->last_seq == 4);
  CHECK(disk.fs.list(folder)->size() == 2);
}

TEST_CASE("checkpoint: a full disk leaves the history as it was", "[storage][journal]") {
  Disk disk;
  Transaction change;
  change.puts = {{"a", std::string(5000, 'a')}};
  disk.apply(change);
  REQUIRE(disk.journal->rotate());
  disk.fs.set_space(6000);
  CHECK(disk.checkpoint().error().code == Errc::no_space);
  CHECK(disk.fs.list(folder)->size() == 2);  // the temporary file is gone
  CHECK(read_history(disk.fs, folder)->last_seq == 1);
  disk.fs.set_space(1u << 20);
  CHECK(disk.checkpoint());
}
