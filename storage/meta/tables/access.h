#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/meta/tables/table.h"

namespace waag::storage {

enum class AccessStatus : std::uint8_t { pending = 0, accepted = 1, rejected = 2 };

/// One user's request for the files of one gated repo, or the grant that came without one.
struct AccessRow {
  std::string user;  // in the spelling of the user's own row
  AccessStatus status{AccessStatus::pending};
  TimeMs asked{};        // when the user asked, or was granted access
  std::string fields;    // what the user filled in: a JSON object, "" if there was no form
  std::string reason;    // why it was rejected; "" otherwise
  bool granted = false;  // by the repo's owner, unasked: the user's address was not shared
  bool operator==(const AccessRow&) const = default;
};

std::string encode(const AccessRow& row);
Result<AccessRow> decode_access(std::string_view value);

/// Rows a: who may, may not or would like to read the files of a gated repo. Thread-safe.
class AccessTable {
 public:
  explicit AccessTable(RowStore& rows) : rows_(rows) {}

  Result<std::optional<AccessRow>> find(std::uint64_t uid, std::string_view user) const;
  /// Rows of one status in the order of folded names, after the user `after`; at most `limit`.
  Result<std::vector<AccessRow>> list(std::uint64_t uid, AccessStatus status,
                                      std::string_view after, std::size_t limit) const;
  /// Puts `row` where `was` stood; nullopt: the user had none. Errc::conflict if another writer
  /// came first; Errc::repo_not_found if the repo is gone.
  Status put(const RepoRow& repo, const AccessRow& row, const std::optional<AccessRow>& was);

 private:
  RowStore& rows_;
};

}  // namespace waag::storage
