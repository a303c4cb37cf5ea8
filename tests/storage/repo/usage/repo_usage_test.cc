#include "storage/repo/usage/repo_usage.h"

#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::noise;
using testing::StoreFixture;

namespace {

struct Fixture : StoreFixture {
  const Sharers all{true, {}};
  std::uint64_t uid = make_repo("own");

  RepoUsage usage(std::uint64_t repo, const std::optional<Sharers>& sharers = std::nullopt) {
    const auto found = store->repo_usage(repo, sharers);
    if (!found) FAIL("usage: " << found.error().what);
    return *found;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "usage: a repo without files", "[storage][usage]") {
  commit(uid, {put("small.txt", "text")});
  const auto found = usage(uid, all);
  CHECK(found.files == 0);
  CHECK(found.logical_bytes == 0);
  CHECK(found.physical_bytes == 0);
  CHECK(found.shared_bytes == 0);
}

TEST_CASE_METHOD(Fixture, "usage: what is stored once counts once", "[storage][usage]") {
  const auto content = noise(1, 600'000);
  commit(uid, {put_lfs("a.bin", content), put_lfs("copy.bin", content)});
  commit(uid, {put_lfs("b.bin", content + "end"), remove("a.bin")});
  const auto found = usage(uid);
  CHECK(found.files == 2);
  CHECK(found.logical_bytes == 1'200'003);
  // Only the last chunk differs, and that is 128 KiB at most.
  CHECK(found.unique_bytes >= 600'003);
  CHECK(found.unique_bytes <= 600'003 + 128 * 1024);
  CHECK(found.physical_bytes == found.unique_bytes);  // noise is stored as it is
  CHECK_FALSE(found.shared_bytes);
  reopen();
  CHECK(usage(uid).physical_bytes == found.physical_bytes);
}

TEST_CASE_METHOD(Fixture, "usage: what is stored smaller", "[storage][usage]") {
  std::string text;
  while (text.size() < 300'000) text += "line " + std::to_string(text.size()) + "\n";
  commit(uid, {put_lfs("a.bin", text)});
  const auto found = usage(uid);
  CHECK(found.unique_bytes == text.size());
  CHECK(found.physical_bytes > 0);
  CHECK(found.physical_bytes < text.size() / 2);
}

TEST_CASE_METHOD(Fixture, "usage: what other repos hold too", "[storage][usage]") {
  const auto content = noise(2, 700'000);
  commit(uid, {put_lfs("a.bin", content), put_lfs("own.bin", noise(3, 100'000))});
  CHECK(usage(uid, all).shared_bytes == 0);
  const auto near = make_repo("near");
  // Another file: the same chunks up to the last one.
  commit(near, {put_lfs("a.bin", content + "end")});
  const auto partly = *usage(uid, all).shared_bytes;
  CHECK(partly >= 700'000 - 128 * 1024);
  CHECK(partly < 700'000);
  const auto same = make_repo("same");
  commit(same, {put_lfs("x.bin", content)});
  CHECK(usage(uid, all).shared_bytes == 700'000);
  CHECK(usage(uid, all).physical_bytes == 800'000);
  CHECK(usage(same, all).shared_bytes == 700'000);
  CHECK(usage(near, all).shared_bytes == partly);

  CHECK(usage(uid, Sharers{}).shared_bytes == 0);
  CHECK(usage(uid, Sharers{false, {uid}}).shared_bytes == 0);
  CHECK(usage(uid, Sharers{false, {near}}).shared_bytes == partly);
  CHECK(usage(uid, Sharers{false, {near, same}}).shared_bytes == 700'000);

  // In the trash it still holds them, afterwards no more.
  REQUIRE(store->trash_repo(same, "ann"));
  CHECK(usage(uid, all).shared_bytes == 700'000);
  CHECK(*store->empty_trash(TimeMs(0)) == 1);
  CHECK(usage(uid, all).shared_bytes == partly);
}

TEST_CASE_METHOD(Fixture, "usage: over many packs and parts of xorbs", "[storage][usage]") {
  const auto other = make_repo("other");
  std::uint64_t bytes = 0;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    commit(uid, {put_lfs(std::to_string(seed), noise(seed, 400'000))});
    if (seed % 2 == 0) commit(other, {put_lfs(std::to_string(seed), noise(seed, 400'000))});
    bytes += 400'000;
  }
  REQUIRE(store->stats()->packs > 3);
  const auto found = usage(uid, all);
  CHECK(found.files == 8);
  CHECK(found.unique_bytes == bytes);
  CHECK(found.physical_bytes == bytes);
  CHECK(found.shared_bytes == bytes / 2);
}

TEST_CASE_METHOD(Fixture, "usage: a link to nothing is told", "[storage][usage]") {
  Transaction transaction;
  LinkTable::add(transaction, uid, sha256(as_bytes("never there")));
  REQUIRE(store->rows().apply(std::move(transaction)));
  CHECK(store->repo_usage(uid, std::nullopt).error().code == Errc::corrupt);
  const auto other = make_repo("other");
  CHECK(store->repo_usage(other, std::nullopt));
  CHECK(store->repo_usage(other, all).error().code == Errc::corrupt);
}

}  // namespace waag::storage
