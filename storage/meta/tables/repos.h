#pragma once

#include "storage/meta/tables/table.h"

namespace waag::storage {

/// Rows r (by name), o (by uid), R (former names) and q (trash), and the counter that gives out
/// uids. Thread-safe.
class RepoTable {
 public:
  explicit RepoTable(RowStore& rows) : rows_(rows) {}

  Result<RepoRow> find(const RepoId& id) const;       // Errc::repo_not_found
  Result<RepoRow> find_uid(std::uint64_t uid) const;  // Errc::repo_not_found
  /// The repo that had this name before it was moved, wherever it is now: one hop, however often it
  /// was. Errc::repo_not_found if there is none.
  Result<RepoRow> find_moved(const RepoId& former) const;
  /// Repos of one type in the order of their folded full names, after `after` (exclusive).
  Result<std::vector<RepoRow>> list(RepoType type, std::string_view after, std::size_t limit) const;
  /// Gives `row` the next uid and puts its rows on `transaction`; the name must be free when it is
  /// applied. Errc::conflict if it is taken already. A redirect from the name ends.
  Status add(Transaction& transaction, RepoRow& row) const;
  /// Removes both rows; they must be as `row` says when it is applied.
  static void remove(Transaction& transaction, const RepoRow& row);
  /// @return the row as it is now
  Result<RepoRow> change(std::uint64_t uid, const RepoSettings& settings);
  /// Gives the repo another name and leaves a redirect at the old one. A redirect from the new name
  /// ends; another spelling of the own name is no move and leaves none.
  /// @return the row as it is now; Errc::conflict if the name is another repo's,
  ///         Errc::invalid_argument if it is of another type
  Result<RepoRow> move(std::uint64_t uid, const RepoId& to);
  /// Takes the repo's name and uid away and keeps it in the trash.
  Status discard(std::uint64_t uid, std::string_view user, TimeMs at);  // Errc::repo_not_found
  /// Gives a repo of the trash its uid back and this name. A redirect from the name ends.
  /// @return Errc::conflict if the name is taken, Errc::not_found if the trash has no such repo
  Result<RepoRow> restore(std::uint64_t uid, const RepoId& as);
  /// Last deleted first.
  Result<std::vector<TrashRow>> trash() const;
  /// Keys of the redirects that lead to the repo. Reads all redirects.
  Result<std::vector<std::string>> redirects_to(std::uint64_t uid) const;
  /// The transaction fails with Errc::conflict if the repo is gone by then.
  static void expect_alive(Transaction& transaction, const RepoRow& row);

 private:
  /// The repo's row, expected on `transaction` as it is stored. Errc::conflict if it is not at the
  /// name that `row` says.
  Result<RepoRow> expect_row(Transaction& transaction, const RepoRow& row) const;
  Result<RepoRow> try_change(const RepoRow& old, const RepoSettings& settings);
  Result<RepoRow> try_move(const RepoRow& row, const RepoId& to);

  RowStore& rows_;
};

}  // namespace waag::storage
