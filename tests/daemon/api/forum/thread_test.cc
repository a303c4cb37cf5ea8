#include "daemon/api/forum/thread.h"

#include "tests/support/store_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::testing::StoreFixture;

TEST_CASE_METHOD(StoreFixture, "thread: which discussion, and whose", "[daemon][discussions]") {
  const auto uid = make_repo("tiny", "Ann");
  const auto repo = *store->find_repo_by_uid(uid);
  REQUIRE(store->discussions().create(uid, {"bob", storage::TimeMs(1)}, "Title", "Text"));
  Request request;
  CHECK(find_discussion(*store, request, repo).error().code == Errc::not_found);
  request.captures["number"] = "1";
  CHECK(find_discussion(*store, request, repo)->author == "bob");
  for (const auto* number : {"2", "", "1x", " 1", "+1"}) {
    request.captures["number"] = number;
    CAPTURE(number);
    CHECK(find_discussion(*store, request, repo).error().code == Errc::not_found);
  }

  Identity who;
  CHECK(check_own_or_writer(who, repo, "").error().code == Errc::forbidden);  // anonymous is nobody
  who.user = "BOB";
  CHECK(check_own_or_writer(who, repo, "bob"));
  CHECK(check_own_or_writer(who, repo, "eve").error().code == Errc::forbidden);
  who.user = "ann";
  CHECK(check_own_or_writer(who, repo, "bob").error().code == Errc::forbidden);  // a reading token
  who.can_write = true;
  CHECK(check_own_or_writer(who, repo, "bob"));

  auto closed = repo;
  CHECK(check_open_for_discussion(closed));
  closed.discussions_disabled = true;
  CHECK(check_open_for_discussion(closed).error().code == Errc::forbidden);
}
