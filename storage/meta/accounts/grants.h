#pragma once

#include "storage/meta/tables/table.h"

namespace waag::storage {

struct RepoGrant {
  std::uint64_t uid = 0;
  Role role{Role::read};
};

/// Rows B and D: roles of users and groups on single repos, found from either side. They hang on
/// the repo's uid: they move with it and end with it. Thread-safe.
class GrantTable {
 public:
  explicit GrantTable(RowStore& rows) : rows_(rows) {}

  /// Adds or changes a role. Errc::not_found if there is no such user or group,
  /// Errc::repo_not_found if the repo is gone
  Status put(std::uint64_t uid, const GrantRow& grant);
  Status remove(std::uint64_t uid, const Grantee& from);            // Errc::not_found
  Result<std::vector<GrantRow>> on_repo(std::uint64_t uid) const;   // users before groups
  Result<std::vector<RepoGrant>> of(const Grantee& grantee) const;  // by uid

  /// Puts on `transaction` the end of every role that a grantee has.
  static Status remove_all_of(const RowStore& rows, Transaction& transaction,
                              const Grantee& grantee);
  /// The two rows of the grant whose B key is `key`.
  static void remove_rows(Transaction& transaction, std::string_view key);

 private:
  RowStore& rows_;
};

}  // namespace waag::storage
