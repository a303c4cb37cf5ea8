#include "tests/convert/quant/golden.h"

namespace waag::convert::testing {

TEST_CASE("q6_k: as ggml writes and reads it", "[convert][quant][ggml]") {
  check_as_ggml(TensorType::q6_k);
}

TEST_CASE("q6_k: a block below the threshold is zero bytes", "[convert][quant]") {
  const std::vector<float> values(256, 1e-16f);
  CHECK(blocks_of(TensorType::q6_k, values, 256) == std::vector<std::byte>(210));
}

TEST_CASE("q6_k: the largest scale gets -128, its opposite 127", "[convert][quant]") {
  std::vector<float> values(256);
  for (std::size_t i = 0; i < 16; ++i) {
    values[i] = static_cast<float>(i) - 32;
    values[16 + i] = 32 - static_cast<float>(i);
  }
  const auto block = blocks_of(TensorType::q6_k, values, 256);
  CHECK(block[192] == std::byte{0x80});
  CHECK(block[193] == std::byte{0x7f});
  CHECK(values_of(TensorType::q6_k, block)[0] == Approx(-32));
}

}  // namespace waag::convert::testing
