#include "tests/convert/quant/golden.h"

namespace waag::convert::testing {

TEST_CASE("q2_k: as ggml writes and reads it", "[convert][quant][ggml]") {
  check_as_ggml(TensorType::q2_k);
}

TEST_CASE("q2_k: zeros are zero bytes", "[convert][quant]") {
  CHECK(blocks_of(TensorType::q2_k, std::vector<float>(256), 256) == std::vector<std::byte>(84));
}

TEST_CASE("q2_k: a scale that is flushed keeps the levels of the search", "[convert][quant]") {
  std::vector<float> values(256, 1e-12f);  // the scale is far below the least F16
  const auto block = blocks_of(TensorType::q2_k, values, 256);
  CHECK(block[16] == std::byte{0xff});
  CHECK(block[80] == std::byte{0});
  CHECK(values_of(TensorType::q2_k, block) == std::vector<float>(256));
}

}  // namespace waag::convert::testing
