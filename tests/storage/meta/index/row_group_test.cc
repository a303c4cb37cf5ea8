#include "storage/meta/index/row_group.h"

#include <atomic>
#include <thread>

#include "storage/meta/blob_rows.h"
#include "storage/meta/keys.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

namespace {

Row blob_row(std::uint8_t name, std::uint64_t size_bytes) {
  BlobId id;
  id.bytes[0] = std::byte{name};
  BlobManifest manifest;
  manifest.size_bytes = size_bytes;
  manifest.terms.push_back({XorbHash{}, 0, 1, size_bytes});
  return {keys::blob(id), encode(manifest)};
}

/// A group on an index that holds one blob of 7 bytes.
struct Group {
  testing::TempFolder folder;
  std::shared_ptr<RocksIndex> index = *RocksIndex::open(folder.path(), 1u << 20);
  IndexBatch batch;
  RowGroup group{*index, true};
  std::vector<std::unique_ptr<Transaction>> transactions;  // a group refers to them

  Group() {
    IndexBatch before;
    const auto row = blob_row(1, 7);
    before.put(row.key, row.value);
    REQUIRE(index->write(before));
  }
  RowCounts counted() {
    const auto counts = group.counted();
    REQUIRE(counts);
    return *counts;
  }
  void put(Row row) {
    transactions.push_back(std::make_unique<Transaction>());
    transactions.back()->puts.push_back(std::move(row));
    group.take(*transactions.back(), batch);
  }
  void del(const std::string& key) {
    transactions.push_back(std::make_unique<Transaction>());
    transactions.back()->dels.push_back(key);
    group.take(*transactions.back(), batch);
  }
};

}  // namespace

TEST_CASE_METHOD(Group, "row group: counts what comes, changes and goes", "[storage][rows]") {
  put(blob_row(2, 100));
  CHECK(counted() == RowCounts{0, 1, 100});
  put(blob_row(2, 100));
  CHECK(counted() == RowCounts{0, 1, 100});
  put(blob_row(1, 10));
  CHECK(counted() == RowCounts{0, 1, 103});
  put({keys::repo_uid(5), "anything"});
  put({keys::repo_uid(5), "else"});
  put({"zzz", "not counted"});
  CHECK(counted() == RowCounts{1, 1, 103});
  del(blob_row(2, 0).key);
  del(blob_row(2, 0).key);
  del(blob_row(9, 0).key);
  CHECK(counted() == RowCounts{1, 0, 3});
  put(blob_row(2, 1));
  CHECK(counted() == RowCounts{1, 1, 4});
}

TEST_CASE_METHOD(Group, "row group: what does not decode is not counted at all",
                 "[storage][rows]") {
  put({blob_row(2, 0).key, "?"});
  CHECK_FALSE(group.counted());
  put(blob_row(3, 1));
  CHECK_FALSE(group.counted());
}

TEST_CASE_METHOD(Group, "row group: expectations see what came before in the group",
                 "[storage][rows]") {
  put({"a", "1"});
  Transaction asks;
  asks.expects = {{"a", "1"}};
  bool looked_at_group = false;
  CHECK(*group.meets(asks, looked_at_group));
  CHECK(looked_at_group);
  looked_at_group = false;
  asks.expects = {{blob_row(1, 7).key, blob_row(1, 7).value}, {"b", std::nullopt}};
  CHECK(*group.meets(asks, looked_at_group));
  CHECK_FALSE(looked_at_group);
  del("a");
  asks.expects = {{"a", "1"}};
  CHECK_FALSE(*group.meets(asks, looked_at_group));
  CHECK(looked_at_group);
}

TEST_CASE_METHOD(StoreFixture, "row store: counts while others write", "[storage][rows]") {
  constexpr std::uint64_t each = 40;
  std::vector<std::thread> writers;
  std::atomic<int> failed = 0;
  for (std::uint64_t writer = 0; writer < 3; ++writer)
    writers.emplace_back([this, &failed, writer] {
      for (std::uint64_t i = 0; i < each; ++i) {
        Transaction transaction;
        transaction.puts.push_back({keys::repo_uid(writer * each + i), "x"});
        if (i > 0) transaction.dels.push_back(keys::repo_uid(writer * each + i - 1));
        if (!store->rows().apply(std::move(transaction))) ++failed;
      }
    });
  for (int i = 0; i < 20; ++i) CHECK(store->rows().counts()->repos <= 3);
  for (auto& writer : writers) writer.join();
  CHECK(failed == 0);
  CHECK(store->rows().counts()->repos == 3);
}

}  // namespace waag::storage
