#include "tests/convert/quant/golden.h"

namespace waag::convert::testing {

TEST_CASE("q4_k: Q4_K and Q5_K as ggml writes and reads them", "[convert][quant][ggml]") {
  check_as_ggml(GENERATE(TensorType::q4_k, TensorType::q5_k));
}

TEST_CASE("q4_k: a grid of one sub-block comes back", "[convert][quant]") {
  const auto type = GENERATE(TensorType::q4_k, TensorType::q5_k);
  const int levels = type == TensorType::q4_k ? 16 : 32;
  const std::size_t sub_block = GENERATE(range(std::size_t{0}, std::size_t{8}));
  std::vector<float> values(256);
  for (std::size_t i = 0; i < 32; ++i)
    values[32 * sub_block + i] = static_cast<float>(static_cast<int>(i) % levels - 5);
  const auto back = values_of(type, blocks_of(type, values, 256));
  CAPTURE(block_of(type).name, sub_block);
  for (std::size_t i = 0; i < 256; ++i) CHECK(back[i] == Approx(values[i]).margin(0.02));
}

}  // namespace waag::convert::testing
