#include "storage/rewrite/squash.h"

#include "tests/storage/rewrite/rewrite_support.h"

namespace waag::storage {

using testing::RewriteFixture;

TEST_CASE_METHOD(RewriteFixture, "squash: one commit, the same files, other refs untouched",
                 "[storage][rewrite]") {
  const auto first = head(uid);
  const auto shared = commit_to("main", {put_lfs("old.bin", "old"), put("a", "1")});
  branch("aside", shared);
  const auto aside = commit_to("aside", {put("b", "2")});
  const auto passing = commit_to("main", {put_lfs("passing.bin", "passing")});
  const auto last = commit_to("main", {remove("passing.bin"), put("a", "3")});
  const auto files = files_of(uid, last);
  const auto squashed = store->squash(squash_request("refs/heads/main"));
  REQUIRE(squashed);
  CHECK(head(uid) == *squashed);
  CHECK(files_of(uid, *squashed) == files);
  const auto history = store->history(uid, *squashed, 0, 10);
  REQUIRE(history->size() == 1);
  CHECK(history->front().message == "All in one");
  CHECK(history->front().author_name == "ann");
  CHECK(*store->resolve(uid, "aside") == aside);
  CHECK(store->history(uid, aside, 0, 10)->size() == 3);
  CHECK(knows(first));
  CHECK(knows(shared));
  CHECK_FALSE(knows(passing));
  CHECK_FALSE(knows(last));
  CHECK(store->snapshot(uid, last).error().code == Errc::revision_not_found);
  CHECK_FALSE(links_to("passing"));
  CHECK(links_to("old"));
  check_whole();
  reopen();
  CHECK(files_of(uid, head(uid)) == files);
  commit_to("main", {put("c", "goes on")});
  check_whole();
}

TEST_CASE_METHOD(RewriteFixture, "squash: what is refused changes nothing", "[storage][rewrite]") {
  const auto last = commit_to("main", {put("a", "1")});
  REQUIRE(store->move_ref(uid, "refs/tags/v1", std::nullopt, last, "ann"));
  CHECK(store->squash(squash_request("refs/tags/v1")).error().code == Errc::invalid_argument);
  CHECK(store->squash(squash_request("main")).error().code == Errc::invalid_argument);
  CHECK(store->squash(squash_request("refs/heads/none")).error().code == Errc::revision_not_found);
  auto bad = squash_request("refs/heads/main");
  bad.message = std::string("a\0b", 3);
  CHECK(store->squash(bad).error().code == Errc::unprocessable);
  bad = squash_request("refs/heads/main");
  bad.repo_uid = 99;
  CHECK(store->squash(bad).error().code == Errc::repo_not_found);
  CHECK(head(uid) == last);
  CHECK(store->history(uid, last, 0, 10)->size() == 2);
}

}  // namespace waag::storage
