#pragma once

#include <map>

#include "storage/meta/tables/table.h"

namespace waag::storage {

/// Rows s: multipart upload sessions. The value is the owner's business. Thread-safe.
class SessionTable {
 public:
  explicit SessionTable(RowStore& rows) : rows_(rows) {}

  Status put(std::string_view id, std::string_view value);
  Result<std::string> find(std::string_view id) const;      // Errc::not_found
  Status remove(std::string_view id);                       // ok if there is none
  Result<std::map<std::string, std::string>> list() const;  // by id

 private:
  RowStore& rows_;
};

}  // namespace waag::storage
