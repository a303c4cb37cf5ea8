#include "convert/source/layout/scale_grid.h"

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

using Shape = std::vector<std::uint64_t>;
using Block = std::optional<std::pair<std::uint64_t, std::uint64_t>>;

Result<ScaleGrid> grid_of(const Shape& weight, const Shape& scales, Block block = std::nullopt) {
  StoredTensor stored;
  stored.info.name = "s";
  stored.info.shape = scales;
  return ScaleGrid::of(weight, stored, block);
}

}  // namespace

TEST_CASE("scale_grid: what the scales stand for", "[convert][source]") {
  const auto one = grid_of({2, 3, 8}, {1});
  REQUIRE(one);
  CHECK((one->grid_row(5) == 0 && one->values_per_row() == 1 && one->column_extent() == 8));

  const auto experts = grid_of({2, 3, 8}, {2, 1, 1});
  REQUIRE(experts);
  CHECK((experts->grid_row(2) == 0 && experts->grid_row(3) == 1));

  const auto rows = grid_of({2, 3, 8}, {2, 3, 1});
  REQUIRE(rows);
  CHECK((rows->grid_row(4) == 4 && rows->values_per_row() == 1));

  const auto groups = grid_of({3, 8}, {3, 4});
  REQUIRE(groups);
  CHECK((groups->grid_row(2) == 2 && groups->values_per_row() == 4));
  CHECK(groups->column_extent() == 2);

  const auto blocks = grid_of({2, 576, 200}, {2, 5, 2}, Block({128, 128}));
  REQUIRE(blocks);
  CHECK(blocks->grid_row(575) == 4);
  CHECK(blocks->grid_row(576) == 5);
  CHECK((blocks->values_per_row() == 2 && blocks->column_extent() == 128));

  const auto rows_in_spite = grid_of({300, 200}, {300, 1}, Block({128, 128}));
  REQUIRE(rows_in_spite);
  CHECK((rows_in_spite->grid_row(299) == 299 && rows_in_spite->column_extent() == 200));
}

TEST_CASE("scale_grid: what does not fit", "[convert][source]") {
  CHECK_FALSE(grid_of({8}, {8}));
  CHECK_FALSE(grid_of({1, 1, 2, 2}, {1}));
  CHECK_FALSE(grid_of({0, 8}, {1}));
  CHECK_FALSE(grid_of({3, 8}, {0}));
  CHECK_FALSE(grid_of({3, 8}, {8}));
  CHECK_FALSE(grid_of({3, 8}, {3, 3}));
  CHECK_FALSE(grid_of({3, 8}, {2, 4}));
  CHECK_FALSE(grid_of({3, 8}, {3, 4, 1}));
  CHECK_FALSE(grid_of({300, 200}, {3, 1}, Block({128, 128})));
  CHECK(grid_of({3, 8}, {3, 3}).error().what ==
        "s: its shape [3,3] does not fit a weight of [3,8]");
}

}  // namespace waag::convert::testing
