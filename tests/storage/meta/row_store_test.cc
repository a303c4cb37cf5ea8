#include "storage/meta/row_store.h"

#include <atomic>
#include <barrier>
#include <thread>

#include <catch2/catch.hpp>

#include "storage/meta/keys.h"
#include "storage/os/failing_file_system.h"
#include "tests/support/fake_pack_set.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::storage;
using namespace waag::testing;
using Failure = FailingFileSystem::Failure;

namespace {

using Rows = std::map<std::string, std::string>;

/// A row store whose journal is in memory and whose index is on tmpfs.
struct Fixture {
  TempFolder folder;
  MemoryFileSystem memory;
  FailingFileSystem fs{memory, Failure::io_error, FailingFileSystem::never};
  FakePackSet packs;
  RowStore::Options options;
  std::unique_ptr<RowStore> rows;

  Fixture() {
    options.data = folder.path();
    REQUIRE(memory.create_dir(options.data));
    reopen();
  }
  void close() { rows.reset(); }
  Status try_open() {
    rows.reset();
    auto opened = RowStore::open(fs, packs, options);
    if (!opened) return opened.error();
    rows = std::move(*opened);
    return ok();
  }
  void reopen() {
    const auto opened = try_open();
    INFO((opened ? "" : opened.error().what));
    REQUIRE(opened);
  }
  void drop_index() {
    rows.reset();
    std::filesystem::remove_all(options.data / "index");
  }
  Result<std::uint64_t> put(std::string key, std::string value) {
    Transaction change;
    change.puts.push_back({std::move(key), std::move(value)});
    return rows->apply(std::move(change));
  }
  Rows all() {
    Rows found;
    const auto scanned = rows->scan("", "", [&](std::string_view key, std::string_view value) {
      found.emplace(key, value);
      return true;
    });
    REQUIRE(scanned);
    return found;
  }
  [[nodiscard]] std::filesystem::path log(int number) const {
    return options.data / "journal" / ("0000000" + std::to_string(number) + ".log");
  }
};

Transaction with_extent(std::uint64_t pack, std::uint32_t first, std::uint32_t count) {
  Transaction change;
  change.extents.push_back({PackId{pack}, first * 1000, (first + count) * 1000, first, count});
  for (auto record = first; record < first + count; ++record) {
    const auto entry = FakePackSet::entry(PackId{pack}, record);
    ChunkHash hash;
    hash.bytes = entry.hash;
    GitId id;
    std::copy_n(entry.hash.begin(), 20, id.bytes.begin());
    const auto key = entry.at.kind == RecordKind::chunk ? keys::chunk(hash) : keys::git_object(id);
    change.derived.push_back({key, encode(entry.at)});
  }
  return change;
}

}  // namespace

TEST_CASE("row_store: rows, scans and snapshots", "[storage][row_store]") {
  Fixture store;
  CHECK(*store.put("a1", "one") == 1);
  CHECK(*store.put("a2", "two") == 2);
  CHECK(*store.put("b", std::string("\0x", 2)) == 3);
  const auto before = store.rows->snapshot();
  Transaction change;
  change.puts = {{"a3", "three"}, {"a1", ""}};
  change.dels = {"a2"};
  REQUIRE(store.rows->apply(change));

  CHECK(store.all() == Rows{{"a1", ""}, {"a3", "three"}, {"b", std::string("\0x", 2)}});
  CHECK(*before->get("a2") == "two");
  CHECK(*before->get("a3") == std::nullopt);
  const auto many = store.rows->get_many({"a3", "none", "a1"});
  REQUIRE(many);
  CHECK(*many == std::vector<std::optional<std::string>>{"three", std::nullopt, ""});

  std::vector<std::string> seen;
  REQUIRE(store.rows->scan("a", "a2", [&](std::string_view key, std::string_view) {
    seen.emplace_back(key);
    return true;
  }));
  CHECK(seen == std::vector<std::string>{"a3"});
  int calls = 0;
  REQUIRE(before->scan("a", "", [&](std::string_view, std::string_view) { return ++calls < 1; }));
  CHECK(calls == 1);
}

TEST_CASE("row_store: expectations and what is refused", "[storage][row_store]") {
  Fixture store;
  REQUIRE(store.put("k", "1"));
  Transaction change;
  change.puts = {{"k", "2"}, {"other", "x"}};
  change.expects = {{"k", "0"}};
  CHECK(store.rows->apply(change).error().code == Errc::conflict);
  change.expects = {{"k", std::nullopt}};
  CHECK(store.rows->apply(change).error().code == Errc::conflict);
  CHECK(store.all() == Rows{{"k", "1"}});
  change.expects = {{"k", "1"}, {"other", std::nullopt}};
  CHECK(*store.rows->apply(change) == 2);
  CHECK(store.all() == Rows{{"k", "2"}, {"other", "x"}});

  CHECK(store.put("", "x").error().code == Errc::invalid_argument);
  CHECK(store.put(std::string("\0applied", 8), "x").error().code == Errc::invalid_argument);
  Transaction groundless;
  groundless.derived = {{"c", "x"}};
  CHECK(store.rows->apply(groundless).error().code == Errc::invalid_argument);
  CHECK(store.put("big", std::string(65u << 20, 'x')).error().code == Errc::too_large);
  CHECK(store.rows->writable());
}

TEST_CASE("row_store: racing compare-and-set has one winner a round", "[storage][row_store]") {
  constexpr int threads = 8;
  constexpr int rounds = 100;
  Fixture store;
  REQUIRE(store.put("head", "0"));
  std::vector<std::atomic<int>> winners(rounds);
  std::barrier round_starts(threads);
  std::vector<std::thread> racers;
  for (int thread = 0; thread < threads; ++thread) {
    racers.emplace_back([&, thread] {
      for (int round = 0; round < rounds; ++round) {
        round_starts.arrive_and_wait();
        Transaction change;
        change.expects = {{"head", std::to_string(round)}};
        change.puts = {{"head", std::to_string(round + 1)},
                       {"won" + std::to_string(round), std::to_string(thread)}};
        if (store.rows->apply(std::move(change))) ++winners[static_cast<std::size_t>(round)];
        round_starts.arrive_and_wait();
      }
    });
  }
  for (auto& racer : racers) racer.join();
  for (const auto& count : winners) CHECK(count == 1);
  const auto before = store.all();
  CHECK(before.size() == 1 + rounds);
  store.drop_index();
  store.reopen();
  CHECK(store.all() == before);
}

TEST_CASE("row_store: the index may be missing, behind or broken", "[storage][row_store]") {
  Fixture store;
  store.options.journal_file_bytes_max = 500;
  store.reopen();
  for (int i = 0; i < 60; ++i) REQUIRE(store.put("k" + std::to_string(i % 20), std::to_string(i)));
  REQUIRE(store.rows->apply(with_extent(7, 0, 4)));
  const bool with_checkpoint = GENERATE(false, true);
  if (with_checkpoint) {
    REQUIRE(store.rows->checkpoint());
    CHECK(store.memory.list(store.options.data / "journal")->size() == 2);
  }
  REQUIRE(store.rows->apply(with_extent(7, 4, 2)));
  Transaction del;
  del.dels = {"k3"};
  REQUIRE(store.rows->apply(del));
  const auto before = store.all();
  CHECK(before.size() == 19 + 6);

  SECTION("nothing happened") {}
  SECTION("closed in order") { REQUIRE(store.rows->close()); }
  SECTION("missing") { store.drop_index(); }
  SECTION("broken") {
    store.close();
    for (const auto& file : std::filesystem::directory_iterator(store.options.data / "index"))
      if (file.is_regular_file()) std::filesystem::resize_file(file, file.file_size() / 2);
  }
  store.reopen();
  CHECK(store.all() == before);
  REQUIRE(store.packs.recovered.size() == 1);
  CHECK(store.packs.recovered[0] == PackExtent{PackId{7}, 0, 6000, 0, 6});
}

TEST_CASE("row_store: checkpoints keep the rows and let the logs go", "[storage][row_store]") {
  Fixture store;
  store.options.journal_file_bytes_max = 300;
  store.reopen();
  Rows expected;
  for (int step = 0; step < 200; ++step) {
    const auto key = "k" + std::to_string(step * 7 % 50);
    if (step % 5 == 4) {
      Transaction del;
      del.dels = {key};
      REQUIRE(store.rows->apply(del));
      expected.erase(key);
    } else {
      REQUIRE(store.put(key, std::to_string(step)));
      expected[key] = std::to_string(step);
    }
    if (step % 40 == 39) REQUIRE(store.rows->checkpoint());
    if (step % 60 == 59) store.drop_index(), store.reopen();
  }
  CHECK(store.all() == expected);
  CHECK(*store.put("last", "x") == 201);
}

TEST_CASE("row_store: a full disk refuses writes and goes on", "[storage][row_store]") {
  Fixture store;
  REQUIRE(store.put("a", "1"));
  const auto failure = GENERATE(Failure::no_space, Failure::short_write);
  store.fs.arm(failure, 0);
  const auto refused = store.put("b", std::string(1000, 'b'));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::no_space);
  CHECK(store.all() == Rows{{"a", "1"}});
  CHECK(store.rows->writable());
  CHECK(*store.put("c", "3") == 2);
  store.drop_index();
  store.reopen();
  CHECK(store.all() == Rows{{"a", "1"}, {"c", "3"}});
}

TEST_CASE("row_store: a failed sync ends writing, reads go on", "[storage][row_store]") {
  Fixture store;
  REQUIRE(store.put("a", "1"));
  store.fs.arm(Failure::lost_sync, 1);
  CHECK(store.put("b", "2").error().code == Errc::unavailable);
  const auto operations = store.fs.operations();
  CHECK(store.put("c", "3").error().code == Errc::unavailable);
  CHECK(store.rows->checkpoint().error().code == Errc::unavailable);
  CHECK(store.fs.operations() == operations);  // never retried
  CHECK_FALSE(store.rows->writable());
  CHECK(store.all() == Rows{{"a", "1"}});
  store.drop_index();
  store.reopen();
  CHECK(store.all() == Rows{{"a", "1"}});
  CHECK(store.put("b", "2"));
}

TEST_CASE("row_store: a lost journal is never taken for an empty one", "[storage][row_store]") {
  Fixture store;
  REQUIRE(store.put("a", "1"));
  REQUIRE(store.rows->close());
  store.close();
  SECTION("the whole file") { REQUIRE(store.memory.remove(store.log(1))); }
  SECTION("its last frame, which the index proves to have been durable") {
    auto bytes = store.memory.files()[store.log(1)];
    bytes.pop_back();
    store.memory.put(store.log(1), bytes);
  }
  CHECK(store.try_open().error().code == Errc::corrupt);
}

TEST_CASE("row_store: the background checkpoint starts by itself", "[storage][row_store]") {
  Fixture store;
  store.options.checkpoint_bytes_min = 2000;
  store.reopen();
  const auto journal = store.options.data / "journal";
  const auto has_checkpoint = [&] {
    const auto names = store.memory.list(journal);
    return std::any_of(names->begin(), names->end(),
                       [](const auto& name) { return name.ends_with(".ckpt"); });
  };
  int writes = 0;
  for (; writes < 20000 && !has_checkpoint(); ++writes)
    REQUIRE(store.put("k" + std::to_string(writes % 10), std::string(100, 'x')));
  CHECK(writes < 20000);
  const auto before = store.all();
  store.drop_index();
  store.reopen();
  CHECK(store.all() == before);
}
