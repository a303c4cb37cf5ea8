#pragma once

#include <utility>
#include <vector>

#include "storage/meta/tables/table.h"

namespace waag::storage {

/// One soft row for each repo: what can be computed anew (summaries) or is no great loss (the last
/// seconds of download counts). Written in batches behind the work, never with it; values are their
/// owner's business. A row goes with its repo. Thread-safe.
class SoftTable {
 public:
  /// @param key  of the row of a repo's uid
  SoftTable(RowStore& rows, std::string (*key)(std::uint64_t uid)) : rows_(rows), key_(key) {}

  Result<std::optional<std::string>> find(std::uint64_t uid) const;
  using Values = std::vector<std::pair<std::uint64_t, std::string>>;
  /// All in one transaction; those of repos that are gone are left out.
  Status put(const Values& values);

 private:
  RowStore& rows_;
  std::string (*key_)(std::uint64_t uid);
};

}  // namespace waag::storage
