#include "storage/meta/repo_rows.h"

#include "tests/storage/meta/strict_rows.h"

namespace waag::storage {
namespace {

using testing::check_strict;

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

}  // namespace

TEST_CASE("repo_rows: a repo row of version 1 is read as without a gate", "[storage][repo_rows]") {
  auto old = encode(repo());
  old[0] = 1;
  old.resize(old.size() - 4);
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
}

TEST_CASE("repo_rows: anything else is refused", "[storage][repo_rows]") {
  check_strict(encode(repo()), decode_repo);
  check_strict(encode(RedirectRow{}), decode_redirect);
  check_strict(encode(TrashRow{repo(), TimeMs(7), "ann"}), decode_trash);
  check_strict(encode(LikeRow{}), decode_like);
  check_strict(encode(RefRow{}), decode_ref);
  check_strict(encode(RefLogRow{}), decode_ref_log);

  auto unknown_type = repo();
  unknown_type.id.type = RepoType{3};
  CHECK_FALSE(decode_repo(encode(unknown_type)));
  auto unknown_visibility = repo();
  unknown_visibility.visibility = Visibility{2};
  CHECK_FALSE(decode_repo(encode(unknown_visibility)));
}

}  // namespace waag::storage
