#include "storage/meta/accounts/orgs.h"

#include "storage/meta/accounts/groups.h"

namespace waag::storage {
namespace {

Error no_org() { return fail(Errc::not_found, "No such organisation"); }

/// The row must be there, and as it was read, when the transaction is applied.
Result<std::string> expect_row(const RowStore& rows, Transaction& transaction,
                               const std::string& key, const char* missing) {
  WAAG_TRY(auto value, rows.get(key));
  if (!value) return fail(Errc::not_found, missing);
  transaction.expects.push_back({key, value});
  return *std::move(value);
}

Status put_member_rows(const RowStore& rows, Transaction& transaction, std::string_view org,
                       const MemberRow& member) {
  WAAG_TRY(const auto user, expect_row(rows, transaction, keys::user(member.user), "No such user"));
  WAAG_TRY(const auto row, decode_user(user));
  auto named = member;
  named.user = row.name;
  transaction.puts.push_back({keys::member(org, row.name), encode(named)});
  transaction.puts.push_back({keys::membership(row.name, org), plain_row()});
  return ok();
}

}  // namespace

Status OrgTable::add(const OrgRow& org, std::string_view first_admin) {
  Transaction transaction;
  const auto key = keys::org(org.name);
  transaction.expects.push_back({key, std::nullopt});
  transaction.expects.push_back({keys::user(org.name), std::nullopt});
  transaction.puts.push_back({key, encode(org)});
  if (!first_admin.empty()) {
    const MemberRow member{std::string(first_admin), Role::admin, org.created};
    WAAG_CHECK(put_member_rows(rows_, transaction, org.name, member));
  }
  WAAG_CHECK(rows_.apply(std::move(transaction)));
  return ok();
}

Result<OrgRow> OrgTable::find(std::string_view name) const {
  WAAG_TRY(auto row, get_row(rows_, keys::org(name), decode_org));
  if (!row) return no_org();
  return *std::move(row);
}

Result<std::vector<OrgRow>> OrgTable::list() const {
  std::vector<OrgRow> found;
  WAAG_CHECK(scan_rows(rows_, keys::org(""), "", decode_org, [&](std::string_view, OrgRow row) {
    found.push_back(std::move(row));
    return true;
  }));
  return found;
}

Result<OrgRow> OrgTable::change(std::string_view name, const OrgChange& change) {
  OrgRow row;
  WAAG_CHECK(apply_settled(rows_, [&](Transaction& transaction) -> Status {
    WAAG_TRY(const auto stored,
             expect_row(rows_, transaction, keys::org(name), "No such organisation"));
    WAAG_TRY(row, decode_org(stored));
    row.full_name = change.full_name.value_or(row.full_name);
    row.new_repos = change.new_repos.value_or(row.new_repos);
    transaction.puts.push_back({keys::org(name), encode(row)});
    return ok();
  }));
  return row;
}

Status OrgTable::remove(std::string_view name) {
  WAAG_CHECK(apply_settled(rows_, [&](Transaction& transaction) -> Status {
    WAAG_CHECK(expect_row(rows_, transaction, keys::org(name), "No such organisation"));
    transaction.dels.push_back(keys::org(name));
    return remove_parts(transaction, name);
  }));
  // Once more: what came between the reads above and the end of the row that it needed.
  return apply_settled(rows_,
                       [&](Transaction& transaction) { return remove_parts(transaction, name); });
}

Status OrgTable::remove_parts(Transaction& transaction, std::string_view name) const {
  WAAG_TRY(const auto people, members(name));
  for (const auto& member : people) {
    transaction.dels.push_back(keys::member(name, member.user));
    transaction.dels.push_back(keys::membership(member.user, name));
  }
  WAAG_TRY(const auto groups, GroupTable(rows_).list(name));
  for (const auto& group : groups)
    WAAG_CHECK(GroupTable::remove_rows(rows_, transaction, name, group.name));
  return ok();
}

Status OrgTable::put_member(std::string_view org, std::string_view user, Role role, TimeMs now) {
  return apply_settled(rows_, [&](Transaction& transaction) -> Status {
    WAAG_CHECK(expect_row(rows_, transaction, keys::org(org), "No such organisation"));
    const auto key = keys::member(org, user);
    WAAG_TRY(const auto old, rows_.get(key));
    MemberRow member{std::string(user), role, now};
    if (old) {
      WAAG_TRY(const auto before, decode_member(*old));
      member.since = before.since;
    }
    transaction.expects.push_back({key, old});
    return put_member_rows(rows_, transaction, org, member);
  });
}

Status OrgTable::remove_member(std::string_view org, std::string_view user) {
  WAAG_CHECK(apply_settled(rows_, [&](Transaction& transaction) -> Status {
    WAAG_CHECK(expect_row(rows_, transaction, keys::member(org, user), "No such member"));
    transaction.dels.push_back(keys::member(org, user));
    transaction.dels.push_back(keys::membership(user, org));
    return GroupTable::leave_all(rows_, transaction, org, user);
  }));
  // Groups take in only members: none is joined after this, one may have been meanwhile.
  return apply_settled(rows_, [&](Transaction& transaction) {
    return GroupTable::leave_all(rows_, transaction, org, user);
  });
}

Result<std::optional<MemberRow>> OrgTable::find_member(std::string_view org,
                                                       std::string_view user) const {
  return get_row(rows_, keys::member(org, user), decode_member);
}

Result<std::vector<MemberRow>> OrgTable::members(std::string_view org) const {
  std::vector<MemberRow> found;
  WAAG_CHECK(
      scan_rows(rows_, keys::members(org), "", decode_member, [&](std::string_view, MemberRow row) {
        found.push_back(std::move(row));
        return true;
      }));
  return found;
}

Result<std::vector<Membership>> OrgTable::memberships(std::string_view user) const {
  const auto prefix = keys::memberships(user);
  std::vector<std::string> wanted;  // the organisation's row, then the member's
  WAAG_CHECK(rows_.scan(prefix, "", [&](std::string_view key, std::string_view) {
    const auto org = key.substr(prefix.size());
    wanted.push_back(keys::org(org));
    wanted.push_back(keys::member(org, user));
    return true;
  }));
  WAAG_TRY(const auto values, rows_.get_many(wanted));
  std::vector<Membership> found;
  for (std::size_t i = 0; i + 1 < values.size(); i += 2) {
    if (!values[i] || !values[i + 1]) continue;  // ended between the two reads
    Membership membership;
    WAAG_TRY(membership.org, decode_org(*values[i]));
    WAAG_TRY(const auto member, decode_member(*values[i + 1]));
    membership.role = member.role;
    found.push_back(std::move(membership));
  }
  return found;
}

}  // namespace waag::storage
