#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/os/clock.h"
#include "storage/os/file_system.h"
#include "storage/pack/pack_set.h"

namespace waag::storage {

struct Row {
  std::string key;
  std::string value;
};

/// A conditional atomic batch of row changes, durable once RowStore::apply returned.
struct Transaction {
  struct Expect {
    std::string key;
    std::optional<std::string> value;  // nullopt: the row must not exist
  };
  std::vector<Expect> expects;
  std::vector<Row> puts;
  std::vector<std::string> dels;
  /// Pack stretches (already fdatasynced) that the rows need, and the look-up rows derived from
  /// them (keys::chunk, keys::git_object). Extents are journaled, derived rows only indexed.
  std::vector<PackExtent> extents;
  std::vector<Row> derived;
};

/// How many there are of what stands in some rows. As a difference it wraps around.
struct RowCounts {
  std::uint64_t repos = 0;
  std::uint64_t blobs = 0;
  std::uint64_t logical_bytes = 0;  // of the blobs

  RowCounts& operator+=(const RowCounts& other) {
    repos += other.repos;
    blobs += other.blobs;
    logical_bytes += other.logical_bytes;
    return *this;
  }
  RowCounts& operator-=(const RowCounts& other) {
    repos -= other.repos;
    blobs -= other.blobs;
    logical_bytes -= other.logical_bytes;
    return *this;
  }
  bool operator==(const RowCounts&) const = default;
};

/// A frozen view of all rows.
class RowSnapshot {
 public:
  virtual ~RowSnapshot() = default;
  virtual Result<std::optional<std::string>> get(std::string_view key) const = 0;
  /// Calls `row(key, value)` for each key with `prefix`, from `first` on, in key order, until it
  /// returns false.
  virtual Status scan(std::string_view prefix, std::string_view first,
                      const std::function<bool(std::string_view, std::string_view)>& row) const = 0;
};

/// Rows with a journal as the log of record and RocksDB as a view (DESIGN 3). Thread-safe.
///
/// apply: transactions queue; one leader checks each one's expectations against rows + the
/// transactions before it in the same group, frames the survivors, writes and fsyncs the journal
/// once, applies one RocksDB batch with the journal sequence in it, wakes all. A failed fsync ends
/// writing for good (Errc::unavailable from then on); reads go on.
class RowStore {
 public:
  struct Options {
    std::filesystem::path data;  // holds journal/ and index/
    std::uint64_t journal_file_bytes_max = 64u << 20;
    std::uint64_t checkpoint_bytes_min =
        64u << 20;  // journal since the last checkpoint that starts one
    std::size_t block_cache_bytes = 64u << 20;
    Random* random = nullptr;  // salts of journal files; null: the kernel's
  };
  /// Opens, replays the journal into the index from its applied sequence (all of it if index/ is
  /// gone), and calls packs.recover with every journaled extent of packs that are still open.
  static Result<std::unique_ptr<RowStore>> open(FileSystem& fs, PackSet& packs, Options options);
  virtual ~RowStore() = default;

  /// Puts come before dels. Without any change it only checks the expectations.
  /// @return the journal sequence. Nothing was changed after Errc::conflict (an expectation
  /// failed),
  ///         no_space, too_large (frame_payload_bytes_max) and invalid_argument. After
  ///         Errc::unavailable, all of it or nothing may be there when the store is opened again.
  virtual Result<std::uint64_t> apply(Transaction transaction) = 0;
  virtual Result<std::optional<std::string>> get(std::string_view key) const = 0;
  /// One answer per key, in order.
  virtual Result<std::vector<std::optional<std::string>>> get_many(
      const std::vector<std::string>& keys) const = 0;
  virtual Status scan(std::string_view prefix, std::string_view first,
                      const std::function<bool(std::string_view, std::string_view)>& row) const = 0;
  [[nodiscard]] virtual std::unique_ptr<RowSnapshot> snapshot() const = 0;
  /// As of now. The first call scans the rows that count, from then on each change counts itself.
  virtual Result<RowCounts> counts() = 0;
  /// Whether apply may be called: Errc::unavailable once a sync or the index has failed. Never
  /// waits for disk.
  [[nodiscard]] virtual Status writable() const = 0;
  /// Every stretch of a pack that the journal vouches for, by pack and offset; those that touch are
  /// one. Reads the journal through: for checks. Changes wait meanwhile.
  virtual Result<std::vector<PackExtent>> journaled_extents() = 0;
  /// Writes a checkpoint and lets older journal files go.
  virtual Status checkpoint() = 0;
  virtual Status close() = 0;
};

}  // namespace waag::storage
