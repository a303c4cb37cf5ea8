#include <algorithm>
#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include "convert/quant/reference/search.h"
#include "tests/convert/quant/sample_rows.h"

namespace waag::convert::testing {

using namespace reference;
namespace {

std::vector<float> sample(std::uint64_t seed, std::size_t count) {
  std::vector<float> x(count);
  for (std::size_t i = 0; i < count; ++i) x[i] = bell(sample_word(seed, i));
  return x;
}

double error_of(std::span<const float> x, std::span<const float> weights, double scale,
                std::span<const int> levels, int half) {
  double error = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    error += weights[i] * std::pow(x[i] - scale * (levels[i] - half), 2);
  return error;
}

}  // namespace

TEST_CASE("search_symmetric: values on a grid are found exactly", "[convert][quant][search]") {
  const int half = GENERATE(4, 8, 16, 32);
  std::vector<float> x(32);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = 0.25f * static_cast<float>(static_cast<int>(i) % (2 * half) - half);
  const std::vector<float> weights(x.size(), 1.0f);
  std::vector<int> levels(x.size(), -1);
  const float scale = search_symmetric(x, weights, half, levels);
  CHECK(scale == 0.25f);
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(levels[i] == static_cast<int>(i) % (2 * half));
}

TEST_CASE("search_symmetric: no worse than the first start, and heavy elements come first",
          "[convert][quant][search]") {
  for (std::uint64_t seed = 100; seed < 200; ++seed) {
    const auto x = sample(seed, 16);
    std::vector<float> weights(16, 1.0f);
    std::vector<int> levels(16);
    const float scale = search_symmetric(x, weights, 4, levels);
    float largest = 0;
    for (const float value : x) largest = std::fabs(value) > std::fabs(largest) ? value : largest;
    std::vector<int> plain(16);
    for (std::size_t i = 0; i < 16; ++i)
      plain[i] = std::clamp(static_cast<int>(std::nearbyint(x[i] * (-4.0f / largest))), -4, 3) + 4;
    CAPTURE(seed);
    CHECK(error_of(x, weights, scale, levels, 4) <=
          error_of(x, weights, largest / -4.0f, plain, 4) * 1.0001);
    weights[3] = 1e6f;
    const float heavy = search_symmetric(x, weights, 4, levels);
    CHECK(std::fabs(x[3] - heavy * static_cast<float>(levels[3] - 4)) < 0.45f * std::fabs(heavy));
  }
}

TEST_CASE("search_symmetric: next to nothing is nothing", "[convert][quant][search]") {
  const float size = GENERATE(0.0f, -0.0f, 9e-16f, 1e-40f);
  const std::vector<float> x(16, size);
  std::vector<int> levels(16, 9);
  CHECK(search_symmetric(x, x, 32, levels) == 0);
  CHECK(levels == std::vector<int>(16, 0));
  levels.assign(16, 9);
  CHECK(sweep_symmetric(x, levels) == 0);
  CHECK(levels == std::vector<int>(16, 0));
}

TEST_CASE("search_symmetric: without any weight the levels of the first start stay",
          "[convert][quant][search]") {
  std::vector<float> x(16, 0.5f);
  x[0] = -1;
  const std::vector<float> weights(16, 0.0f);
  std::vector<int> levels(16);
  CHECK(search_symmetric(x, weights, 4, levels) == 0);
  CHECK(levels[0] == 0);
  CHECK(levels[1] == 6);
}

TEST_CASE("sweep_symmetric: grids exactly; never worse than its start",
          "[convert][quant][search]") {
  std::vector<float> grid(16);
  for (std::size_t i = 0; i < 16; ++i)
    grid[i] = 0.5f * static_cast<float>(static_cast<int>(i % 8) - 4);
  std::vector<int> levels(16);
  CHECK(sweep_symmetric(grid, levels) == 0.5f);
  for (std::size_t i = 0; i < 16; ++i) CHECK(levels[i] == static_cast<int>(i % 8));

  int better = 0;
  for (std::uint64_t seed = 300; seed < 400; ++seed) {
    const auto x = sample(seed, 16);
    std::vector<float> weights(16);
    for (std::size_t i = 0; i < 16; ++i) weights[i] = x[i] * x[i];
    const float scale = sweep_symmetric(x, levels);
    float largest = 0;
    for (const float value : x) largest = std::fabs(value) > std::fabs(largest) ? value : largest;
    std::vector<int> start(16);
    double xl = 0;
    double ll = 0;
    for (std::size_t i = 0; i < 16; ++i) {
      const int level =
          std::clamp(static_cast<int>(std::nearbyint(x[i] * (-4.0f / largest))), -4, 3);
      start[i] = level + 4;
      xl += weights[i] * x[i] * static_cast<float>(level);
      ll += weights[i] * static_cast<float>(level * level);
    }
    const double before = error_of(x, weights, static_cast<float>(xl / ll), start, 4);
    const double after = error_of(x, weights, scale, levels, 4);
    CAPTURE(seed);
    CHECK(after <= before * 1.0001);
    better += after < before * 0.999;
  }
  CHECK(better > 10);
}

}  // namespace waag::convert::testing
