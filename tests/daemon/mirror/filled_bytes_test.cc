#include "daemon/mirror/filled_bytes.h"

#include "tests/support/store_fixture.h"

namespace waag::daemon {

using waag::testing::StoreFixture;

TEST_CASE_METHOD(StoreFixture, "filled_bytes: what mirrored repos have, as it changes",
                 "[daemon][filled_bytes]") {
  FilledBytes filled(*store, 0);
  CHECK(*filled.total() == 0);
  const auto own = make_repo("own");
  const auto first = ingest(std::string(300'000, 'a'));
  REQUIRE(store->rows().apply(storage::Mirrors::proof(own, first)));
  CHECK(*filled.total() == 0);  // not from an upstream

  storage::NewMirror repo;
  repo.id = {RepoType::model, "Qwen", "Tiny"};
  storage::Listing listing;
  listing.upstream = "https://hub.example";
  listing.name = "Qwen/Tiny";
  listing.ref = "refs/heads/main";
  listing.commit.bytes.fill(std::byte{1});
  const auto row = store->mirrors().import(repo, listing);
  REQUIRE(row);
  CHECK(*filled.total() == 0);
  REQUIRE(store->rows().apply(storage::Mirrors::proof(row->uid, first)));
  CHECK(*filled.total() == 300'000);
  const auto second = ingest(std::string(1000, 'b'));
  CHECK(*filled.total() == 300'000);
  REQUIRE(store->rows().apply(storage::Mirrors::proof(row->uid, second)));
  CHECK(*filled.total() == 301'000);
  REQUIRE(store->delete_repo(row->uid, "root"));
  CHECK(*filled.total() == 0);
}

}  // namespace waag::daemon
