#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "protocol/result.h"

namespace waag::storage {

/// Changes that go into the index together.
class IndexBatch {
 public:
  void put(std::string_view key, std::string_view value);
  void del(std::string_view key);
  /// The journal sequence that the batch brings the index to.
  void applied(std::uint64_t seq);
  void clear() { batch_.Clear(); }
  [[nodiscard]] std::size_t size_bytes() const { return batch_.GetDataSize(); }
  [[nodiscard]] rocksdb::WriteBatch& raw() { return batch_; }

 private:
  rocksdb::WriteBatch batch_;
};

/// The index: RocksDB as a view of journal and packs (DESIGN 3). One column family, no log of its
/// own: what a crash loses is replayed from the journal. Each value carries a CRC-32C of key and
/// value, because RocksDB 7.8 has lost or mixed up data after read errors (RELIABILITY 2.5).
/// Thread-safe.
class RocksIndex {
 public:
  /// Opens or makes it. Errc::corrupt if RocksDB cannot read it, Errc::unavailable for anything
  /// else.
  static Result<std::shared_ptr<RocksIndex>> open(const std::filesystem::path& folder,
                                                  std::size_t block_cache_bytes);
  /// For open().
  explicit RocksIndex(std::unique_ptr<rocksdb::DB> db) : db_(std::move(db)) {}
  ~RocksIndex();
  RocksIndex(const RocksIndex&) = delete;
  RocksIndex& operator=(const RocksIndex&) = delete;

  /// The journal sequence that the index stands at; nullopt if it never got that far.
  [[nodiscard]] Result<std::optional<std::uint64_t>> applied() const;
  Status write(IndexBatch& batch);
  /// Makes everything written so far durable.
  Status flush();

  /// @param at  nullptr: now
  Result<std::optional<std::string>> get(std::string_view key, const rocksdb::Snapshot* at) const;
  Result<std::vector<std::optional<std::string>>> get_many(
      const std::vector<std::string>& keys) const;
  Status scan(std::string_view prefix, std::string_view first,
              const std::function<bool(std::string_view, std::string_view)>& row,
              const rocksdb::Snapshot* at) const;
  const rocksdb::Snapshot* take_snapshot() { return db_->GetSnapshot(); }
  void release(const rocksdb::Snapshot* snapshot) { db_->ReleaseSnapshot(snapshot); }

 private:
  std::unique_ptr<rocksdb::DB> db_;
};

/// Keys that callers may use: not empty and not in the index's own range (first byte NUL).
[[nodiscard]] inline bool is_row_key(std::string_view key) {
  return !key.empty() && key[0] != '\0';
}

}  // namespace waag::storage
