#pragma once

#include "storage/meta/tables/table.h"

namespace waag::storage {

/// What of an organisation's row may be changed; nullopt leaves it.
struct OrgChange {
  std::optional<std::string> full_name{};
  std::optional<Visibility> new_repos{};
};

struct Membership {
  OrgRow org;
  Role role{Role::read};
};

/// Rows O (organisations), W and w (their members, in both directions). Names are found whatever
/// their case; users and organisations share one space of names. Thread-safe.
class OrgTable {
 public:
  explicit OrgTable(RowStore& rows) : rows_(rows) {}

  /// With `first_admin` as its one member, if not "". Errc::conflict if a user or an organisation
  /// has the name, Errc::not_found if there is no such user.
  Status add(const OrgRow& org, std::string_view first_admin);
  Result<OrgRow> find(std::string_view name) const;  // Errc::not_found
  Result<std::vector<OrgRow>> list() const;          // by folded name
  Result<OrgRow> change(std::string_view name, const OrgChange& change);
  /// With members, groups and the groups' roles on repos. Errc::not_found
  Status remove(std::string_view name);

  /// Adds or changes a member. Errc::not_found if there is no such organisation or user
  Status put_member(std::string_view org, std::string_view user, Role role, TimeMs now);
  /// Also from the organisation's groups. Errc::not_found
  Status remove_member(std::string_view org, std::string_view user);
  Result<std::optional<MemberRow>> find_member(std::string_view org, std::string_view user) const;
  Result<std::vector<MemberRow>> members(std::string_view org) const;  // by folded name
  Result<std::vector<Membership>> memberships(std::string_view user) const;

 private:
  Status remove_parts(Transaction& transaction, std::string_view name) const;

  RowStore& rows_;
};

}  // namespace waag::storage
