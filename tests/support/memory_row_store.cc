#include "tests/support/memory_row_store.h"

#include "storage/meta/index/row_group.h"

namespace waag::testing {

using storage::RowSnapshot;
using storage::Transaction;

namespace {

template <class Rows, class Visit>
void scan_rows(const Rows& rows, std::string_view prefix, std::string_view first,
               const Visit& row) {
  for (auto at = rows.lower_bound(std::max(prefix, first));
       at != rows.end() && std::string_view(at->first).starts_with(prefix); ++at)
    if (!row(at->first, at->second)) return;
}

}  // namespace

class MemoryRowStore::MemorySnapshot final : public RowSnapshot {
 public:
  explicit MemorySnapshot(Rows rows) : rows_(std::move(rows)) {}
  Result<std::optional<std::string>> get(std::string_view key) const override {
    const auto at = rows_.find(key);
    if (at == rows_.end()) return std::optional<std::string>();
    return std::optional(at->second);
  }
  Status scan(std::string_view prefix, std::string_view first,
              const std::function<bool(std::string_view, std::string_view)>& row) const override {
    scan_rows(rows_, prefix, first, row);
    return ok();
  }

 private:
  Rows rows_;
};

Result<std::uint64_t> MemoryRowStore::apply(Transaction transaction) {
  if (on_apply) WAAG_CHECK(on_apply(transaction));
  const std::lock_guard lock(mutex_);
  for (const auto& expect : transaction.expects) {
    const auto at = rows_.find(expect.key);
    const bool holds =
        expect.value ? at != rows_.end() && at->second == *expect.value : at == rows_.end();
    if (!holds) return fail(Errc::conflict, "row is not as expected");
  }
  for (const auto& key : transaction.dels) rows_.erase(key);
  for (auto& row : transaction.puts) rows_[row.key] = std::move(row.value);
  for (auto& row : transaction.derived) rows_[row.key] = std::move(row.value);
  extents_.insert(extents_.end(), transaction.extents.begin(), transaction.extents.end());
  return ++sequence_;
}

Result<std::optional<std::string>> MemoryRowStore::get(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  ++reads_;
  const auto at = rows_.find(key);
  if (at == rows_.end()) return std::optional<std::string>();
  return std::optional(at->second);
}

Result<std::vector<std::optional<std::string>>> MemoryRowStore::get_many(
    const std::vector<std::string>& keys) const {
  std::vector<std::optional<std::string>> values;
  const std::lock_guard lock(mutex_);
  ++reads_;
  for (const auto& key : keys) {
    const auto at = rows_.find(key);
    values.push_back(at == rows_.end() ? std::nullopt : std::optional(at->second));
  }
  return values;
}

Status MemoryRowStore::scan(
    std::string_view prefix, std::string_view first,
    const std::function<bool(std::string_view, std::string_view)>& row) const {
  return snapshot()->scan(prefix, first, row);
}

Result<storage::RowCounts> MemoryRowStore::counts() {
  const std::lock_guard lock(mutex_);
  storage::RowCounts all;
  for (const auto& [key, value] : rows_) {
    WAAG_TRY(const auto counts, storage::counts_of(key, value));
    all += counts;
  }
  return all;
}

std::unique_ptr<RowSnapshot> MemoryRowStore::snapshot() const {
  const std::lock_guard lock(mutex_);
  return std::make_unique<MemorySnapshot>(rows_);
}

std::vector<storage::PackExtent> MemoryRowStore::extents() const {
  const std::lock_guard lock(mutex_);
  return extents_;
}

std::uint64_t MemoryRowStore::reads() const {
  const std::lock_guard lock(mutex_);
  return reads_;
}

void MemoryRowStore::put(std::string key, std::string value) {
  const std::lock_guard lock(mutex_);
  rows_[std::move(key)] = std::move(value);
}

void MemoryRowStore::erase(const std::string& key) {
  const std::lock_guard lock(mutex_);
  rows_.erase(key);
}

}  // namespace waag::testing
