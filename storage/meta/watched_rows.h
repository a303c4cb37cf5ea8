#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <shared_mutex>

#include "storage/meta/row_store.h"

namespace waag::storage {

/// A RowStore that tells one watcher which repos a transaction has changed, as far as lists show
/// them: their own row, the head of main, likes. Standing where every change passes, it cannot
/// miss one, whichever road it took. Thread-safe.
class WatchedRows final : public RowStore {
 public:
  /// A repo's uid. Called after the change is visible and before it is acknowledged, by its own
  /// thread; must be quick and not call the store.
  using Watcher = std::function<void(std::uint64_t uid)>;

  explicit WatchedRows(std::unique_ptr<RowStore> rows) : rows_(std::move(rows)) {}

  /// nullptr: nobody. On return no call of the one before runs any more.
  void watch(Watcher watcher);

  /// Grows whenever a link of the repo to a blob is made or ends (and now and then without cause):
  /// what was read of the links after the number holds while it stays.
  [[nodiscard]] std::uint64_t links_version(std::uint64_t uid) const {
    return links_versions_[uid % links_versions_.size()].load();
  }

  Result<std::uint64_t> apply(Transaction transaction) override;
  Result<std::optional<std::string>> get(std::string_view key) const override {
    return rows_->get(key);
  }
  Result<std::vector<std::optional<std::string>>> get_many(
      const std::vector<std::string>& keys) const override {
    return rows_->get_many(keys);
  }
  Status scan(std::string_view prefix, std::string_view first,
              const std::function<bool(std::string_view, std::string_view)>& row) const override {
    return rows_->scan(prefix, first, row);
  }
  [[nodiscard]] std::unique_ptr<RowSnapshot> snapshot() const override { return rows_->snapshot(); }
  Result<RowCounts> counts() override { return rows_->counts(); }
  [[nodiscard]] Status writable() const override { return rows_->writable(); }
  Result<std::vector<PackExtent>> journaled_extents() override {
    return rows_->journaled_extents();
  }
  Status checkpoint() override { return rows_->checkpoint(); }
  Status close() override { return rows_->close(); }

 private:
  void note_links(const std::vector<std::uint64_t>& uids);

  std::unique_ptr<RowStore> rows_;
  std::array<std::atomic<std::uint64_t>, 1024> links_versions_{};  // several repos share one
  std::shared_mutex mutex_;
  Watcher watcher_;
};

/// The repos that a transaction changes in the above sense, each once.
std::vector<std::uint64_t> touched_repos(const Transaction& transaction);
/// The repos whose links to blobs a transaction changes, each once.
std::vector<std::uint64_t> relinked_repos(const Transaction& transaction);

}  // namespace waag::storage
