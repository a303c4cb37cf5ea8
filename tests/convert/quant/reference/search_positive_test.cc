#include <algorithm>
#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include "convert/quant/reference/search.h"
#include "tests/convert/quant/sample_rows.h"

namespace waag::convert::testing {

using namespace reference;

TEST_CASE("search_positive: values on a grid are found exactly", "[convert][quant][search]") {
  std::vector<float> x(16);
  for (std::size_t i = 0; i < 16; ++i) x[i] = 0.125f * static_cast<float>(i);
  std::vector<int> levels(16, -1);
  CHECK(search_positive(x, std::vector<float>(16, 1.0f), 15, levels) == 0.125f);
  for (std::size_t i = 0; i < 16; ++i) CHECK(levels[i] == static_cast<int>(i));
}

TEST_CASE("search_positive: next to nothing is nothing", "[convert][quant][search]") {
  const std::vector<float> x(8, GENERATE(0.0f, -0.0f, 1e-16f));
  std::vector<int> levels(8, 5);
  CHECK(search_positive(x, std::vector<float>(8, 1.0f), 63, levels) == 0);
  CHECK(levels == std::vector<int>(8, 0));
}

TEST_CASE("search_positive: without any weight the scale is zero", "[convert][quant][search]") {
  std::vector<int> levels(8);
  CHECK(search_positive(std::vector<float>(8, 2.0f), std::vector<float>(8, 0.0f), 63, levels) == 0);
  CHECK(levels == std::vector<int>(8, 63));
}

TEST_CASE("search_positive: levels stay in range, the error is no worse than a plain scale's",
          "[convert][quant][search]") {
  int better = 0;
  for (std::uint64_t seed = 500; seed < 600; ++seed) {
    std::vector<float> x(8);
    std::vector<float> weights(8);
    for (std::size_t i = 0; i < 8; ++i) {
      x[i] = std::fabs(bell(sample_word(seed, i)));
      weights[i] = std::fabs(bell(sample_word(seed, i + 100)));
    }
    std::vector<int> levels(8);
    const double scale = search_positive(x, weights, 15, levels);
    const double plain_scale = *std::ranges::max_element(x) / 15.0;
    double plain = 0;
    double found = 0;
    for (std::size_t i = 0; i < 8; ++i) {
      CHECK(levels[i] >= 0);
      CHECK(levels[i] <= 15);
      plain += weights[i] * std::pow(std::nearbyint(x[i] / plain_scale) * plain_scale - x[i], 2);
      found += weights[i] * std::pow(levels[i] * scale - x[i], 2);
    }
    CAPTURE(seed);
    CHECK(found <= plain * 1.0001);
    better += found < plain * 0.95;
  }
  CHECK(better > 50);
}

}  // namespace waag::convert::testing
