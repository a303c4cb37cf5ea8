#include "tests/convert/source/layout/read_weights.h"

namespace waag::convert::testing {
namespace {

using waag::testing::ModelFolder;
using waag::testing::SafetensorsBuilder;

constexpr const char* config =
    R"({"quantization_config":{"quant_method":"awq","bits":4,"group_size":2,"version":"gemm"}})";

/// Two words of eight outputs: nibbles 0 to 7 of the first hold codes 0 to 7, the second 8 to 15.
SafetensorsBuilder weight() {
  SafetensorsBuilder file;
  const std::vector<std::uint32_t> codes{0x76543210, 0xfedcba98, 0x00000000, 0x11111111,
                                         0x22222222, 0x33333333, 0x44444444, 0x55555555};
  std::vector<std::uint16_t> scales(32, 0x3c00);
  std::fill(scales.begin() + 16, scales.end(), std::uint16_t{0x3800});
  file.add("m.qweight", "I32", {4, 2}, codes)
      .add<std::uint32_t>("m.qzeros", "I32", {2, 2}, {0x00000021, 0, 0x88888888, 0x77777777})
      .add("m.scales", "F16", {2, 16}, scales);
  return file;
}

}  // namespace

TEST_CASE("awq: outputs in the order 0 2 4 6 1 3 5 7 of their word", "[convert][source][awq]") {
  const ModelFolder folder(config, "model.safetensors", weight().file());
  const auto values = weight_values(folder, "m.weight");
  REQUIRE(values.size() == 16 * 4);
  // Nibble n holds output order[n], so output 0 has nibble 0, output 1 nibble 4, output 2 nibble 1.
  const std::vector<int> nibble_of{0, 4, 1, 5, 2, 6, 3, 7};
  for (std::size_t o = 0; o < 16; ++o) {
    const auto code = nibble_of[o % 8] + static_cast<int>(o / 8) * 8;
    const int zero = o == 0 ? 1 : o == 2 ? 2 : 0;
    CHECK(values[o * 4 + 0] == static_cast<float>(code - zero));
    CHECK(values[o * 4 + 1] == static_cast<float>((o < 8 ? 0 : 1) - zero));
    CHECK(values[o * 4 + 2] == 0.5f * static_cast<float>(o < 8 ? 2 - 8 : 3 - 7));
    CHECK(values[o * 4 + 3] == 0.5f * static_cast<float>(o < 8 ? 4 - 8 : 5 - 7));
  }
  CHECK(weight_names(folder) == std::vector<std::string>{"m.weight"});
  CHECK(origin(folder, "m.weight") == "awq");
}

TEST_CASE("awq: parts that are missing or do not fit", "[convert][source][awq]") {
  const auto refusal = [](const SafetensorsBuilder& file) {
    return why_refused(ModelFolder(config, "model.safetensors", file.file()));
  };
  SafetensorsBuilder codes;
  codes.add("m.qweight", "I32", {4, 2}, std::vector<std::uint32_t>(8));
  CHECK(refusal(codes) == "m: has no .qzeros");
  auto zeros = codes;
  zeros.add("m.qzeros", "I32", {1, 2}, std::vector<std::uint32_t>(2));
  CHECK(refusal(zeros) == "m: has no .scales");
  auto few = zeros;
  few.add("m.scales", "F16", {1, 16}, std::vector<std::uint16_t>(16));
  CHECK(refusal(few) == "m.scales: has not one row for each group");
  auto misfit = zeros;
  misfit.add("m.scales", "F16", {2, 16}, std::vector<std::uint16_t>(32));
  CHECK(refusal(misfit) == "m.qzeros: does not fit the scales");
  auto integers = zeros;
  integers.add("m.scales", "I16", {2, 16}, std::vector<std::uint16_t>(32));
  CHECK(refusal(integers) == "m.scales: is no matrix of scales, groups x 16");
}

}  // namespace waag::convert::testing
