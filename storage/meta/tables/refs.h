#pragma once

#include "storage/meta/tables/table.h"

namespace waag::storage {

/// Rows h (refs), H (each ref's history) and C (commits that a repo knows). Thread-safe.
class RefTable {
 public:
  explicit RefTable(RowStore& rows) : rows_(rows) {}

  Result<std::optional<RefRow>> find(std::uint64_t uid, std::string_view name) const;
  Result<std::vector<Ref>> list(std::uint64_t uid) const;
  /// Oldest first.
  Result<std::vector<RefLogRow>> log(std::uint64_t uid, std::string_view name) const;

  struct Move {
    std::uint64_t uid = 0;
    std::string_view name;
    std::optional<RefRow> from;  // what it is now; nullopt: it must not exist
    std::optional<RefRow> to;    // nullopt: delete
    std::string_view user;
    TimeMs at{};
  };
  /// Puts the ref row, with the expectation of its old value, and its log row on `transaction`. The
  /// rows' time is `at`, or a millisecond after the ref's last move if the clock has not passed it.
  Status move(Transaction& transaction, const Move& move);

  /// True if the commit came into this repo by a commit, a push or a mirror. Knowing a commit's id
  /// is not enough: the same id may belong to another, private repo.
  Result<bool> knows(std::uint64_t uid, const CommitId& commit) const;
  static void add_commit(Transaction& transaction, std::uint64_t uid, const CommitId& commit);
  /// The one commit of this repo whose hex id starts with `digits` (7 to 40 of them).
  /// nullopt if none or more than one does.
  Result<std::optional<CommitId>> find_short(std::uint64_t uid, std::string_view digits) const;
  Result<std::vector<CommitId>> commits(std::uint64_t uid) const;

 private:
  Result<TimeMs> next_time(const Move& move) const;

  RowStore& rows_;
};

}  // namespace waag::storage
