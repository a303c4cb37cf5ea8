#pragma once

#include <unordered_map>

#include "storage/meta/index/rocks.h"
#include "storage/meta/row_store.h"

namespace waag::storage {

/// What a row counts for; most rows count for nothing. Errc::corrupt if it does not decode.
Result<RowCounts> counts_of(std::string_view key, std::string_view value);
/// Prefixes of the keys of rows that count for something.
std::vector<std::string> counted_rows();

/// Rows as the transactions of one group leave them, one after the other, before any is written.
class RowGroup {
 public:
  /// @param count  whether counted() is wanted: it costs a look at each row that counts
  RowGroup(const RocksIndex& index, bool count) : index_(index), count_(count) {}

  /// Whether the transaction's expectations are met.
  /// @param looked_at_group  set if that depends on what the group has changed
  Result<bool> meets(const Transaction& transaction, bool& looked_at_group) const;
  /// The transaction is part of the group; it must live as long.
  void take(const Transaction& transaction, IndexBatch& batch);
  /// By how much the group changes the counts; nullopt if that is not known.
  [[nodiscard]] std::optional<RowCounts> counted() const;

 private:
  void set(std::string_view key, std::optional<std::string_view> value);
  Status count(std::string_view key, std::optional<std::string_view> value);

  const RocksIndex& index_;
  std::unordered_map<std::string_view, std::optional<std::string_view>> changed_;
  bool count_;
  RowCounts counts_;
};

}  // namespace waag::storage
