#pragma once

#include <bit>
#include <cstring>
#include <vector>

#include "convert/quant/linear/linear_kernels.h"
#include "tests/vectors/split_mix.h"

namespace waag::convert::testing {

/// All that the kernels yield for finite floats of every exponent, subnormal and huge ones too.
inline std::vector<std::uint8_t> kernel_results(const LinearKernels& kernels) {
  constexpr std::size_t count = 128 * 128;
  test::SplitMix words(9);
  std::vector<float> values;
  while (values.size() < count) {
    const auto bits = static_cast<std::uint32_t>(words.next());
    if ((bits & 0x7f800000u) != 0x7f800000u) values.push_back(std::bit_cast<float>(bits));
  }
  std::vector<float> near(values);  // values whose codes are not all 0 or saturated
  for (auto& value : near)
    value =
        static_cast<float>(static_cast<std::int32_t>(words.next() >> 40) - (1 << 23)) * 0x1p-20f;
  std::vector<float> scales(count / 16);
  kernels.largest(near.data(), scales.size(), 16, scales.data());
  for (auto& scale : scales) scale = scale / 6 + 0x1p-20f;

  std::vector<std::uint8_t> all(scales.size() * sizeof(float));
  std::memcpy(all.data(), scales.data(), all.size());
  const auto keep = [&all](const std::vector<std::uint8_t>& codes) {
    all.insert(all.end(), codes.begin(), codes.end());
  };
  std::vector<std::uint8_t> codes(count);
  for (const auto& input : {values, near}) {
    for (const float scale : {1.0f, 0.037f}) {
      kernels.e4m3_codes(input.data(), count - 5, scale, codes.data());
      keep(codes);
      kernels.int8_codes(input.data(), count - 3, scale, codes.data());
      keep(codes);
    }
    kernels.int4_codes(input.data(), count / 128, scales.data(), codes.data());
    keep(codes);
    kernels.e2m1_codes(input.data(), count / 16, scales.data(), codes.data());
    keep(codes);
  }
  return all;
}

}  // namespace waag::convert::testing
