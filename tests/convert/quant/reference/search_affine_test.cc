#include <algorithm>
#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include "convert/quant/reference/search.h"
#include "tests/convert/quant/sample_rows.h"

namespace waag::convert::testing {

using namespace reference;
namespace {

constexpr AffineSteps steps{-1.0f, 0.1f, 20, false};

}  // namespace

TEST_CASE("search_affine: values on a grid are found exactly", "[convert][quant][search]") {
  const int max = GENERATE(3, 15, 31);
  std::vector<float> x(32);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = 0.25f * static_cast<float>(static_cast<int>(i) % (max + 1)) - 2.0f;
  const std::vector<float> weights(32, 1.0f);
  std::vector<int> levels(32, -1);
  const auto fit = search_affine(x, weights, max, steps, levels);
  CHECK(fit.scale == Approx(0.25f));
  CHECK(fit.minimum == Approx(2.0f));
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(levels[i] == static_cast<int>(i) % (max + 1));
}

TEST_CASE("search_affine: what is above zero starts at zero", "[convert][quant][search]") {
  std::vector<float> x(16, 3.0f);
  x[5] = 1.5f;
  const std::vector<float> weights(16, 1.0f);
  std::vector<int> levels(16);
  const auto fit = search_affine(x, weights, 15, steps, levels);
  CHECK(fit.minimum == 0);
  CHECK(fit.scale * static_cast<float>(levels[0]) == Approx(3.0f).epsilon(0.01));
  CHECK(fit.scale * static_cast<float>(levels[5]) == Approx(1.5f).epsilon(0.05));
}

TEST_CASE("search_affine: one value not above zero is all minimum", "[convert][quant][search]") {
  const float value = GENERATE(0.0f, -0.75f);
  const std::vector<float> x(16, value);
  std::vector<int> levels(16, 7);
  const auto fit = search_affine(x, std::vector<float>(16, 1.0f), 15, steps, levels);
  CHECK(fit.scale == 0);
  CHECK(fit.minimum == -value);
  CHECK(levels == std::vector<int>(16, 0));
}

TEST_CASE("search_affine: beats the plain line from minimum to maximum",
          "[convert][quant][search]") {
  const bool absolute = GENERATE(false, true);
  int better = 0;
  for (std::uint64_t seed = 400; seed < 500; ++seed) {
    std::vector<float> x(32);
    for (std::size_t i = 0; i < 32; ++i) x[i] = bell(sample_word(seed, i));
    const std::vector<float> weights(32, 1.0f);
    std::vector<int> levels(32);
    const auto fit = search_affine(x, weights, 15, {-0.9f, 0.05f, 36, absolute}, levels);
    const auto [low, high] = std::ranges::minmax(x);
    double plain = 0;
    double found = 0;
    for (std::size_t i = 0; i < 32; ++i) {
      const double scale = (static_cast<double>(high) - low) / 15;
      const double line = std::nearbyint((x[i] - low) / scale) * scale + low - x[i];
      const double ours = static_cast<double>(fit.scale) * levels[i] - fit.minimum - x[i];
      plain += absolute ? std::fabs(line) : line * line;
      found += absolute ? std::fabs(ours) : ours * ours;
    }
    CAPTURE(seed, absolute);
    CHECK(found <= plain * 1.0001);
    better += found < plain * 0.95;
  }
  CHECK(better > 50);
}

}  // namespace waag::convert::testing
