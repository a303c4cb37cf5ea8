#include "storage/check/examiner.h"
#include "storage/meta/tables/access.h"

namespace waag::storage::check {
namespace {

/// Calls `visit(tail)` with what follows the kind letter of each key of a kind.
template <class Visit>
void each_key(const Examiner& examiner, char kind, Visit visit) {
  const auto prefix = keys::all(kind);
  const auto scanned = examiner.rows.scan(prefix, "", [&](std::string_view key, std::string_view) {
    visit(key.substr(prefix.size()));
    return true;
  });
  examiner.good(scanned, "rows of kind " + prefix);
}

/// The parts of a key between NUL bytes; fewer than `parts` of them are empty.
std::vector<std::string> fields(std::string_view tail, std::size_t parts) {
  std::vector<std::string> found;
  while (found.size() + 1 < parts) {
    const auto nul = std::min(tail.find('\0'), tail.size());
    found.emplace_back(tail.substr(0, nul));
    tail.remove_prefix(std::min(nul + 1, tail.size()));
  }
  found.emplace_back(tail);
  return found;
}

void check_tokens(const Examiner& examiner) {
  examiner.each(keys::all('t'), decode_token, [&](std::string_view key, const TokenRow& token) {
    const auto about = "token " + token.public_id;
    if (key != keys::token(token.public_id)) examiner.problem(about + ": under another's key");
    if (!examiner.has(keys::user_token(token.user, token.public_id), about))
      examiner.problem(about + ": not in its user's list");
  });
  each_key(examiner, 'T', [&](std::string_view tail) {
    const auto id = fields(tail, 2)[1];
    if (!examiner.has(keys::token(id), "token list"))
      examiner.problem("a user's list names token " + id + " that is not there");
  });
}

void check_members(const Examiner& examiner) {
  examiner.each(keys::all('O'), decode_org, [&](std::string_view key, const OrgRow& org) {
    const auto about = "organisation " + org.name;
    if (key != keys::org(org.name)) examiner.problem(about + ": under another name's key");
    if (examiner.has(keys::user(org.name), about)) examiner.problem(about + ": a user's name too");
  });
  examiner.each(keys::all('W'), decode_member, [&](std::string_view key, const MemberRow& row) {
    const auto org = fields(key.substr(1), 2)[0];
    const auto about = "member " + row.user + " of " + org;
    if (key != keys::member(org, row.user)) examiner.problem(about + ": under another's key");
    if (!examiner.has(keys::org(org), about)) examiner.problem(about + ": no such organisation");
    if (!examiner.has(keys::user(row.user), about)) examiner.problem(about + ": no such user");
    if (!examiner.has(keys::membership(row.user, org), about))
      examiner.problem(about + ": not in the user's list");
  });
  each_key(examiner, 'w', [&](std::string_view tail) {
    const auto part = fields(tail, 2);
    if (!examiner.has(keys::member(part[1], part[0]), "membership"))
      examiner.problem("user " + part[0] + ": no member of " + part[1] + ", but in the list");
  });
}

void check_groups(const Examiner& examiner) {
  examiner.each(keys::all('P'), decode_group, [&](std::string_view key, const GroupRow& row) {
    const auto org = fields(key.substr(1), 2)[0];
    const auto about = "group " + org + "/" + row.name;
    if (key != keys::group(org, row.name)) examiner.problem(about + ": under another's key");
    if (!examiner.has(keys::org(org), about)) examiner.problem(about + ": no such organisation");
  });
  each_key(examiner, 'Q', [&](std::string_view tail) {
    const auto part = fields(tail, 3);
    const auto about = "user " + part[2] + " in group " + part[0] + "/" + part[1];
    if (!examiner.has(keys::group(part[0], part[1]), about))
      examiner.problem(about + ": no such group");
    if (!examiner.has(keys::member(part[0], part[2]), about))
      examiner.problem(about + ": no member of the organisation");
    if (!examiner.has(keys::user_group(part[2], part[0], part[1]), about))
      examiner.problem(about + ": not in the user's list");
  });
  each_key(examiner, 'V', [&](std::string_view tail) {
    const auto part = fields(tail, 3);
    if (!examiner.has(keys::group_member(part[1], part[2], part[0]), "group list"))
      examiner.problem("user " + part[0] + ": not in group " + part[1] + "/" + part[2] +
                       ", but in the list");
  });
}

void check_grants(const Examiner& examiner) {
  examiner.each(keys::all('B'), decode_grant, [&](std::string_view key, const GrantRow& row) {
    const auto uid = keys::number_at(key, 1);
    const auto name = keys::grantee(row.to.org, row.to.name);
    const auto about = "role of " + name + " on repo " + std::to_string(uid);
    if (key != keys::grant(uid, name)) examiner.problem(about + ": under another's key");
    // A repo in the trash keeps its roles: it may be restored.
    if (!examiner.has(keys::repo_uid(uid), about) && !examiner.has(keys::trashed(uid), about))
      examiner.problem(about + ": no such repo");
    const auto holder =
        row.to.org.empty() ? keys::user(row.to.name) : keys::group(row.to.org, row.to.name);
    if (!examiner.has(holder, about)) examiner.problem(about + ": no such user or group");
    if (!examiner.has(keys::granted(name, uid), about))
      examiner.problem(about + ": not in the holder's list");
  });
  each_key(examiner, 'D', [&](std::string_view tail) {
    const auto name = tail.substr(0, tail.find('\0'));
    const auto uid = keys::last_number(tail);
    if (!examiner.has(keys::grant(uid, name), "role list"))
      examiner.problem(std::string(name) + ": no role on repo " + std::to_string(uid) +
                       ", but in the list");
  });
}

void check_accesses(const Examiner& examiner) {
  examiner.each(keys::all('a'), decode_access, [&](std::string_view key, const AccessRow& access) {
    const auto uid = keys::number_at(key, 1);
    const auto about = "access of " + access.user + " to repo " + std::to_string(uid);
    if (key != keys::access(uid, access.user)) examiner.problem(about + ": under another's key");
    if (!examiner.has(keys::user(access.user), about)) examiner.problem(about + ": no such user");
  });
}

}  // namespace

void check_accounts(const Examiner& examiner) {
  examiner.each(keys::all('U'), decode_user, [&](std::string_view key, const UserRow& user) {
    if (key != keys::user(user.name))
      examiner.problem("user " + user.name + ": under another name's key");
  });
  check_tokens(examiner);
  check_members(examiner);
  check_groups(examiner);
  check_grants(examiner);
  check_accesses(examiner);
}

}  // namespace waag::storage::check
