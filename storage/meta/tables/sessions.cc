#include "storage/meta/tables/sessions.h"

namespace waag::storage {

Status SessionTable::put(std::string_view id, std::string_view value) {
  Transaction transaction;
  transaction.puts.push_back({keys::session(id), plain_row(value)});
  WAAG_CHECK(rows_.apply(std::move(transaction)));
  return ok();
}

Result<std::string> SessionTable::find(std::string_view id) const {
  WAAG_TRY(auto value, get_row(rows_, keys::session(id), decode_plain_row));
  if (!value) return fail(Errc::not_found, "no such upload session");
  return *std::move(value);
}

Result<std::map<std::string, std::string>> SessionTable::list() const {
  std::map<std::string, std::string> sessions;
  const auto prefix = keys::all('s');
  WAAG_CHECK(
      scan_rows(rows_, prefix, "", decode_plain_row, [&](std::string_view key, std::string value) {
        sessions.emplace(key.substr(prefix.size()), std::move(value));
        return true;
      }));
  return sessions;
}

Status SessionTable::remove(std::string_view id) {
  Transaction transaction;
  transaction.dels.push_back(keys::session(id));
  WAAG_CHECK(rows_.apply(std::move(transaction)));
  return ok();
}

}  // namespace waag::storage
