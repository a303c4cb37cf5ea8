#include "daemon/auth/rights.h"

#include <algorithm>
#include <set>

#include "storage/meta/accounts/grants.h"
#include "storage/meta/accounts/groups.h"
#include "storage/meta/accounts/orgs.h"

namespace waag::daemon {
namespace {

void raise(Rights& rights, const std::string& ns, storage::Role role) {
  const auto [at, is_new] = rights.namespaces.try_emplace(ns, role);
  if (!is_new) at->second = std::max(at->second, role);
}

Status add_grants(storage::Store& store, Rights& rights, const storage::Grantee& grantee) {
  WAAG_TRY(const auto grants, store.grants().of(grantee));
  for (const auto& grant : grants)
    rights.repos.emplace(grant.uid, Rights::OnRepo{folded(grantee.org), grant.role});
  return ok();
}

Status add_tokens(storage::Store& store, Rights& rights, std::string_view user) {
  auto& all = rights.service.emplace();
  WAAG_TRY(const auto tokens, store.list_tokens(user));
  for (const auto& token : tokens) all.insert(all.end(), token.scopes.begin(), token.scopes.end());
  return ok();
}

}  // namespace

std::string folded(std::string_view name) {
  std::string out(name);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

Result<Rights> load_rights(storage::Store& store, const storage::UserRow& user) {
  Rights rights;
  if (user.service) {
    WAAG_CHECK(add_tokens(store, rights, user.name));
    return rights;
  }
  std::set<std::string, std::less<>> member_of;
  WAAG_TRY(const auto memberships, store.orgs().memberships(user.name));
  for (const auto& membership : memberships) {
    const auto org = folded(membership.org.name);
    member_of.insert(org);
    raise(rights, org, membership.role);
  }
  WAAG_TRY(const auto groups, store.groups().groups_of(user.name));
  for (const auto& [org, group] : groups) {
    if (!member_of.contains(org)) continue;  // whoever left the organisation left its groups
    if (group.role) raise(rights, org, *group.role);
    WAAG_CHECK(add_grants(store, rights, {org, group.name}));
  }
  WAAG_CHECK(add_grants(store, rights, {"", user.name}));
  return rights;
}

}  // namespace waag::daemon
