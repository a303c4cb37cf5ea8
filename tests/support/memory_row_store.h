#pragma once

#include <functional>
#include <map>
#include <mutex>

#include "storage/meta/row_store.h"

namespace waag::testing {

/// Rows in a map, without a journal: for tests of what stands on a RowStore. Thread-safe.
class MemoryRowStore final : public storage::RowStore {
 public:
  Result<std::uint64_t> apply(storage::Transaction transaction) override;
  Result<std::optional<std::string>> get(std::string_view key) const override;
  Result<std::vector<std::optional<std::string>>> get_many(
      const std::vector<std::string>& keys) const override;
  Status scan(std::string_view prefix, std::string_view first,
              const std::function<bool(std::string_view, std::string_view)>& row) const override;
  [[nodiscard]] std::unique_ptr<storage::RowSnapshot> snapshot() const override;
  Result<storage::RowCounts> counts() override;
  [[nodiscard]] Status writable() const override { return ok(); }
  Result<std::vector<storage::PackExtent>> journaled_extents() override { return extents(); }
  Status checkpoint() override { return ok(); }
  Status close() override { return ok(); }

  /// Called with every transaction before it is applied; an error refuses it.
  std::function<Status(const storage::Transaction&)> on_apply;
  /// Every extent applied, in order: what a journal would hand to PackSet::recover.
  [[nodiscard]] std::vector<storage::PackExtent> extents() const;
  /// Calls of get and get_many so far.
  [[nodiscard]] std::uint64_t reads() const;
  void put(std::string key, std::string value);
  void erase(const std::string& key);

 private:
  using Rows = std::map<std::string, std::string, std::less<>>;
  class MemorySnapshot;

  mutable std::mutex mutex_;
  Rows rows_;
  std::vector<storage::PackExtent> extents_;
  std::uint64_t sequence_ = 0;
  mutable std::uint64_t reads_ = 0;
};

}  // namespace waag::testing
