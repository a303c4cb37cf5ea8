#include "storage/meta/tables/tokens.h"

namespace waag::storage {

Status TokenTable::put(const TokenRow& token) {
  const auto key = keys::token(token.public_id);
  WAAG_TRY(const auto old, get_row(rows_, key, decode_token));
  Transaction transaction;
  // A token that changes hands must not stay in its former owner's list.
  if (old && old->user != token.user)
    transaction.dels.push_back(keys::user_token(old->user, old->public_id));
  transaction.puts.push_back({key, encode(token)});
  transaction.puts.push_back({keys::user_token(token.user, token.public_id), plain_row()});
  WAAG_CHECK(rows_.apply(std::move(transaction)));
  return ok();
}

Result<TokenRow> TokenTable::find(std::string_view public_id) const {
  WAAG_TRY(auto row, get_row(rows_, keys::token(public_id), decode_token));
  if (!row) return fail(Errc::not_found, "no such token");
  return *std::move(row);
}

Result<std::vector<TokenRow>> TokenTable::list(std::string_view user) const {
  const auto prefix = keys::user_token(user, "");
  std::vector<std::string> token_keys;
  WAAG_CHECK(rows_.scan(prefix, "", [&](std::string_view key, std::string_view) {
    token_keys.push_back(keys::token(key.substr(prefix.size())));
    return true;
  }));
  WAAG_TRY(const auto values, rows_.get_many(token_keys));
  std::vector<TokenRow> found;
  for (const auto& value : values) {
    if (!value) continue;  // deleted between the two reads
    WAAG_TRY(auto row, decode_token(*value));
    found.push_back(std::move(row));
  }
  return found;
}

Status TokenTable::remove(std::string_view public_id) {
  WAAG_TRY(const auto row, find(public_id));
  Transaction transaction;
  transaction.dels.push_back(keys::token(public_id));
  transaction.dels.push_back(keys::user_token(row.user, public_id));
  WAAG_CHECK(rows_.apply(std::move(transaction)));
  return ok();
}

}  // namespace waag::storage
