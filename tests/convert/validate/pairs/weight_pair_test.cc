#include "convert/validate/pairs/weight_pair.h"

#include <algorithm>
#include <limits>

#include <catch2/catch.hpp>

#include "protocol/hash.h"
#include "tests/convert/source/model_folder.h"

namespace waag::convert::testing {
namespace {

/// A pair of values in memory, whose file holds "bytes".
struct InMemory {
  std::vector<float> source, made;
  std::uint64_t columns = 2;
  std::uint64_t block_values = 1;
  std::optional<TensorType> kept_in = {};
  std::vector<std::uint64_t> tiles = {};

  [[nodiscard]] Result<WeightErrors> measure(unsigned threads = 1) const {
    waag::testing::ModelFolder folder;
    folder.write("f", "some bytes.");
    WAAG_TRY(const auto file, WeightFile::open(folder.path(), "f"));
    WeightPair pair;
    pair.name = "w";
    pair.type = "F32";
    pair.shape = {source.size() / columns, columns};
    pair.bytes = {file, 5, 10};
    pair.columns = columns;
    pair.block_values = block_values;
    pair.kept_in = kept_in;
    pair.tiles = tiles;
    if (tiles.empty()) pair.tiles = tiles_of_rows(source.size() / columns, columns);
    pair.read = [this](std::size_t, std::uint64_t first_row, std::span<float> of_source,
                       std::span<float> of_file) -> Result<std::optional<std::uint64_t>> {
      const auto at = static_cast<std::ptrdiff_t>(first_row * columns);
      std::copy_n(source.begin() + at, of_source.size(), of_source.begin());
      std::copy_n(made.begin() + at, of_file.size(), of_file.begin());
      return std::optional(std::uint64_t{1});
    };
    Workers workers(threads);
    return measure_pair(pair, workers);
  }
};

}  // namespace

TEST_CASE("weight_pair: the figures, by hand", "[convert][validate][weight_pair]") {
  const InMemory pair{.source = {3, 4, 0, 10}, .made = {3, 3, 0, 12}};
  const auto errors = pair.measure();
  REQUIRE(errors);
  CHECK(errors->elements == 4);
  CHECK(errors->largest == 10);
  CHECK(errors->largest_error == 2);
  CHECK(errors->rmse == Approx(std::sqrt(5.0 / 4)));
  CHECK(errors->relative_rmse == Approx(std::sqrt(5.0 / 125)));
  CHECK(*errors->sqnr_db == Approx(10 * std::log10(125.0 / 5)));
  CHECK(*errors->row_sqnr_db == Approx(10 * std::log10(25.0 / 1)).margin(1e-9));
  CHECK(errors->cosine == Approx(141 / std::sqrt(125.0 * 162)));
  CHECK(errors->sha256 == sha256(as_bytes("bytes")).hex());
  CHECK(errors->saturated == 1u);
}

TEST_CASE("weight_pair: the worst row, but for rows of next to nothing",
          "[convert][validate][weight_pair]") {
  const InMemory pair{.source = {100, 0, 10, 0, 0.1f, 0}, .made = {101, 0, 9, 0, 0.2f, 0}};
  const auto errors = pair.measure();
  REQUIRE(errors);
  CHECK(*errors->row_sqnr_db == Approx(20));  // not the last row's 0
}

TEST_CASE("weight_pair: a row of nothing that came out as something",
          "[convert][validate][weight_pair]") {
  const auto row_db = [](float source, float made) {
    const InMemory pair{.source = {100, 0, source, 0}, .made = {101, 0, made, 0}};
    const auto errors = pair.measure();
    REQUIRE(errors);
    return errors->row_sqnr_db.value();
  };
  CHECK(row_db(0.1f, 10.1f) == Approx(-40).epsilon(1e-3));
  CHECK(row_db(0, 10) == -100);
  CHECK(row_db(1e-30f, 10) == -100);
  CHECK(row_db(0, 0.1f) == Approx(40));
}

TEST_CASE("weight_pair: tiles and threads change nothing", "[convert][validate][weight_pair]") {
  InMemory pair;
  for (int i = 0; i < 200; ++i) {
    pair.source.push_back(static_cast<float>(i % 17) * 0.37f);
    pair.made.push_back(static_cast<float>(i % 13) * 0.41f);
  }
  const auto whole = pair.measure();
  pair.tiles = {1, 40, 9, 50};
  const auto alone = pair.measure();
  const auto others = pair.measure(4);
  REQUIRE((whole && alone && others));
  CHECK(alone->sqnr_db == others->sqnr_db);
  CHECK(alone->rmse == others->rmse);
  CHECK(alone->cosine == others->cosine);
  CHECK(alone->row_sqnr_db == whole->row_sqnr_db);
  CHECK(alone->rmse == Approx(whole->rmse).epsilon(1e-14));
  CHECK(alone->saturated == 4u);
}

TEST_CASE("weight_pair: zero blocks, lost blocks, what is not finite",
          "[convert][validate][weight_pair]") {
  InMemory pair{.source = {1, 2, 0, 0, 5, 6, 7, 8},
                .made = {0, 0, 0, 0, 5, 6, std::numeric_limits<float>::quiet_NaN(), 8},
                .columns = 4,
                .block_values = 2};
  const auto errors = pair.measure();
  REQUIRE(errors);
  CHECK(errors->zero_blocks == 2);
  CHECK(errors->lost_blocks == 1);
  CHECK(errors->not_finite == 1);
  CHECK(errors->largest_error == 7);
  pair.block_values = 1;
  CHECK(pair.measure()->zero_blocks == 1);
}

TEST_CASE("weight_pair: what the type holds exactly", "[convert][validate][weight_pair]") {
  // 1 + 2^-9 is no BF16; 1 + 2^-12 no F16.
  InMemory pair{.source = {1, 1 + 0x1p-9f, 1 + 0x1p-12f, 4},
                .made = {1, 1, 1, 5},
                .kept_in = TensorType::f32};
  CHECK(pair.measure()->not_kept == 3);
  pair.kept_in = TensorType::f16;
  CHECK(pair.measure()->not_kept == 2);
  pair.kept_in = TensorType::bf16;
  CHECK(pair.measure()->not_kept == 1);
  pair.kept_in.reset();
  CHECK(pair.measure()->not_kept == 0);
}

TEST_CASE("weight_pair: all zero on one side or both", "[convert][validate][weight_pair]") {
  const InMemory both{.source = {0, 0}, .made = {0, 0}};
  CHECK(both.measure()->cosine == 1);
  CHECK_FALSE(both.measure()->sqnr_db);
  const InMemory lost{.source = {1, 0}, .made = {0, 0}};
  CHECK(lost.measure()->cosine == 0);
  CHECK(*lost.measure()->sqnr_db == 0);
  const InMemory grown{.source = {0, 0}, .made = {1, 0}};
  CHECK_FALSE(grown.measure()->sqnr_db);
  CHECK_FALSE(grown.measure()->row_sqnr_db);
  CHECK(grown.measure()->relative_rmse == 0);
}

TEST_CASE("weight_pair: rows are cut into tiles", "[convert][validate][weight_pair]") {
  CHECK(tiles_of_rows(3, pair_tile_values) == std::vector<std::uint64_t>{1, 1, 1});
  CHECK(tiles_of_rows(5, pair_tile_values / 2) == std::vector<std::uint64_t>{2, 2, 1});
  CHECK(tiles_of_rows(5, 2 * pair_tile_values) == std::vector<std::uint64_t>(5, 1));
  CHECK(tiles_of_rows(0, 8).empty());
}

}  // namespace waag::convert::testing
