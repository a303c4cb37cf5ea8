#pragma once

#include "storage/meta/tables/table.h"

namespace waag::storage {

/// Rows r (by name) and o (by uid), and the counter that gives out uids. Thread-safe.
class RepoTable {
 public:
  explicit RepoTable(RowStore& rows) : rows_(rows) {}

  Result<RepoRow> find(const RepoId& id) const;       // Errc::repo_not_found
  Result<RepoRow> find_uid(std::uint64_t uid) const;  // Errc::repo_not_found
  /// Repos of one type in the order of their folded full names, after `after` (exclusive).
  Result<std::vector<RepoRow>> list(RepoType type, std::string_view after, std::size_t limit) const;
  /// Gives `row` the next uid and puts its rows on `transaction`; the name must be free when it is
  /// applied. Errc::conflict if it is taken already.
  Status add(Transaction& transaction, RepoRow& row) const;
  /// Removes both rows; they must be as `row` says when it is applied.
  static void remove(Transaction& transaction, const RepoRow& row);
  /// @return the row as it is now
  Result<RepoRow> change(std::uint64_t uid, const RepoSettings& settings);
  /// The transaction fails with Errc::conflict if the repo is gone by then.
  static void expect_alive(Transaction& transaction, const RepoRow& row);

 private:
  RowStore& rows_;
};

}  // namespace waag::storage
