#include "storage/meta/accounts/groups.h"

#include "storage/meta/accounts/grants.h"

namespace waag::storage {
namespace {

Error no_group() { return fail(Errc::not_found, "No such group"); }

Status expect_group(const RowStore& rows, Transaction& transaction, std::string_view org,
                    std::string_view group) {
  const auto key = keys::group(org, group);
  WAAG_TRY(auto value, rows.get(key));
  if (!value) return no_group();
  transaction.expects.push_back({key, std::move(value)});
  return ok();
}

void remove_both(Transaction& transaction, std::string_view org, std::string_view group,
                 std::string_view user) {
  transaction.dels.push_back(keys::group_member(org, group, user));
  transaction.dels.push_back(keys::user_group(user, org, group));
}

/// What follows `prefix` in the keys that begin with it.
Result<std::vector<std::string>> tails(const RowStore& rows, const std::string& prefix) {
  std::vector<std::string> found;
  WAAG_CHECK(rows.scan(prefix, "", [&](std::string_view key, std::string_view) {
    found.emplace_back(key.substr(prefix.size()));
    return true;
  }));
  return found;
}

}  // namespace

Status GroupTable::put(std::string_view org, const GroupRow& group) {
  return apply_settled(rows_, [&](Transaction& transaction) -> Status {
    WAAG_TRY(auto owner, rows_.get(keys::org(org)));
    if (!owner) return fail(Errc::not_found, "No such organisation");
    transaction.expects.push_back({keys::org(org), std::move(owner)});
    const auto key = keys::group(org, group.name);
    WAAG_TRY(auto old, rows_.get(key));
    auto row = group;
    if (old) {
      WAAG_TRY(row, decode_group(*old));
      row.role = group.role;
    }
    transaction.expects.push_back({key, std::move(old)});
    transaction.puts.push_back({key, encode(row)});
    return ok();
  });
}

Result<GroupRow> GroupTable::find(std::string_view org, std::string_view name) const {
  WAAG_TRY(auto row, get_row(rows_, keys::group(org, name), decode_group));
  if (!row) return no_group();
  return *std::move(row);
}

Result<std::vector<GroupRow>> GroupTable::list(std::string_view org) const {
  std::vector<GroupRow> found;
  WAAG_CHECK(
      scan_rows(rows_, keys::groups(org), "", decode_group, [&](std::string_view, GroupRow row) {
        found.push_back(std::move(row));
        return true;
      }));
  return found;
}

Status GroupTable::remove(std::string_view org, std::string_view name) {
  WAAG_CHECK(apply_settled(rows_, [&](Transaction& transaction) -> Status {
    WAAG_CHECK(expect_group(rows_, transaction, org, name));
    return remove_rows(rows_, transaction, org, name);
  }));
  // Once more: a member or a role that came between the reads above and the end of the group.
  return apply_settled(
      rows_, [&](Transaction& transaction) { return remove_rows(rows_, transaction, org, name); });
}

Status GroupTable::add_member(std::string_view org, std::string_view group, std::string_view user) {
  return apply_settled(rows_, [&](Transaction& transaction) -> Status {
    WAAG_CHECK(expect_group(rows_, transaction, org, group));
    const auto member_key = keys::member(org, user);
    WAAG_TRY(auto member, rows_.get(member_key));
    if (!member) return fail(Errc::not_found, "No such member of the organisation");
    transaction.expects.push_back({member_key, std::move(member)});
    transaction.puts.push_back({keys::group_member(org, group, user), plain_row()});
    transaction.puts.push_back({keys::user_group(user, org, group), plain_row()});
    return ok();
  });
}

Status GroupTable::remove_member(std::string_view org, std::string_view group,
                                 std::string_view user) {
  return apply_settled(rows_, [&](Transaction& transaction) -> Status {
    WAAG_CHECK(expect_group(rows_, transaction, org, group));
    WAAG_TRY(const auto row, rows_.get(keys::group_member(org, group, user)));
    if (!row) return fail(Errc::not_found, "No such member of the group");
    remove_both(transaction, org, group, user);
    return ok();
  });
}

Result<std::vector<std::string>> GroupTable::members(std::string_view org,
                                                     std::string_view group) const {
  return tails(rows_, keys::group_members(org, group));
}

Result<std::vector<UserGroup>> GroupTable::groups_of(std::string_view user) const {
  WAAG_TRY(const auto names, tails(rows_, keys::user_groups(user)));
  std::vector<UserGroup> found;
  for (const auto& name : names) {
    const auto nul = name.find('\0');
    if (nul == std::string::npos) return fail(Errc::corrupt, "key of a user's group");
    UserGroup entry;
    entry.org = name.substr(0, nul);
    WAAG_TRY(auto row, get_row(rows_, keys::group(entry.org, name.substr(nul + 1)), decode_group));
    if (!row) continue;  // removed between the two reads
    entry.group = *std::move(row);
    found.push_back(std::move(entry));
  }
  return found;
}

Status GroupTable::leave_all(const RowStore& rows, Transaction& transaction, std::string_view org,
                             std::string_view user) {
  WAAG_TRY(const auto groups, tails(rows, keys::user_groups_in(user, org)));
  for (const auto& group : groups) remove_both(transaction, org, group, user);
  return ok();
}

Status GroupTable::remove_rows(const RowStore& rows, Transaction& transaction, std::string_view org,
                               std::string_view name) {
  WAAG_TRY(const auto users, tails(rows, keys::group_members(org, name)));
  for (const auto& user : users) remove_both(transaction, org, name, user);
  transaction.dels.push_back(keys::group(org, name));
  return GrantTable::remove_all_of(rows, transaction, {std::string(org), std::string(name)});
}

}  // namespace waag::storage
