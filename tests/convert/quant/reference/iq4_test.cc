#include "convert/quant/reference/layout.h"
#include "tests/convert/quant/golden.h"

namespace waag::convert::testing {

TEST_CASE("iq4: IQ4_NL and IQ4_XS as ggml writes and reads them", "[convert][quant][ggml]") {
  check_as_ggml(GENERATE(TensorType::iq4_nl, TensorType::iq4_xs));
}

TEST_CASE("iq4: its own values come back exactly", "[convert][quant]") {
  std::vector<float> values(256);
  for (std::size_t i = 0; i < 256; ++i)
    values[i] = 0.5f * static_cast<float>(reference::iq4_values[i % 16]);
  CHECK(values_of(TensorType::iq4_nl, blocks_of(TensorType::iq4_nl, values, 256)) == values);
  CHECK(values_of(TensorType::iq4_xs, blocks_of(TensorType::iq4_xs, values, 256)) == values);
}

TEST_CASE("iq4: zeros have scale zero and the value nearest to zero", "[convert][quant]") {
  const std::vector<float> zeros(256);
  const auto nl = blocks_of(TensorType::iq4_nl, zeros, 256);
  CHECK(to_hex(ByteView(nl).first(4)) == "00008888");
  CHECK(values_of(TensorType::iq4_nl, nl) == zeros);
  CHECK(values_of(TensorType::iq4_xs, blocks_of(TensorType::iq4_xs, zeros, 256)) == zeros);
}

}  // namespace waag::convert::testing
