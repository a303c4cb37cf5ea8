#include "convert/forward/kernels/product.h"

#include <cmath>

#include <catch2/catch.hpp>

#include "convert/quant/quantize.h"
#include "tests/convert/forward/fake_weights.h"

namespace waag::convert::testing {
namespace {

/// Largest difference from sums in F64, of what was added to 1.
double error_of(void (*kernel)(const Product&), std::size_t lefts, std::size_t rights,
                std::size_t depth) {
  const auto stride = depth + 3;
  const auto left = FakeWeights::wavy(lefts * stride);
  const auto right = FakeWeights::wavy(rights * stride, 1);
  std::vector<float> out(lefts * (rights + 1), 1.0f);
  kernel({left.data(), stride, lefts, right.data(), stride, rights, depth, out.data(), rights + 1});
  double worst = 0;
  for (std::size_t l = 0; l < lefts; ++l) {
    for (std::size_t r = 0; r < rights; ++r) {
      double sum = 1;
      for (std::size_t k = 0; k < depth; ++k)
        sum +=
            static_cast<double>(left[l * stride + k]) * static_cast<double>(right[r * stride + k]);
      worst = std::max(worst, std::abs(sum - static_cast<double>(out[l * (rights + 1) + r])));
    }
    if (out[l * (rights + 1) + rights] != 1.0f) worst = 1e9;  // not theirs
  }
  return worst;
}

}  // namespace

TEST_CASE("product: every width of vector, every rest", "[convert][forward][product]") {
  std::vector<void (*)(const Product&)> kernels{add_product_plain, add_product};
#if defined(__x86_64__)
  if (best_lanes() >= Lanes::avx2 && __builtin_cpu_supports("fma") != 0)
    kernels.push_back(add_product_avx2);
  if (best_lanes() == Lanes::avx512) kernels.push_back(add_product_avx512);
#endif
  for (auto* kernel : kernels)
    for (const std::size_t lefts : {1u, 3u, 4u, 9u})
      for (const std::size_t rights : {1u, 2u, 4u, 7u, 8u})
        for (const std::size_t depth : {0u, 1u, 7u, 16u, 33u, 1000u}) {
          CAPTURE(lefts, rights, depth);
          CHECK(error_of(kernel, lefts, rights, depth) < 1e-4);
        }
}

}  // namespace waag::convert::testing
