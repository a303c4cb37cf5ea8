#include "convert/validate/pairs/error_sums.h"

#include <vector>

#include <catch2/catch.hpp>

namespace waag::convert::testing {

TEST_CASE("error_sums: by hand, of any length", "[convert][validate][error_sums]") {
  const std::size_t count = GENERATE(1u, 7u, 8u, 9u, 100u);
  CAPTURE(count);
  std::vector<float> source, made;
  double squares = 0;
  for (std::size_t i = 1; i <= count; ++i) {
    source.push_back(static_cast<float>(i));
    made.push_back(-2 * static_cast<float>(i));
    squares += static_cast<double>(i * i);
  }
  const auto sums = sums_of(source, made);
  CHECK(sums.source == squares);
  CHECK(sums.made == 4 * squares);
  CHECK(sums.product == -2 * squares);
  CHECK(sums.error == 9 * squares);
  CHECK(sums.largest == static_cast<double>(count));
  CHECK(sums.largest_error == 3 * static_cast<double>(count));
}

TEST_CASE("error_sums: nothing overflows, and sums add up", "[convert][validate][error_sums]") {
  const std::vector<float> source{3e38f, 1}, made{-3e38f, 1};
  auto sums = sums_of(source, made);
  CHECK(sums.error == Approx(3.6e77));
  sums += sums_of(std::vector{2e38f}, std::vector{0.0f});
  CHECK(sums.source == Approx(1.3e77));
  CHECK(sums.largest == Approx(3e38));
  CHECK(sums.largest_error == Approx(6e38));
  CHECK(sums_of({}, {}).largest == 0);
}

}  // namespace waag::convert::testing
