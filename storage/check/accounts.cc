#include "storage/check/examiner.h"
#include "storage/meta/tables/access.h"

namespace waag::storage::check {

void check_accounts(const Examiner& examiner) {
  examiner.each(keys::all('U'), decode_user, [&](std::string_view key, const UserRow& user) {
    if (key != keys::user(user.name))
      examiner.problem("user " + user.name + ": under another name's key");
  });
  examiner.each(keys::all('t'), decode_token, [&](std::string_view key, const TokenRow& token) {
    const auto about = "token " + token.public_id;
    if (key != keys::token(token.public_id)) examiner.problem(about + ": under another's key");
    if (!examiner.has(keys::user_token(token.user, token.public_id), about))
      examiner.problem(about + ": not in its user's list");
  });
  const auto scanned =
      examiner.rows.scan(keys::all('T'), "", [&](std::string_view key, std::string_view) {
        const auto id = key.substr(key.find('\0') + 1);
        if (!examiner.has(keys::token(id), "token list"))
          examiner.problem("a user's list names token " + std::string(id) + " that is not there");
        return true;
      });
  examiner.good(scanned, "token lists");
  examiner.each(keys::all('a'), decode_access, [&](std::string_view key, const AccessRow& access) {
    const auto uid = keys::number_at(key, 1);
    const auto about = "access of " + access.user + " to repo " + std::to_string(uid);
    if (key != keys::access(uid, access.user)) examiner.problem(about + ": under another's key");
    if (!examiner.has(keys::user(access.user), about)) examiner.problem(about + ": no such user");
  });
}

}  // namespace waag::storage::check
