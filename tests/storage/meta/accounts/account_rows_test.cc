#include "storage/meta/accounts/account_rows.h"

#include "tests/storage/meta/strict_rows.h"

namespace waag::storage {
namespace {

using testing::check_strict;

UserRow user() {
  return {"Ann", "Ann A.", "a@b", true, false, TimeMs(5), true, "$argon2id$x", true};
}

TokenRow token() {
  TokenRow row;
  row.public_id = "abc";
  row.secret_sha256.bytes.fill(std::byte{9});
  row.user = "Ann";
  row.display_name = "laptop";
  row.role = TokenRole::fine_grained;
  row.created = TimeMs(-5);
  row.expires = TimeMs(99);
  row.scopes = {{"Acme", std::nullopt, Role::read},
                {"Acme", RepoId{RepoType::dataset, "Acme", "Data"}, Role::admin}};
  return row;
}

void check_same(const TokenRow& row, const TokenRow& expected) {
  CHECK(row.public_id == expected.public_id);
  CHECK(row.secret_sha256 == expected.secret_sha256);
  CHECK(row.user == expected.user);
  CHECK(row.display_name == expected.display_name);
  CHECK(row.role == expected.role);
  CHECK(row.created == expected.created);
  CHECK(row.expires == expected.expires);
  CHECK(row.scopes == expected.scopes);
}

}  // namespace

TEST_CASE("account_rows: what was encoded comes back", "[storage][account_rows]") {
  const auto back = decode_user(encode(user()));
  REQUIRE(back);
  CHECK(back->name == "Ann");
  CHECK(back->full_name == "Ann A.");
  CHECK(back->email == "a@b");
  CHECK(back->hub_admin);
  CHECK_FALSE(back->disabled);
  CHECK(back->created == TimeMs(5));
  CHECK(back->auditor);
  CHECK(back->password_hash == "$argon2id$x");
  CHECK(back->service);
  const auto token_back = decode_token(encode(token()));
  REQUIRE(token_back);
  check_same(*token_back, token());
  auto eternal = token();
  eternal.expires.reset();
  CHECK_FALSE(decode_token(encode(eternal))->expires);
  const OrgRow org{"Acme", "Acme Inc.", Visibility::closed, TimeMs(7)};
  CHECK(*decode_org(encode(org)) == org);
  const MemberRow member{"Ann", Role::contribute, TimeMs(8)};
  CHECK(*decode_member(encode(member)) == member);
  const GroupRow bare{"crew", std::nullopt, TimeMs(9)}, strong{"crew", Role::admin, TimeMs(9)};
  CHECK(*decode_group(encode(bare)) == bare);
  CHECK(*decode_group(encode(strong)) == strong);
  const GrantRow grant{{"Acme", "crew"}, Role::write, TimeMs(10)};
  CHECK(*decode_grant(encode(grant)) == grant);
}

TEST_CASE("account_rows: rows of version 2 and 1", "[storage][account_rows]") {
  auto old_user = encode(user());
  old_user[0] = 2;
  old_user.pop_back();
  const auto second = decode_user(old_user);
  REQUIRE(second);
  CHECK(second->password_hash == "$argon2id$x");
  CHECK_FALSE(second->service);
  old_user[0] = 1;
  old_user.resize(old_user.size() - 1 - 1 - user().password_hash.size());
  const auto back = decode_user(old_user);
  REQUIRE(back);
  CHECK(back->hub_admin);
  CHECK_FALSE(back->auditor);
  CHECK(back->password_hash.empty());

  auto plain = token();
  plain.role = TokenRole::admin;
  plain.scopes.clear();
  auto old_token = encode(plain);
  old_token[0] = 1;
  old_token.pop_back();
  const auto token_back = decode_token(old_token);
  REQUIRE(token_back);
  check_same(*token_back, plain);
  plain.role = TokenRole::fine_grained;  // which version 1 did not know
  old_token = encode(plain);
  old_token[0] = 1;
  old_token.pop_back();
  CHECK_FALSE(decode_token(old_token));
}

TEST_CASE("account_rows: anything else is refused", "[storage][account_rows]") {
  check_strict(encode(user()), decode_user);
  check_strict(encode(token()), decode_token);
  check_strict(encode(OrgRow{}), decode_org);
  check_strict(encode(MemberRow{"Ann"}), decode_member);
  check_strict(encode(GroupRow{"crew", Role::read}), decode_group);
  check_strict(encode(GrantRow{}), decode_grant);

  const auto no_role = Role{4};
  CHECK_FALSE(decode_member(encode(MemberRow{"Ann", no_role})));
  CHECK_FALSE(decode_group(encode(GroupRow{"crew", no_role})));
  CHECK_FALSE(decode_grant(encode(GrantRow{{"", "ann"}, no_role})));
  CHECK_FALSE(decode_org(encode(OrgRow{"Acme", "", Visibility{2}})));
  auto unknown = token();
  unknown.role = TokenRole{4};
  CHECK_FALSE(decode_token(encode(unknown)));
  unknown = token();
  unknown.scopes[1].rights = no_role;
  CHECK_FALSE(decode_token(encode(unknown)));
  unknown = token();
  unknown.scopes[1].repo->type = RepoType{3};
  CHECK_FALSE(decode_token(encode(unknown)));
}

}  // namespace waag::storage
