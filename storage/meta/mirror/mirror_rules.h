#pragma once

#include <functional>
#include <string>
#include <vector>

#include "storage/meta/row_store.h"

namespace waag::storage {

/// Rows Z: what is to be mirrored and when, by name without case. What a rule says is the daemon's
/// own text (daemon/mirror/schedule). Thread-safe.
class MirrorRuleTable {
 public:
  explicit MirrorRuleTable(RowStore& rows) : rows_(rows) {}

  Status add(std::string_view name, std::string_view text);  // Errc::conflict
  Result<std::string> find(std::string_view name) const;     // Errc::not_found
  Result<std::vector<std::string>> list() const;             // by name
  /// Puts what `edit` makes of the text; builds it anew if somebody else has changed it meanwhile.
  /// Errc::not_found
  Status change(std::string_view name, const std::function<Status(std::string& text)>& edit);
  Status remove(std::string_view name);  // Errc::not_found

 private:
  RowStore& rows_;
};

}  // namespace waag::storage
