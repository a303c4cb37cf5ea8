#include "storage/meta/repo_rows.h"

#include <catch2/catch.hpp>

namespace waag::storage {
namespace {

template <class Id>
Id filled(unsigned char byte) {
  Id id;
  id.bytes.fill(std::byte{byte});
  return id;
}

RepoRow repo() {
  return {7,
          {RepoType::dataset, "Ns", "Name"},
          Visibility::closed,
          "ann",
          TimeMs(123),
          "static",
          Gate::manual,
          true,
          true};
}

TokenRow token() {
  TokenRow row;
  row.public_id = "abc";
  row.secret_sha256 = filled<BlobId>(9);
  row.user = "Ann";
  row.display_name = "laptop";
  row.role = TokenRole::write;
  row.created = TimeMs(-5);
  row.expires = TimeMs(99);
  return row;
}

/// Every cut, every byte more and another version must be refused.
template <class Decode>
void check_strict(const std::string& value, Decode decode) {
  REQUIRE(decode(value));
  for (std::size_t bytes = 0; bytes < value.size(); ++bytes) {
    CAPTURE(bytes);
    CHECK_FALSE(decode(value.substr(0, bytes)));
  }
  CHECK(decode(value + "x").error().code == Errc::corrupt);
  auto later = value;
  later[0] = 99;
  CHECK(decode(later).error().code == Errc::corrupt);
}

}  // namespace

TEST_CASE("repo_rows: a repo row of version 1 is read as without a gate", "[storage][repo_rows]") {
  auto old = encode(repo());
  old[0] = 1;
  old.resize(old.size() - 3);
  auto expected = repo();
  expected.gate = Gate::none;
  expected.disabled = false;
  expected.discussions_disabled = false;
  const auto row = decode_repo(old);
  REQUIRE(row);
  CHECK(*row == expected);
}

TEST_CASE("repo_rows: what was encoded comes back", "[storage][repo_rows]") {
  CHECK(*decode_repo(encode(repo())) == repo());
  CHECK(*decode_redirect(encode(RedirectRow{5})) == RedirectRow{5});
  const TrashRow trashed{repo(), TimeMs(7), "ann"};
  CHECK(*decode_trash(encode(trashed)) == trashed);
  CHECK(*decode_like(encode(LikeRow{TimeMs(7)})) == LikeRow{TimeMs(7)});
  const RefRow ref{filled<CommitId>(1), filled<GitId>(2), TimeMs(3)};
  CHECK(*decode_ref(encode(ref)) == ref);
  const RefLogRow log{filled<CommitId>(1), filled<CommitId>(2), "ann", TimeMs(4)};
  const auto log_back = decode_ref_log(encode(log));
  REQUIRE(log_back);
  CHECK(log_back->from == log.from);
  CHECK(log_back->to == log.to);
  CHECK(log_back->user == "ann");
  CHECK(log_back->at == TimeMs(4));
  const UserRow user{"Ann", "Ann A.", "a@b", true, false, TimeMs(5)};
  const auto user_back = decode_user(encode(user));
  REQUIRE(user_back);
  CHECK(user_back->name == "Ann");
  CHECK(user_back->full_name == "Ann A.");
  CHECK(user_back->email == "a@b");
  CHECK(user_back->hub_admin);
  CHECK_FALSE(user_back->disabled);
  CHECK(user_back->created == TimeMs(5));
  const auto token_back = decode_token(encode(token()));
  REQUIRE(token_back);
  CHECK(token_back->public_id == "abc");
  CHECK(token_back->secret_sha256 == filled<BlobId>(9));
  CHECK(token_back->user == "Ann");
  CHECK(token_back->display_name == "laptop");
  CHECK(token_back->role == TokenRole::write);
  CHECK(token_back->created == TimeMs(-5));
  CHECK(token_back->expires == TimeMs(99));
  auto eternal = token();
  eternal.expires.reset();
  CHECK_FALSE(decode_token(encode(eternal))->expires);
}

TEST_CASE("repo_rows: anything else is refused", "[storage][repo_rows]") {
  check_strict(encode(repo()), decode_repo);
  check_strict(encode(RedirectRow{}), decode_redirect);
  check_strict(encode(TrashRow{repo(), TimeMs(7), "ann"}), decode_trash);
  check_strict(encode(LikeRow{}), decode_like);
  check_strict(encode(RefRow{}), decode_ref);
  check_strict(encode(RefLogRow{}), decode_ref_log);
  check_strict(encode(UserRow{}), decode_user);
  check_strict(encode(token()), decode_token);

  auto unknown_role = token();
  unknown_role.role = TokenRole{3};
  CHECK_FALSE(decode_token(encode(unknown_role)));
  auto unknown_type = repo();
  unknown_type.id.type = RepoType{3};
  CHECK_FALSE(decode_repo(encode(unknown_type)));
  auto unknown_visibility = repo();
  unknown_visibility.visibility = Visibility{2};
  CHECK_FALSE(decode_repo(encode(unknown_visibility)));
}

}  // namespace waag::storage
