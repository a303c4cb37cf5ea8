#include "storage/meta/accounts/account_rows.h"

namespace waag::storage {
namespace {

constexpr std::uint8_t row_version = 1;
constexpr std::uint8_t user_row_version = 3;   // 2 added auditor and password_hash; 3 service
constexpr std::uint8_t token_row_version = 2;  // 2 added scopes
/// More scopes than any token has; a longer list is damage.
constexpr std::uint64_t scopes_max = 10'000;

/// Enumerations as they were read; one unknown value spoils the row: what one cannot read must
/// never be taken for some right.
class Enums {
 public:
  explicit Enums(ByteReader& in) : in_(in) {}
  template <class Enum>
  Enum get(Enum last) {
    const auto value = in_.fixed<std::uint8_t>();
    known_ = known_ && value <= static_cast<std::uint8_t>(last);
    return Enum{value};
  }
  bool flag() {
    const auto value = in_.fixed<std::uint8_t>();
    known_ = known_ && value <= 1;
    return value == 1;
  }
  [[nodiscard]] bool known() const { return known_; }

 private:
  ByteReader& in_;
  bool known_ = true;
};

template <class Row>
Result<Row> checked_enums(const ByteReader& in, const Enums& enums, std::uint8_t version, Row row,
                          const char* what, std::uint8_t newest = row_version) {
  if (!enums.known())
    return fail(Errc::corrupt, std::string("unknown value in a row of a ") + what);
  return checked_row(in, version, std::move(row), what, newest);
}

template <class Enum>
void put_enum(ByteWriter& out, Enum value) {
  out.fixed(static_cast<std::uint8_t>(value));
}

void put_scope(ByteWriter& out, const TokenScope& scope) {
  out.text(scope.ns);
  put_enum(out, scope.repo.has_value());
  if (scope.repo) {
    put_enum(out, scope.repo->type);
    out.text(scope.repo->ns);
    out.text(scope.repo->name);
  }
  put_enum(out, scope.rights);
}

TokenScope get_scope(ByteReader& in, Enums& enums) {
  TokenScope scope;
  scope.ns = in.text();
  if (enums.flag()) {
    RepoId id;
    id.type = enums.get(RepoType::space);
    id.ns = in.text();
    id.name = in.text();
    scope.repo = std::move(id);
  }
  scope.rights = enums.get(Role::admin);
  return scope;
}

}  // namespace

std::string encode(const UserRow& row) {
  ByteWriter out;
  out.fixed(user_row_version);
  out.text(row.name);
  out.text(row.full_name);
  out.text(row.email);
  put_enum(out, row.hub_admin);
  put_enum(out, row.disabled);
  put_time(out, row.created);
  put_enum(out, row.auditor);
  out.text(row.password_hash);
  put_enum(out, row.service);
  return out.str();
}

Result<UserRow> decode_user(std::string_view value) {
  ByteReader in(as_bytes(value));
  Enums enums(in);
  const auto version = in.fixed<std::uint8_t>();
  UserRow row;
  row.name = in.text();
  row.full_name = in.text();
  row.email = in.text();
  row.hub_admin = enums.flag();
  row.disabled = enums.flag();
  row.created = get_time(in);
  if (version >= 2) {
    row.auditor = enums.flag();
    row.password_hash = in.text();
  }
  if (version >= 3) row.service = enums.flag();
  return checked_enums(in, enums, version, std::move(row), "user", user_row_version);
}

std::string encode(const TokenRow& row) {
  ByteWriter out;
  out.fixed(token_row_version);
  out.text(row.public_id);
  out.raw(row.secret_sha256.view());
  out.text(row.user);
  out.text(row.display_name);
  put_enum(out, row.role);
  put_time(out, row.created);
  put_enum(out, row.expires.has_value());
  if (row.expires) put_time(out, *row.expires);
  out.varint(row.scopes.size());
  for (const auto& scope : row.scopes) put_scope(out, scope);
  return out.str();
}

Result<TokenRow> decode_token(std::string_view value) {
  ByteReader in(as_bytes(value));
  Enums enums(in);
  const auto version = in.fixed<std::uint8_t>();
  TokenRow row;
  row.public_id = in.text();
  get_id(in, row.secret_sha256);
  row.user = in.text();
  row.display_name = in.text();
  row.role = enums.get(version >= 2 ? TokenRole::fine_grained : TokenRole::admin);
  row.created = get_time(in);
  if (enums.flag()) row.expires = get_time(in);
  const auto scopes = version >= 2 ? in.varint() : 0;
  if (scopes > scopes_max) return fail(Errc::corrupt, "token row with too many scopes");
  for (std::uint64_t i = 0; i < scopes && in.ok(); ++i) row.scopes.push_back(get_scope(in, enums));
  return checked_enums(in, enums, version, std::move(row), "token", token_row_version);
}

std::string encode(const OrgRow& row) {
  ByteWriter out;
  out.fixed(row_version);
  out.text(row.name);
  out.text(row.full_name);
  put_enum(out, row.new_repos);
  put_time(out, row.created);
  return out.str();
}

Result<OrgRow> decode_org(std::string_view value) {
  ByteReader in(as_bytes(value));
  Enums enums(in);
  const auto version = in.fixed<std::uint8_t>();
  OrgRow row;
  row.name = in.text();
  row.full_name = in.text();
  row.new_repos = enums.get(Visibility::closed);
  row.created = get_time(in);
  return checked_enums(in, enums, version, std::move(row), "organisation");
}

std::string encode(const MemberRow& row) {
  ByteWriter out;
  out.fixed(row_version);
  out.text(row.user);
  put_enum(out, row.role);
  put_time(out, row.since);
  return out.str();
}

Result<MemberRow> decode_member(std::string_view value) {
  ByteReader in(as_bytes(value));
  Enums enums(in);
  const auto version = in.fixed<std::uint8_t>();
  MemberRow row;
  row.user = in.text();
  row.role = enums.get(Role::admin);
  row.since = get_time(in);
  return checked_enums(in, enums, version, std::move(row), "member");
}

std::string encode(const GroupRow& row) {
  ByteWriter out;
  out.fixed(row_version);
  out.text(row.name);
  put_enum(out, row.role.has_value());
  if (row.role) put_enum(out, *row.role);
  put_time(out, row.created);
  return out.str();
}

Result<GroupRow> decode_group(std::string_view value) {
  ByteReader in(as_bytes(value));
  Enums enums(in);
  const auto version = in.fixed<std::uint8_t>();
  GroupRow row;
  row.name = in.text();
  if (enums.flag()) row.role = enums.get(Role::admin);
  row.created = get_time(in);
  return checked_enums(in, enums, version, std::move(row), "group");
}

std::string encode(const GrantRow& row) {
  ByteWriter out;
  out.fixed(row_version);
  out.text(row.to.org);
  out.text(row.to.name);
  put_enum(out, row.role);
  put_time(out, row.since);
  return out.str();
}

Result<GrantRow> decode_grant(std::string_view value) {
  ByteReader in(as_bytes(value));
  Enums enums(in);
  const auto version = in.fixed<std::uint8_t>();
  GrantRow row;
  row.to.org = in.text();
  row.to.name = in.text();
  row.role = enums.get(Role::admin);
  row.since = get_time(in);
  return checked_enums(in, enums, version, std::move(row), "grant");
}

}  // namespace waag::storage
