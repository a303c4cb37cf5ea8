#include "daemon/catalog/catalog.h"

#include "storage/meta/tables/likes.h"
#include "tests/support/store_fixture.h"

using namespace waag;
using namespace waag::daemon;
using waag::testing::StoreFixture;

namespace {

struct Hub : StoreFixture {
  std::unique_ptr<Catalog> catalog = std::make_unique<Catalog>(*store, clock);
  Identity ann;
  Hub() {
    ann.user = "ann";
    ann.can_write = true;
  }
  std::string names(ListQuery query = {}) {
    query.sort = SortBy::name;
    query.ascending = true;
    const auto page = catalog->list(query, ann);
    REQUIRE(page);
    std::string names;
    for (const auto& listed : page->repos) names += listed->repo.id.name + " ";
    return names;
  }
  std::string tagged(const std::string& tag) {
    ListQuery query;
    query.tags = {tag};
    return names(query);
  }
};

}  // namespace

TEST_CASE("catalog: every change is seen by the next list", "[daemon][catalog]") {
  Hub hub;
  CHECK(hub.names().empty());
  const auto a = hub.make_repo("a");
  const auto b = hub.make_repo("b");
  CHECK(hub.names() == "a b ");
  hub.commit(a, {hub.put("README.md", "---\nlicense: mit\n---\n")});
  CHECK(hub.tagged("license:mit") == "a ");
  hub.commit(a, {hub.put("README.md", "---\nlicense: gpl\n---\n")});
  CHECK(hub.tagged("license:mit").empty());
  CHECK(hub.tagged("license:gpl") == "a ");
  storage::RepoSettings settings;
  settings.visibility = storage::Visibility::closed;
  REQUIRE(hub.store->change_repo(b, settings));
  CHECK(hub.names() == "a ");  // acme's, and ann is somebody else
  REQUIRE(hub.store->delete_repo(a, "ann"));
  CHECK(hub.names().empty());
}

TEST_CASE("catalog: what was known before the start is listed", "[daemon][catalog]") {
  Hub hub;
  const auto a = hub.make_repo("a");
  hub.commit(a, {hub.put("README.md", "---\nlicense: mit\n---\n")});
  CHECK(hub.tagged("license:mit") == "a ");
  hub.catalog.reset();
  hub.reopen();
  // The summary was kept, and is not made of the files again.
  const auto kept = hub.store->summaries().find(a);
  REQUIRE(kept);
  REQUIRE(*kept);
  auto altered = *decode_summary(**kept);
  CHECK(altered.about.tags == std::vector<std::string>{"license:mit"});
  altered.about.tags = {"from the row"};
  REQUIRE(hub.store->summaries().put({{a, encode(altered)}}));
  hub.catalog = std::make_unique<Catalog>(*hub.store, hub.clock);
  CHECK(hub.tagged("from the row") == "a ");
  // A broken row, or one of another commit, is not believed.
  hub.catalog.reset();
  REQUIRE(hub.store->summaries().put({{a, "nonsense"}}));
  hub.catalog = std::make_unique<Catalog>(*hub.store, hub.clock);
  CHECK(hub.tagged("license:mit") == "a ");
}

TEST_CASE("catalog: a repo with a broken head does not hide the others", "[daemon][catalog]") {
  Hub hub;
  const auto a = hub.make_repo("a");
  hub.make_repo("b");
  storage::Transaction transaction;
  transaction.dels.push_back(storage::keys::ref(a, "refs/heads/main"));
  REQUIRE(hub.store->rows().apply(std::move(transaction)));
  CHECK(hub.names() == "a b ");
}

TEST_CASE("catalog: downloads reorder, also by time alone", "[daemon][catalog]") {
  Hub hub;
  const auto a = hub.make_repo("a");
  const auto b = hub.make_repo("b");
  const auto first = [&hub] {
    ListQuery query;
    query.sort = SortBy::downloads;
    query.limit = 1;
    const auto page = hub.catalog->list(query, hub.ann);
    REQUIRE(page);
    REQUIRE(page->next);
    return page->repos.front()->repo.uid;
  };
  CHECK(first() == b);  // the newest of equals
  const auto row = hub.store->find_repo_by_uid(a);
  REQUIRE(row);
  hub.catalog->downloads().served(*row, "config.json", "ann");
  CHECK(first() == a);
  CHECK(hub.catalog->popularity(a).downloads == 1);
  hub.clock.advance(std::chrono::hours(24 * 40));
  CHECK(first() == b);
  CHECK(hub.catalog->popularity(a).downloads_all_time == 1);
}

TEST_CASE("catalog: a summary is made of any commit", "[daemon][catalog]") {
  Hub hub;
  const auto a = hub.make_repo("a");
  const auto old = hub.commit(a, {hub.put("README.md", "---\nlicense: mit\n---\n")});
  hub.commit(a, {hub.put("README.md", "---\nlicense: gpl\n---\n")});
  const auto row = hub.store->find_repo_by_uid(a);
  REQUIRE(row);
  const auto summary = hub.catalog->summary(*row, *hub.snapshot(a, old));
  REQUIRE(summary);
  CHECK((*summary)->about.card_json == R"({"license":"mit"})");
  CHECK(*hub.catalog->summary(*row, *hub.snapshot(a, old)) == *summary);  // the same, kept
}

TEST_CASE("catalog: likes count at once", "[daemon][catalog]") {
  Hub hub;
  const auto a = hub.make_repo("a");
  hub.make_repo("b");
  const auto row = hub.store->find_repo_by_uid(a);
  REQUIRE(row);
  ListQuery query;
  query.sort = SortBy::likes;
  const auto first = [&] { return hub.catalog->list(query, hub.ann)->repos.front(); };
  CHECK(first()->repo.id.name == "b");  // the newest of equals
  CHECK(hub.catalog->popularity(a).likes == 0);
  REQUIRE(hub.store->likes().set(*row, "ann", true, hub.clock.now()));
  CHECK(hub.catalog->popularity(a).likes == 1);
  CHECK(first()->repo.id.name == "a");
  CHECK(first()->popularity.likes == 1);
  REQUIRE(hub.store->likes().set(*row, "ann", false, hub.clock.now()));
  CHECK(hub.catalog->popularity(a).likes == 0);
  CHECK(first()->repo.id.name == "b");
}
