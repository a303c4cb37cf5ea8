#include "storage/meta/row_recovery.h"

#include <catch2/catch.hpp>

#include "storage/meta/keys.h"
#include "tests/support/fake_pack_set.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/temp_folder.h"

using namespace waag;
using namespace waag::storage;
using namespace waag::testing;

namespace {

struct Fixture {
  TempFolder folder;
  MemoryFileSystem fs;
  FakePackSet packs;
  RowStore::Options options;

  Fixture() {
    options.data = folder.path();
    REQUIRE(fs.create_dir(options.data));
  }
  RecoveredRows recover() {
    auto recovered = recover_rows(fs, packs, options);
    INFO((recovered ? "" : recovered.error().what));
    REQUIRE(recovered);
    return std::move(*recovered);
  }
  static void journal_only(RecoveredRows& rows, const Transaction& change) {
    REQUIRE(rows.journal->append(std::vector<Bytes>{journal::encode_rows(change)}));
  }
};

}  // namespace

TEST_CASE("row_recovery: what only the journal has is replayed, extents included",
          "[storage][row_recovery]") {
  Fixture store;
  {
    auto rows = store.recover();
    Transaction change;
    change.puts = {{"a", "1"}, {"b", "1"}};
    change.extents = {{PackId{3}, 0, 20, 0, 2}};
    Fixture::journal_only(rows, change);
    change = {};
    change.dels = {"a"};
    Fixture::journal_only(rows, change);
  }
  const auto rows = store.recover();
  CHECK(*rows.index->applied() == 2);
  CHECK(*rows.index->get("a", nullptr) == std::nullopt);
  CHECK(*rows.index->get("b", nullptr) == "1");
  const auto chunk = FakePackSet::entry(PackId{3}, 0);
  ChunkHash hash;
  hash.bytes = chunk.hash;
  CHECK(*rows.index->get(keys::chunk(hash), nullptr) == encode(chunk.at));
  const auto tree = FakePackSet::entry(PackId{3}, 1);
  GitId id;
  std::copy_n(tree.hash.begin(), id.bytes.size(), id.bytes.begin());
  CHECK(*rows.index->get(keys::git_object(id), nullptr) == encode(tree.at));
  CHECK(store.packs.recovered == std::vector{PackExtent{PackId{3}, 0, 20, 0, 2}});
}

TEST_CASE("row_recovery: an index that is ahead of the journal is made again",
          "[storage][row_recovery]") {
  Fixture store;
  {
    auto rows = store.recover();
    Transaction change;
    change.puts = {{"a", "1"}};
    Fixture::journal_only(rows, change);
    IndexBatch batch;
    batch.put("from nowhere", "x");
    batch.applied(5);
    REQUIRE(rows.index->write(batch));
  }
  const auto rows = store.recover();
  CHECK(*rows.index->applied() == 1);
  CHECK(*rows.index->get("a", nullptr) == "1");
  CHECK(*rows.index->get("from nowhere", nullptr) == std::nullopt);
}

TEST_CASE("row_recovery: an index without a sequence counts as missing",
          "[storage][row_recovery]") {
  Fixture store;
  {
    auto index = RocksIndex::open(store.options.data / "index", store.options.block_cache_bytes);
    REQUIRE(index);
    IndexBatch batch;
    batch.put("half", "loaded");
    REQUIRE((*index)->write(batch));
    REQUIRE((*index)->flush());
  }
  const auto rows = store.recover();
  CHECK(*rows.index->get("half", nullptr) == std::nullopt);
}
