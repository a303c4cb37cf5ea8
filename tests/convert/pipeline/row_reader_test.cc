#include "convert/pipeline/row_reader.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/convert/tiny_model.h"

namespace waag::convert::testing {
namespace {

using Order = RowRun::Order;
using waag::testing::ModelFolder;

SourceTensor source_of(std::vector<std::uint64_t> shape) {
  SourceTensor source;
  source.shape = std::move(shape);
  return source;
}

RowRun run_of(const SourceTensor& source, std::uint64_t first_row, std::uint64_t rows,
              Order order = Order::as_they_are, std::uint64_t group = 0) {
  RowRun run;
  run.source = &source;
  run.first_row = first_row;
  run.source_rows = rows;
  run.order = order;
  run.group = group;
  return run;
}

/// Tiles lie one behind the other, cover the tensor, and cut no group.
void check_cover(const PlannedTensor& tensor, std::uint64_t values) {
  CAPTURE(values);
  std::uint64_t output_row = 0;
  std::size_t run = 0;
  std::uint64_t within = 0;
  for (const auto& tile : cut_into_tiles(tensor, values)) {
    if (tile.run != run) {
      CHECK(within == tensor.runs[run].rows());
      CHECK(tile.run == run + 1);
      run = tile.run;
      within = 0;
    }
    CHECK(tile.output_row == output_row);
    CHECK(tile.first_row == within);
    CHECK(tile.rows > 0);
    const auto& from = tensor.runs[tile.run];
    const auto together = from.order == Order::paired       ? from.group
                          : from.order == Order::transposed ? from.rows()
                                                            : 1;
    CHECK(tile.rows % together == 0);
    CHECK(tile.rows * from.columns() <= std::max(values, together * from.columns()));
    within += tile.rows;
    output_row += tile.rows;
  }
  CHECK(run + 1 == tensor.runs.size());
  CHECK(output_row == tensor.rows());
}

std::vector<float> read_all(const SourceModel& model, const PlannedTensor& tensor,
                            std::uint64_t tile_values) {
  std::vector<float> all, values, scratch;
  for (const auto& tile : cut_into_tiles(tensor, tile_values)) {
    values.resize(values_of(tensor, tile));
    const auto status = read_tile(model, tensor, tile, values, scratch);
    if (!status) FAIL(status.error().what);
    CHECK(values.size() == tile.rows * tensor.columns());
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

}  // namespace

TEST_CASE("row_reader: tiles cover a tensor", "[convert][pipeline][row_reader]") {
  const auto source = source_of({24, 10});
  PlannedTensor plain;
  plain.shape = {24, 10};
  plain.runs = {run_of(source, 0, 24)};
  PlannedTensor paired = plain;
  paired.runs = {run_of(source, 0, 24, Order::paired, 6)};
  PlannedTensor stack;
  stack.shape = {3, 8, 10};
  for (const std::uint64_t at : {16u, 0u, 8u}) stack.runs.push_back(run_of(source, at, 8));
  PlannedTensor turned;
  turned.shape = {2, 10, 12};
  for (const std::uint64_t at : {0u, 12u})
    turned.runs.push_back(run_of(source, at, 12, Order::transposed));
  for (const std::uint64_t values : {1u, 9u, 10u, 11u, 59u, 60u, 70u, 120u, 239u, 240u, 100'000u})
    for (const auto* tensor : {&plain, &paired, &stack, &turned}) check_cover(*tensor, values);
  CHECK(cut_into_tiles(plain, 100).size() == 3);
  CHECK(cut_into_tiles(paired, 100).size() == 4);
}

TEST_CASE("row_reader: a constant is one tile", "[convert][pipeline][row_reader]") {
  PlannedTensor constant;
  constant.shape = {3};
  constant.constant = {1, 2, 3};
  const auto tiles = cut_into_tiles(constant, 1);
  REQUIRE(tiles.size() == 1);
  CHECK(tiles[0].rows == 1);
}

TEST_CASE("row_reader: the values do not depend on the tiles", "[convert][pipeline][row_reader]") {
  TinyModel tiny(R"({"architectures":["A"]})");
  tiny.add("m", {24, 10}).add("v", {12});
  ModelFolder folder;
  tiny.write(folder);
  const auto model = SourceModel::open(folder.path());
  REQUIRE(model);
  const auto* matrix = model->find("m");
  const auto* vector = model->find("v");
  REQUIRE((matrix != nullptr && vector != nullptr));

  PlannedTensor paired;
  paired.shape = {24, 10};
  paired.runs = {run_of(*matrix, 0, 24, Order::paired, 6)};
  const auto pairs = read_all(*model, paired, 1);
  for (std::size_t row = 0; row < 24; ++row) {
    const std::size_t within = row % 6;
    const auto from = row - within + within % 2 * 3 + within / 2;
    for (std::size_t column = 0; column < 10; ++column)
      CHECK(pairs[row * 10 + column] == static_cast<float>(from * 10 + column));
  }
  CHECK(read_all(*model, paired, 130) == pairs);
  CHECK(read_all(*model, paired, 100'000) == pairs);

  PlannedTensor turned;
  turned.shape = {2, 10, 12};
  turned.runs = {run_of(*matrix, 12, 12, Order::transposed),
                 run_of(*matrix, 0, 12, Order::transposed)};
  const auto columns = read_all(*model, turned, 1);
  for (std::size_t part = 0; part < 2; ++part)
    for (std::size_t column = 0; column < 10; ++column)
      for (std::size_t row = 0; row < 12; ++row)
        CHECK(columns[(part * 10 + column) * 12 + row] ==
              static_cast<float>(((1 - part) * 12 + row) * 10 + column));

  PlannedTensor bias;
  bias.shape = {12};
  bias.runs = {run_of(*vector, 0, 1, Order::paired, 4)};
  const auto first = tiny.first_value("v");
  std::vector<float> expected;
  for (const int at : {0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11})
    expected.push_back(first + static_cast<float>(at));
  CHECK(read_all(*model, bias, 1) == expected);
  CHECK(cut_into_tiles(bias, 1).size() == 1);

  PlannedTensor stack;
  stack.shape = {2, 3, 10};
  stack.runs = {run_of(*matrix, 20, 3), run_of(*matrix, 1, 3)};
  const auto rows = read_all(*model, stack, 20);
  CHECK(rows[0] == 200);
  CHECK(rows[29] == 229);
  CHECK(rows[30] == 10);
  CHECK(rows[59] == 39);
}

}  // namespace waag::convert::testing
