#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/meta/repo_rows.h"

/// Who there is and what each may do: users, their tokens, organisations with members and groups,
/// roles on single repos.
namespace waag::storage {

/// What somebody may do with a repo or with all repos of a namespace (DESIGN 7). Each role holds
/// what the ones before it hold.
enum class Role : std::uint8_t { read = 0, contribute = 1, write = 2, admin = 3 };

struct UserRow {
  std::string name;  // as created; found case-insensitively
  std::string full_name;
  std::string email;
  bool hub_admin = false;
  bool disabled = false;
  TimeMs created{};
  bool auditor = false;       // reads what only hub admins read, changes nothing
  std::string password_hash;  // Argon2id with its parameters and salt; "" = no password
  bool service = false;       // of a job: may do what its tokens name; no role, no password
};

/// What of a user's row may be changed; nullopt leaves it.
struct UserChange {
  std::optional<std::string> full_name{};
  std::optional<std::string> email{};
  std::optional<bool> hub_admin{};
  std::optional<bool> auditor{};
  std::optional<bool> disabled{};
  std::optional<std::string> password_hash{};
};

enum class TokenRole : std::uint8_t { read = 0, write = 1, admin = 2, fine_grained = 3 };

/// One thing that a fine-grained token may be used for: a namespace, or one repo of it.
struct TokenScope {
  std::string ns;
  std::optional<RepoId> repo{};  // its ns is `ns`
  Role rights{Role::read};
  bool operator==(const TokenScope&) const = default;
};

struct TokenRow {
  std::string public_id;
  BlobId secret_sha256;  // only the hash of the secret is kept (DESIGN 7)
  std::string user;
  std::string display_name;
  TokenRole role{TokenRole::read};
  TimeMs created{};
  std::optional<TimeMs> expires{};
  std::vector<TokenScope> scopes{};  // of fine_grained only
};

struct OrgRow {
  std::string name;  // as created; users and organisations share one space of names
  std::string full_name;
  Visibility new_repos{Visibility::open};  // when their creator does not say
  TimeMs created{};
  bool operator==(const OrgRow&) const = default;
};

struct MemberRow {
  std::string user;
  Role role{Role::read};  // on all repos of the organisation
  TimeMs since{};
  bool operator==(const MemberRow&) const = default;
};

struct GroupRow {
  std::string name;
  std::optional<Role> role{};  // on all repos of the organisation; nullopt: on single ones only
  TimeMs created{};
  bool operator==(const GroupRow&) const = default;
};

/// Who has a role on a single repo: a user, or a group of the organisation that owns it.
struct Grantee {
  std::string org;   // "" for a user
  std::string name;  // of the user or of the group
  bool operator==(const Grantee&) const = default;
};

struct GrantRow {
  Grantee to;
  Role role{Role::read};
  TimeMs since{};
  bool operator==(const GrantRow&) const = default;
};

std::string encode(const UserRow& row);
std::string encode(const TokenRow& row);
std::string encode(const OrgRow& row);
std::string encode(const MemberRow& row);
std::string encode(const GroupRow& row);
std::string encode(const GrantRow& row);
Result<UserRow> decode_user(std::string_view value);
Result<TokenRow> decode_token(std::string_view value);
Result<OrgRow> decode_org(std::string_view value);
Result<MemberRow> decode_member(std::string_view value);
Result<GroupRow> decode_group(std::string_view value);
Result<GrantRow> decode_grant(std::string_view value);

}  // namespace waag::storage
