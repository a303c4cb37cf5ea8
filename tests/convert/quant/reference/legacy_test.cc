#include "tests/convert/quant/golden.h"

namespace waag::convert::testing {

TEST_CASE("legacy: Q8_0, Q4_* and Q5_* as ggml writes and reads them", "[convert][quant][ggml]") {
  check_as_ggml(GENERATE(TensorType::q8_0, TensorType::q4_0, TensorType::q4_1, TensorType::q5_0,
                         TensorType::q5_1));
}

TEST_CASE("legacy: Q8_0 rounds half away from zero", "[convert][quant]") {
  std::vector<float> values(32, 0.0f);
  values[0] = 127;
  values[1] = 0.5f;
  values[2] = -0.5f;
  values[3] = 2.5f;
  const auto blocks = blocks_of(TensorType::q8_0, values, 32);
  CHECK(to_hex(ByteView(blocks).first(6)) == "003c7f01ff03");
}

TEST_CASE("legacy: the largest magnitude of Q4_0 and Q5_0 gets the lowest level, the first of two",
          "[convert][quant]") {
  std::vector<float> values(32, 0.0f);
  values[4] = 8;
  values[20] = -8;
  // d = 8 / -8: the first of the two gets 0, the other one 15 (16 is cut)
  CHECK(to_hex(blocks_of(TensorType::q4_0, values, 32)) ==
        "00bc"
        "88888888"
        "f0"
        "8888888888888888888888");
  std::swap(values[4], values[20]);
  CHECK(to_hex(blocks_of(TensorType::q4_0, values, 32)) ==
        "003c"
        "88888888"
        "f0"
        "8888888888888888888888");
}

TEST_CASE("legacy: with an imatrix the variance is that of the whole row", "[convert][quant]") {
  auto values = sample_rows(0, 1);
  const std::vector<float> weights(sample_columns, 1.0f);
  const auto type =
      GENERATE(TensorType::q4_0, TensorType::q4_1, TensorType::q5_0, TensorType::q5_1);
  CAPTURE(block_of(type).name);
  for (std::size_t i = 0; i < 32; ++i) values[i] = bell(sample_word(77, i));
  auto louder = values;
  for (std::size_t i = 32; i < louder.size(); ++i) louder[i] = 0;
  const auto bytes = block_of(type).block_bytes;
  int changed = 0;
  for (std::uint64_t seed = 0; seed < 16; ++seed) {  // not every block's search ends elsewhere
    for (std::size_t i = 0; i < 32; ++i) values[i] = louder[i] = bell(sample_word(seed, i));
    const auto a = blocks_of(type, values, sample_columns, weights);
    const auto b = blocks_of(type, louder, sample_columns, weights);
    changed += !std::ranges::equal(ByteView(a).first(bytes), ByteView(b).first(bytes));
  }
  CHECK(changed > 0);
}

}  // namespace waag::convert::testing
