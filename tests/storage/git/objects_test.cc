#include "storage/git/objects.h"

#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

TEST_CASE_METHOD(StoreFixture, "objects: written once, read back as what they are",
                 "[storage][objects]") {
  ObjectBatch batch;
  const auto blob = batch.add(git::ObjectKind::blob, "text");
  CHECK(batch.add(git::ObjectKind::blob, "text") == blob);
  const auto empty = batch.add(git::ObjectKind::tree, "");
  // More than one group of a pack: the batch must cut it.
  std::vector<GitId> many;
  for (int i = 0; i < 5000; ++i)
    many.push_back(batch.add(git::ObjectKind::blob, std::to_string(i)));
  Transaction transaction;
  REQUIRE(batch.write(store->rows(), store->packs(), transaction));
  CHECK(transaction.derived.size() == 5002);
  CHECK_FALSE(transaction.extents.empty());
  CHECK(read_object(store->rows(), store->packs(), blob, git::ObjectKind::blob).error().code ==
        Errc::not_found);  // not before the transaction
  REQUIRE(store->rows().apply(transaction));
  const auto read = [&](const GitId& id, git::ObjectKind kind) {
    return read_object(store->rows(), store->packs(), id, kind);
  };
  CHECK(as_text(*read(blob, git::ObjectKind::blob)) == "text");
  CHECK(read(empty, git::ObjectKind::tree)->empty());
  CHECK(as_text(*read(many[4999], git::ObjectKind::blob)) == "4999");
  CHECK(read(blob, git::ObjectKind::tree).error().code == Errc::corrupt);

  Transaction again;
  REQUIRE(batch.write(store->rows(), store->packs(), again));
  CHECK(again.extents.empty());
  CHECK(again.derived.empty());
}

}  // namespace waag::storage
