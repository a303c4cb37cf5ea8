#include "storage/meta/tables/refs.h"

#include "tests/support/store_fixture.h"

namespace waag::storage {

using testing::StoreFixture;

TEST_CASE_METHOD(StoreFixture,
                 "ref table: the log keeps its order when the clock stands still or goes back",
                 "[storage][ref_table]") {
  RefTable refs(store->rows());
  std::optional<RefRow> now;
  for (unsigned char i = 1; i <= 20; ++i) {
    RefRow next;
    next.target.bytes.fill(std::byte{i});
    Transaction transaction;
    RefTable restarted(store->rows());  // remembers nothing
    REQUIRE(restarted.move(transaction, {7, "refs/heads/x", now, next, "ann", TimeMs(1000 / i)}));
    REQUIRE(store->rows().apply(transaction));
    now = *refs.find(7, "refs/heads/x");
  }
  const auto log = refs.log(7, "refs/heads/x");
  REQUIRE(log);
  REQUIRE(log->size() == 20);
  for (std::size_t i = 0; i < log->size(); ++i)
    CHECK(log->at(i).to.bytes[0] == std::byte{static_cast<unsigned char>(i + 1)});
  CHECK(refs.log(7, "refs/heads/")->empty());
  CHECK(refs.list(7)->size() == 1);
  CHECK(refs.list(8)->empty());
}

TEST_CASE_METHOD(StoreFixture, "ref table: a move from another value than the row's is refused",
                 "[storage][ref_table]") {
  RefTable refs(store->rows());
  RefRow a;
  a.target.bytes.fill(std::byte{1});
  RefRow b;
  b.target.bytes.fill(std::byte{2});
  Transaction create;
  a.updated = TimeMs(1);
  REQUIRE(refs.move(create, {7, "refs/heads/x", std::nullopt, a, "ann", TimeMs(1)}));
  REQUIRE(store->rows().apply(create));
  for (const auto& wrong : {std::optional<RefRow>{}, std::optional(b)}) {
    Transaction transaction;
    REQUIRE(refs.move(transaction, {7, "refs/heads/x", wrong, b, "ann", TimeMs(1)}));
    CHECK(store->rows().apply(transaction).error().code == Errc::conflict);
  }
  CHECK(**refs.find(7, "refs/heads/x") == a);
}

TEST_CASE_METHOD(StoreFixture, "ref table: commits by their first digits", "[storage][ref_table]") {
  RefTable refs(store->rows());
  const auto id = *CommitId::parse("abcdef0123456789abcdef0123456789abcdef01");
  Transaction rows;
  RefTable::add_commit(rows, 7, id);
  REQUIRE(store->rows().apply(rows));
  for (const auto* digits : {"abcdef0", "ABCDEF01", "abcdef0123456789abcdef0123456789abcdef0"}) {
    CAPTURE(digits);
    CHECK(*refs.find_short(7, digits) == id);
  }
  CHECK_FALSE(refs.find_short(7, "abcdef1")->has_value());
  CHECK_FALSE(refs.find_short(7, "0000000")->has_value());
  CHECK_FALSE(refs.find_short(8, "abcdef0")->has_value());
}

}  // namespace waag::storage
