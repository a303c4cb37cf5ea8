#include "storage/meta/tables/users.h"

namespace waag::storage {

Status UserTable::put(const UserRow& user, bool must_be_new) {
  Transaction transaction;
  const auto key = keys::user(user.name);
  if (must_be_new) transaction.expects.push_back({key, std::nullopt});
  transaction.puts.push_back({key, encode(user)});
  WAAG_CHECK(rows_.apply(std::move(transaction)));
  return ok();
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
