#pragma once

#include "storage/meta/tables/table.h"

namespace waag::storage {

/// Rows t (by public id) and T (by user). Thread-safe.
class TokenTable {
 public:
  explicit TokenTable(RowStore& rows) : rows_(rows) {}

  Status put(const TokenRow& token);
  Result<TokenRow> find(std::string_view public_id) const;          // Errc::not_found
  Result<std::vector<TokenRow>> list(std::string_view user) const;  // by public id
  Status remove(std::string_view public_id);                        // Errc::not_found

 private:
  RowStore& rows_;
};

}  // namespace waag::storage
