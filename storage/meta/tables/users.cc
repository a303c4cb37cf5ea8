#include "storage/meta/tables/users.h"

namespace waag::storage {
namespace {

/// What a job can do stands in its tokens; whoever gave it more would not see it there.
Status check_service(const UserRow& user) {
  if (user.service && (user.hub_admin || user.auditor))
    return fail(Errc::invalid_argument, "A service account has no role but what its tokens name");
  if (user.service && !user.password_hash.empty())
    return fail(Errc::invalid_argument, "A service account has no password");
  return ok();
}

}  // namespace

Status UserTable::add(const UserRow& user) {
  WAAG_CHECK(check_service(user));
  Transaction transaction;
  const auto key = keys::user(user.name);
  transaction.expects.push_back({key, std::nullopt});
  transaction.expects.push_back({keys::org(user.name), std::nullopt});
  transaction.puts.push_back({key, encode(user)});
  WAAG_CHECK(rows_.apply(std::move(transaction)));
  return ok();
}

Result<UserRow> UserTable::change(std::string_view name, const UserChange& change) {
  UserRow row;
  WAAG_CHECK(apply_settled(rows_, [&](Transaction& transaction) -> Status {
    const auto key = keys::user(name);
    WAAG_TRY(auto stored, rows_.get(key));
    if (!stored) return fail(Errc::not_found, "No such user");
    WAAG_TRY(row, decode_user(*stored));
    row.full_name = change.full_name.value_or(row.full_name);
    row.email = change.email.value_or(row.email);
    row.hub_admin = change.hub_admin.value_or(row.hub_admin);
    row.auditor = change.auditor.value_or(row.auditor);
    row.disabled = change.disabled.value_or(row.disabled);
    row.password_hash = change.password_hash.value_or(row.password_hash);
    WAAG_CHECK(check_service(row));
    transaction.expects.push_back({key, std::move(stored)});
    transaction.puts.push_back({key, encode(row)});
    return ok();
  }));
  return row;
}

Result<UserRow> UserTable::find(std::string_view name) const {
  WAAG_TRY(auto row, get_row(rows_, keys::user(name), decode_user));
  if (!row) return fail(Errc::not_found, "no such user");
  return *std::move(row);
}

Result<std::vector<UserRow>> UserTable::list() const {
  std::vector<UserRow> found;
  WAAG_CHECK(scan_rows(rows_, keys::user(""), "", decode_user, [&](std::string_view, UserRow row) {
    found.push_back(std::move(row));
    return true;
  }));
  return found;
}

}  // namespace waag::storage
