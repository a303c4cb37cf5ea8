#include "storage/store.h"

#include "storage/repo/reserve.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

TEST_CASE_METHOD(StoreFixture, "store: a folder has one user at a time", "[storage][store]") {
  const auto options = testing::small_store(folder.path() / "data");
  CHECK(Store::open(*disk, clock, random, options).error().code == Errc::conflict);
  close();
  CHECK(Store::open(*disk, clock, random, options));
}

TEST_CASE_METHOD(StoreFixture,
                 "store: below the reserve it refuses to grow and goes on with the rest",
                 "[storage][store]") {
  const auto uid = make_repo("tiny");
  const auto kept = make_repo("kept");
  const auto id = commit(uid, {put("a", "1")});
  CHECK(store->writable());
  const auto change = put("b", "2");
  close();
  auto options = testing::small_store(folder.path() / "data");
  options.reserve_bytes = 1ull << 60;
  auto opened = Store::open(*disk, clock, random, options);
  REQUIRE(opened);
  store = *std::move(opened);
  CHECK(store->writable().error().code == Errc::no_space);
  CHECK(store->ingest().error().code == Errc::no_space);
  CHECK(store->staging_area()->file().error().code == Errc::no_space);
  CHECK(commit_error(uid, {change}) == Errc::no_space);
  NewRepo repo;
  repo.id = {RepoType::model, "acme", "new"};
  CHECK(store->create_repo(repo).error().code == Errc::no_space);

  CHECK(files_of(uid, id).at("a") == "1");
  CHECK(store->delete_repo(kept, "ann"));
  CHECK(store->move_ref(uid, "refs/heads/x", std::nullopt, id, "ann"));
  CHECK(store->change_repo(uid, {.visibility = Visibility::closed}));
}

TEST_CASE_METHOD(StoreFixture, "store: blobs, possession and sessions through the facade",
                 "[storage][store]") {
  const auto uid = make_repo("tiny");
  const auto content = testing::noise(1, 100'000);
  const auto id = sha256(as_bytes(content));
  CHECK_FALSE(store->blob_size(id)->has_value());
  auto ingest = store->ingest();
  REQUIRE((*ingest)->write(as_bytes(content)));
  REQUIRE((*ingest)->finish({id, content.size()}, store->possession("Ann", uid, id)));
  CHECK(*store->blob_size(id) == content.size());
  CHECK(*store->has_uploaded("ann", uid, id));
  CHECK(*store->repo_has_blob(uid, id) == false);
  CHECK(read(**store->open_blob(id)) == content);
  CHECK(store->open_blob(sha256(as_bytes("x"))).error().code == Errc::not_found);
  CHECK(store->put_session("s1", "value"));
  CHECK(*store->find_session("s1") == "value");
  CHECK(store->list_sessions()->size() == 1);
  CHECK(store->delete_session("s1"));
  CHECK(store->list_sessions()->empty());
  CHECK(std::filesystem::is_directory(store->scratch()));
}

TEST_CASE_METHOD(StoreFixture, "store: a workload gives what its model says, also after restarts",
                 "[storage][store]") {
  testing::Model model;
  int count = 0;
  for (const auto& step : testing::make_workload(21, 60)) {
    const auto done = testing::run(*store, step);
    if (!done) FAIL(done.error().what);
    testing::apply(model, step);
    if (++count % 20 == 0) reopen();
  }
  CHECK(testing::differences(*store, model) == std::vector<std::string>{});
}

}  // namespace waag::storage
