#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "storage/store.h"

namespace waag::daemon {

/// Text without ASCII case, as names of users, organisations and repos are compared.
std::string folded(std::string_view name);

/// What a user may do beyond the own namespace, and what the token takes away from all of it.
struct Rights {
  /// A role on one repo. One that a group brings ends where the repo leaves the organisation.
  struct OnRepo {
    std::string org;  // folded; "" = given to the user
    storage::Role role{storage::Role::read};
  };

  std::map<std::string, storage::Role, std::less<>> namespaces;  // by folded name
  std::multimap<std::uint64_t, OnRepo> repos;                    // by uid
  /// Of a fine-grained token: nothing is allowed that no scope names. nullopt: no such token.
  std::optional<std::vector<storage::TokenScope>> scopes;
  /// Of a service account: all that its tokens name, and nothing else gives it a role.
  std::optional<std::vector<storage::TokenScope>> service;
};

/// All roles that memberships, groups and collaborations give to `user`; to a service account those
/// of its tokens. Blocks.
Result<Rights> load_rights(storage::Store& store, const storage::UserRow& user);

}  // namespace waag::daemon
