#pragma once

#include "storage/meta/tables/table.h"

namespace waag::storage {

/// Rows U. Names are found case-insensitively. Thread-safe.
class UserTable {
 public:
  explicit UserTable(RowStore& rows) : rows_(rows) {}

  /// Users and organisations share one space of names. Errc::conflict if the name is taken
  Status add(const UserRow& user);
  Result<UserRow> change(std::string_view name, const UserChange& change);  // Errc::not_found
  Result<UserRow> find(std::string_view name) const;                        // Errc::not_found
  Result<std::vector<UserRow>> list() const;                                // by folded name

 private:
  RowStore& rows_;
};

}  // namespace waag::storage
