#pragma once

#include "storage/meta/tables/table.h"

namespace waag::storage {

struct UserGroup {
  std::string org;  // as in its key: folded
  GroupRow group;
};

/// Rows P (groups of an organisation), Q and V (who is in them, in both directions). Only members
/// of the organisation are. Thread-safe.
class GroupTable {
 public:
  explicit GroupTable(RowStore& rows) : rows_(rows) {}

  /// Adds a group, or changes the role of the one of that name. Errc::not_found if there is no such
  /// organisation
  Status put(std::string_view org, const GroupRow& group);
  Result<GroupRow> find(std::string_view org, std::string_view name) const;  // Errc::not_found
  Result<std::vector<GroupRow>> list(std::string_view org) const;            // by folded name
  /// With its members' rows and its roles on repos. Errc::not_found
  Status remove(std::string_view org, std::string_view name);

  /// Errc::not_found if there is no such group or the user is no member of the organisation
  Status add_member(std::string_view org, std::string_view group, std::string_view user);
  Status remove_member(std::string_view org, std::string_view group, std::string_view user);
  /// Folded names, sorted.
  Result<std::vector<std::string>> members(std::string_view org, std::string_view group) const;
  Result<std::vector<UserGroup>> groups_of(std::string_view user) const;

  /// Puts on `transaction` what takes a user out of all groups of an organisation.
  static Status leave_all(const RowStore& rows, Transaction& transaction, std::string_view org,
                          std::string_view user);
  /// Puts on `transaction` the end of a group.
  static Status remove_rows(const RowStore& rows, Transaction& transaction, std::string_view org,
                            std::string_view name);

 private:
  RowStore& rows_;
};

}  // namespace waag::storage
