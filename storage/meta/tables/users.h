#pragma once

#include "storage/meta/tables/table.h"

namespace waag::storage {

/// Rows U. Names are found case-insensitively. Thread-safe.
class UserTable {
 public:
  explicit UserTable(RowStore& rows) : rows_(rows) {}

  Status put(const UserRow& user, bool must_be_new);  // Errc::conflict
  Result<UserRow> find(std::string_view name) const;  // Errc::not_found
  Result<std::vector<UserRow>> list() const;          // by folded name

 private:
  RowStore& rows_;
};

}  // namespace waag::storage
