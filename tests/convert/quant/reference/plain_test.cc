#include "convert/quant/floats.h"
#include "tests/convert/quant/golden.h"

namespace waag::convert::testing {

TEST_CASE("plain: F32, F16 and BF16 as ggml writes and reads them", "[convert][quant][ggml]") {
  check_as_ggml(GENERATE(TensorType::f32, TensorType::f16, TensorType::bf16));
}

TEST_CASE("plain: little-endian, in order", "[convert][quant]") {
  const std::vector<float> values{1.0f, -2.0f};
  CHECK(to_hex(blocks_of(TensorType::f32, values, 2)) == "0000803f000000c0");
  CHECK(to_hex(blocks_of(TensorType::f16, values, 2)) == "003c00c0");
  CHECK(to_hex(blocks_of(TensorType::bf16, values, 2)) == "803f00c0");
}

}  // namespace waag::convert::testing
