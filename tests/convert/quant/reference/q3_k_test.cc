#include "tests/convert/quant/golden.h"

namespace waag::convert::testing {

TEST_CASE("q3_k: as ggml writes and reads it", "[convert][quant][ggml]") {
  check_as_ggml(TensorType::q3_k);
}

TEST_CASE("q3_k: the sub-block of the largest scale, of either sign, gets the scale -32",
          "[convert][quant]") {
  const float sign = GENERATE(1.0f, -1.0f);
  std::vector<float> values(256);
  for (std::size_t i = 0; i < 16; ++i)
    values[48 + i] = sign * static_cast<float>(static_cast<int>(i % 8) - 4);
  const auto block = blocks_of(TensorType::q3_k, values, 256);
  // Scale 3 is 0: the low nibble of byte 3 and bits 0-1 of byte 8 + 3 of the scales.
  CHECK((block[96 + 3] & std::byte{0x0f}) == std::byte{0});
  CHECK((block[96 + 11] & std::byte{0x03}) == std::byte{0});
  const auto back = values_of(TensorType::q3_k, block);
  for (std::size_t i = 0; i < 256; ++i) CHECK(back[i] == Approx(values[i]).margin(1e-3));
}

}  // namespace waag::convert::testing
