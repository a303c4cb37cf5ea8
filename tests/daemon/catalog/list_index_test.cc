#include "daemon/catalog/list_index.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::daemon;

namespace {

ListIndex::Repo repo_of(std::uint64_t uid, const std::string& name, std::uint64_t downloads) {
  storage::RepoRow row;
  row.uid = uid;
  row.id = {RepoType::model, "ada", name};
  row.created = storage::TimeMs(static_cast<std::int64_t>(1000 + uid));
  return std::make_shared<const ListedRepo>(row, Summary{}, Popularity{downloads, downloads, 0});
}

struct Index : ListIndex {
  void put(std::uint64_t uid, const std::string& name, std::uint64_t downloads) {
    apply({{uid, repo_of(uid, name, downloads)}});
  }
  std::string page(const ListQuery& query, std::size_t limit) const {
    std::string names;
    for (const auto& repo : ListIndex::find(query, limit, [](const auto&) { return true; }))
      names += repo->repo.id.name;
    return names;
  }
};

ListQuery by(SortBy sort, bool ascending = false) {
  ListQuery query;
  query.sort = sort;
  query.ascending = ascending;
  return query;
}

}  // namespace

TEST_CASE("list_index: orders, both ways", "[daemon][catalog]") {
  Index index;
  index.put(1, "b", 5);
  index.put(2, "a", 9);
  index.put(3, "c", 5);
  CHECK(index.page(by(SortBy::downloads), 10) == "acb");  // of equals the newest first
  CHECK(index.page(by(SortBy::downloads, true), 10) == "bca");
  CHECK(index.page(by(SortBy::created), 10) == "cab");
  CHECK(index.page(by(SortBy::name), 10) == "cba");
  CHECK(index.page(by(SortBy::name, true), 2) == "ab");
  auto datasets = by(SortBy::name);
  datasets.type = RepoType::dataset;
  CHECK(index.page(datasets, 10).empty());
}

TEST_CASE("list_index: changes and removals", "[daemon][catalog]") {
  Index index;
  index.put(1, "a", 1);
  index.put(2, "b", 2);
  index.put(1, "z", 3);  // moved, and downloaded
  CHECK(index.page(by(SortBy::downloads), 10) == "zb");
  CHECK(index.page(by(SortBy::name), 10) == "zb");
  CHECK(index.find(1)->repo.id.name == "z");
  index.apply({{1, nullptr}, {9, nullptr}});
  CHECK(index.page(by(SortBy::downloads), 10) == "b");
  CHECK_FALSE(index.find(1));
  CHECK(index.all(RepoType::model).size() == 1);
}

TEST_CASE("list_index: pages stay whole while repos come and go", "[daemon][catalog]") {
  Index index;
  for (std::uint64_t uid = 1; uid <= 6; ++uid)
    index.put(uid, std::string(1, static_cast<char>('a' + uid)), 0);
  const bool ascending = GENERATE(false, true);
  auto query = by(SortBy::created, ascending);
  auto seen = index.page(query, 2);
  const std::uint64_t last = ascending ? 2 : 5;
  query.after = place_of(*index.find(last), SortBy::created);
  index.put(7, "new", 0);          // before or behind the pages to come
  index.apply({{last, nullptr}});  // the place of the cursor is nobody's now
  seen += "|" + index.page(query, 2);
  CHECK(seen == (ascending ? "bc|de" : "gf|ed"));
}

TEST_CASE("list_index: what may not be seen takes no room on a page", "[daemon][catalog]") {
  Index index;
  for (std::uint64_t uid = 1; uid <= 6; ++uid) index.put(uid, std::to_string(uid), 0);
  const auto odd = [](const ListedRepo& repo) { return repo.repo.uid % 2 == 1; };
  const auto found = index.ListIndex::find(by(SortBy::created), 2, odd);
  REQUIRE(found.size() == 2);
  CHECK(found[0]->repo.uid == 5);
  CHECK(found[1]->repo.uid == 3);
}
