#include "convert/forward/kernels/matrix.h"

#include <catch2/catch.hpp>

#include "tests/convert/forward/fake_weights.h"

namespace waag::convert::testing {

TEST_CASE("matrix: rows times tokens", "[convert][forward][matrix]") {
  FakeWeights weights;
  weights.add("w", {70, 1500});
  Workers workers(GENERATE(1u, 3u));
  const auto x = FakeWeights::wavy(100 * std::uint64_t{1500});
  const std::uint64_t first = GENERATE(0u, 13u);
  const WeightRows some{"w", 70, 1500, first, 50};
  std::vector<float> y(100 * std::size_t{50}, 7.0f);
  REQUIRE(multiply({weights, workers}, some, x, y));
  double worst = 0;
  for (std::size_t token = 0; token < 100; ++token)
    for (std::size_t row = 0; row < 50; ++row)
      worst = std::max(worst, std::abs(row_times(weights.values("w"), first + row,
                                                 std::span(x).subspan(token * 1500, 1500)) -
                                       static_cast<double>(y[token * 50 + row])));
  CHECK(worst < 1e-3);
}

TEST_CASE("matrix: of another shape, or not there", "[convert][forward][matrix]") {
  FakeWeights weights;
  weights.add("w", {4, 3}).add("v", {3});
  Workers workers(1);
  std::vector<float> x(3), y(4);
  for (const auto& wrong : {whole("w", 3, 4), whole("w", 5, 3), whole("u", 4, 3)}) {
    const auto result = multiply({weights, workers}, wrong, x, y);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::unprocessable);
    CHECK(result.error().what.find(wrong.name) != std::string::npos);
  }
  CHECK(*read_vector(weights, "v", 3) == weights.values("v"));
  CHECK_FALSE(read_vector(weights, "v", 4));
  CHECK_FALSE(read_vector(weights, "w", 3));
}

}  // namespace waag::convert::testing
