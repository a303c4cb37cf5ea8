#include "storage/git/objects.h"

#include "storage/meta/keys.h"
#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

namespace {

struct Fixture : StoreFixture {
  ObjectWriter writer{store->rows(), store->packs()};

  GitId add(git::ObjectKind kind, std::string body) {
    const auto id = writer.add(kind, std::move(body));
    REQUIRE(id);
    return *id;
  }
  auto read(const GitId& id, git::ObjectKind kind) {
    return read_object(store->rows(), store->packs(), id, kind);
  }
  std::size_t known(const std::vector<GitId>& ids) {
    return static_cast<std::size_t>(std::ranges::count_if(ids, [&](const GitId& id) {
      return store->rows().get(keys::git_object(id))->has_value();
    }));
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "objects: known with their transaction, read back as what they are",
                 "[storage][objects]") {
  const auto blob = add(git::ObjectKind::blob, "text");
  CHECK(add(git::ObjectKind::blob, "text") == blob);
  const auto empty = add(git::ObjectKind::tree, "");
  CHECK(writer.place(blob) == nullptr);
  REQUIRE(writer.flush());
  REQUIRE(writer.place(blob) != nullptr);
  CHECK(as_text(*store->packs().read(*writer.place(blob))) == "text");
  CHECK(add(git::ObjectKind::blob, "text") == blob);  // written already
  Transaction lost;
  REQUIRE(writer.settle(lost));
  Transaction transaction;
  REQUIRE(writer.settle(transaction));  // as if the first one had met a conflict
  CHECK(transaction.derived.size() == 2);
  CHECK(transaction.extents == lost.extents);
  CHECK(read(blob, git::ObjectKind::blob).error().code == Errc::not_found);
  REQUIRE(store->rows().apply(transaction));
  writer.settled();
  CHECK(as_text(*read(blob, git::ObjectKind::blob)) == "text");
  CHECK(read(empty, git::ObjectKind::tree)->empty());
  CHECK(read(blob, git::ObjectKind::tree).error().code == Errc::corrupt);

  add(git::ObjectKind::blob, "text");
  Transaction again;
  REQUIRE(writer.settle(again));
  CHECK(again.extents.empty());
  CHECK(again.derived.empty());
}

TEST_CASE_METHOD(Fixture, "objects: of very many the first ones go before the transaction",
                 "[storage][objects]") {
  constexpr std::size_t count = 15'000;
  std::vector<GitId> many;
  for (std::size_t i = 0; i < count; ++i)
    many.push_back(add(git::ObjectKind::blob, std::to_string(i)));
  const auto before = known(many);
  CHECK(before > 0);
  Transaction transaction;
  REQUIRE(writer.settle(transaction));
  CHECK(transaction.derived.size() < 8192);  // what memory it takes does not grow with the change
  CHECK(before + transaction.derived.size() == count);
  REQUIRE(store->rows().apply(transaction));
  CHECK(known(many) == count);
  CHECK(as_text(*read(many.front(), git::ObjectKind::blob)) == "0");
  CHECK(as_text(*read(many.back(), git::ObjectKind::blob)) == std::to_string(count - 1));
}

TEST_CASE_METHOD(Fixture, "objects: one larger than a group of the store's packs",
                 "[storage][objects]") {
  const auto large = testing::noise(1, 700'000);
  const auto small = add(git::ObjectKind::blob, "small");
  const auto id = add(git::ObjectKind::tree, large);
  Transaction transaction;
  REQUIRE(writer.settle(transaction));
  REQUIRE(store->rows().apply(transaction));
  CHECK(as_text(*read(id, git::ObjectKind::tree)) == large);
  CHECK(as_text(*read(small, git::ObjectKind::blob)) == "small");
}

}  // namespace waag::storage
