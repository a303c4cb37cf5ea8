#include "storage/meta/accounts/grants.h"

namespace waag::storage {
namespace {

constexpr std::size_t number_bytes = 8;

std::string key_of(const Grantee& grantee) { return keys::grantee(grantee.org, grantee.name); }

/// What must be there for the role to mean something. @return the grantee as it spells itself
Result<Grantee> expect_grantee(const RowStore& rows, Transaction& transaction, const Grantee& to) {
  const bool user = to.org.empty();
  const auto key = user ? keys::user(to.name) : keys::group(to.org, to.name);
  WAAG_TRY(auto value, rows.get(key));
  if (!value) return fail(Errc::not_found, user ? "No such user" : "No such group");
  auto named = to;
  if (user) {
    WAAG_TRY(const auto row, decode_user(*value));
    named.name = row.name;
  } else {
    WAAG_TRY(const auto row, decode_group(*value));
    named.name = row.name;
  }
  transaction.expects.push_back({key, std::move(value)});
  return named;
}

}  // namespace

Status GrantTable::put(std::uint64_t uid, const GrantRow& grant) {
  return apply_settled(rows_, [&](Transaction& transaction) -> Status {
    const auto repo_key = keys::repo_uid(uid);
    WAAG_TRY(auto repo, rows_.get(repo_key));
    if (!repo) return fail(Errc::repo_not_found, "no repo with uid " + std::to_string(uid));
    transaction.expects.push_back({repo_key, std::move(repo)});
    auto row = grant;
    WAAG_TRY(row.to, expect_grantee(rows_, transaction, grant.to));
    transaction.puts.push_back({keys::grant(uid, key_of(grant.to)), encode(row)});
    transaction.puts.push_back({keys::granted(key_of(grant.to), uid), plain_row()});
    return ok();
  });
}

Status GrantTable::remove(std::uint64_t uid, const Grantee& from) {
  const auto key = keys::grant(uid, key_of(from));
  WAAG_TRY(const auto row, rows_.get(key));
  if (!row) return fail(Errc::not_found, "No such collaborator");
  Transaction transaction;
  remove_rows(transaction, key);
  WAAG_CHECK(rows_.apply(std::move(transaction)));
  return ok();
}

Result<std::vector<GrantRow>> GrantTable::on_repo(std::uint64_t uid) const {
  std::vector<GrantRow> users, groups;
  WAAG_CHECK(
      scan_rows(rows_, keys::grants(uid), "", decode_grant, [&](std::string_view, GrantRow row) {
        (row.to.org.empty() ? users : groups).push_back(std::move(row));
        return true;
      }));
  users.insert(users.end(), groups.begin(), groups.end());
  return users;
}

Result<std::vector<RepoGrant>> GrantTable::of(const Grantee& grantee) const {
  const auto name = key_of(grantee);
  std::vector<std::uint64_t> uids;
  std::vector<std::string> wanted;
  WAAG_CHECK(rows_.scan(keys::granted_to(name), "", [&](std::string_view key, std::string_view) {
    uids.push_back(keys::last_number(key));
    wanted.push_back(keys::grant(uids.back(), name));
    return true;
  }));
  WAAG_TRY(const auto values, rows_.get_many(wanted));
  std::vector<RepoGrant> found;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) continue;  // ended between the two reads
    WAAG_TRY(const auto row, decode_grant(*values[i]));
    found.push_back({uids[i], row.role});
  }
  return found;
}

Status GrantTable::remove_all_of(const RowStore& rows, Transaction& transaction,
                                 const Grantee& grantee) {
  const auto name = key_of(grantee);
  return rows.scan(keys::granted_to(name), "", [&](std::string_view key, std::string_view) {
    remove_rows(transaction, keys::grant(keys::last_number(key), name));
    return true;
  });
}

void GrantTable::remove_rows(Transaction& transaction, std::string_view key) {
  const auto name = key.substr(1 + number_bytes);
  transaction.dels.emplace_back(key);
  transaction.dels.push_back(keys::granted(name, keys::number_at(key, 1)));
}

}  // namespace waag::storage
