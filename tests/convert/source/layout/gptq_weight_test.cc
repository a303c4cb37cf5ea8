#include "tests/convert/source/layout/read_weights.h"

namespace waag::convert::testing {
namespace {

using waag::testing::ModelFolder;
using waag::testing::SafetensorsBuilder;
using Words = std::vector<std::uint32_t>;
using Halves = std::vector<std::uint16_t>;

std::string config(const char* fields) {
  return std::string(R"({"quantization_config":{"quant_method":"gptq",)") + fields + "}}";
}

constexpr const char* four_bits = R"("bits":4,"group_size":8)";

/// A weight of 8 outputs and 16 inputs: input k of output o has code (k + o) mod 16. Two groups:
/// scales 1 and 2 (0x3c00, 0x4000), zeros as given.
SafetensorsBuilder weight(std::uint32_t first_zeros, std::uint32_t second_zeros) {
  Words codes;
  for (std::uint32_t r = 0; r < 2; ++r)
    for (std::uint32_t o = 0; o < 8; ++o) {
      std::uint32_t word = 0;
      for (std::uint32_t j = 0; j < 8; ++j) word |= ((8 * r + j + o) % 16) << (4 * j);
      codes.push_back(word);
    }
  Halves scales(16, 0x3c00);
  std::fill(scales.begin() + 8, scales.end(), std::uint16_t{0x4000});
  SafetensorsBuilder file;
  file.add("m.qweight", "I32", {2, 8}, codes)
      .add<std::uint32_t>("m.qzeros", "I32", {2, 1}, {first_zeros, second_zeros})
      .add("m.scales", "F16", {2, 8}, scales);
  return file;
}

}  // namespace

TEST_CASE("gptq: 4 bits, zeros less one, groups one after the other", "[convert][source][gptq]") {
  // A symmetric file: each zero is 8, stored as 7; output 3 of the second group has 6, stored as 5.
  const ModelFolder folder(config(four_bits), "model.safetensors",
                           weight(0x77777777, 0x77775777).file());
  const auto values = weight_values(folder, "m.weight");
  REQUIRE(values.size() == 8 * 16);
  CHECK(values[0] == -8.0f);
  CHECK(values[7] == -1.0f);
  for (int o = 0; o < 8; ++o)
    for (int k = 0; k < 16; ++k) {
      const int zero = k >= 8 && o == 3 ? 6 : 8;
      const int wanted = (k < 8 ? 1 : 2) * ((k + o) % 16 - zero);
      CHECK(values[static_cast<std::size_t>(o * 16 + k)] == static_cast<float>(wanted));
    }
  CHECK(weight_names(folder) == std::vector<std::string>{"m.weight"});
  CHECK(origin(folder, "m.weight") == "gptq");
}

TEST_CASE("gptq: version 1 took one off whole words", "[convert][source][gptq]") {
  // Zeros 0 3 5 5 5 5 5 5 are 0x55555530; less 0x11111111 that is 0x4444441f.
  const ModelFolder folder(config(four_bits), "model.safetensors",
                           weight(0x4444441f, 0x77777777).file());
  const auto values = weight_values(folder, "m.weight");
  CHECK(values[0] == 0.0f);
  CHECK(values[16] == 1.0f - 3.0f);
  CHECK(values[32] == 2.0f - 5.0f);
}

TEST_CASE("gptq: version 2 stores zeros as they are", "[convert][source][gptq]") {
  const ModelFolder folder(config(R"("bits":4,"group_size":8,"checkpoint_format":"gptq_v2")"),
                           "model.safetensors", weight(0x88888888, 0x0f888888).file());
  const auto values = weight_values(folder, "m.weight");
  CHECK(values[0] == -8.0f);
  CHECK(values[6 * 16 + 8] == 2.0f * (14 - 15));
  CHECK(values[7 * 16 + 8] == 2.0f * 15);
}

TEST_CASE("gptq: inputs in the order of their importance", "[convert][source][gptq]") {
  auto file = weight(0x77777777, 0x77777777);
  std::vector<std::int32_t> g_idx(16);
  for (std::size_t i = 0; i < 16; ++i) g_idx[i] = static_cast<std::int32_t>(i % 2);
  file.add("m.g_idx", "I32", {16}, g_idx);
  const ModelFolder folder(config(four_bits), "model.safetensors", file.file());
  const auto values = weight_values(folder, "m.weight");
  for (int k = 0; k < 16; ++k)
    CHECK(values[static_cast<std::size_t>(k)] == static_cast<float>((k % 2 + 1) * (k - 8)));
}

TEST_CASE("gptq: 8 bits in one group", "[convert][source][gptq]") {
  // Inputs 0 to 3 of outputs 0 to 3: codes 16 o + k, zeros 128 stored as 127.
  const ModelFolder folder(
      config(R"("bits":8,"group_size":-1)"), "model.safetensors",
      SafetensorsBuilder()
          .add<std::uint32_t>("m.qweight", "I32", {1, 4},
                              {0x03020100, 0x13121110, 0x23222120, 0xff323130})
          .add<std::uint32_t>("m.qzeros", "I32", {1, 1}, {0x7f7f7f7f})
          .add<std::uint16_t>("m.scales", "F16", {1, 4}, {0x3c00, 0x3c00, 0x3800, 0x4000})
          .file());
  const auto values = weight_values(folder, "m.weight");
  CHECK(values == std::vector<float>{-128, -127, -126, -125, -112, -111, -110, -109,  //
                                     -48, -47.5, -47, -46.5, -160, -158, -156, 254});
}

TEST_CASE("gptq: parts that are missing or do not fit", "[convert][source][gptq]") {
  const auto refusal = [](const SafetensorsBuilder& file, const char* fields = four_bits) {
    return why_refused(ModelFolder(config(fields), "model.safetensors", file.file()));
  };
  const Words words(16);
  const Halves halves(16);
  SafetensorsBuilder codes;
  codes.add("m.qweight", "I32", {2, 8}, words);
  CHECK(refusal(codes) == "m: has no .qzeros");
  auto zeros = codes;
  zeros.add<std::uint32_t>("m.qzeros", "I32", {2, 1}, {0, 0});
  CHECK(refusal(zeros) == "m: has no .scales");
  auto narrow = zeros;
  narrow.add("m.scales", "F16", {4, 4}, halves);
  CHECK(refusal(narrow) == "m.scales: is no matrix of scales, groups x 8");
  auto whole = zeros;
  whole.add("m.scales", "F16", {2, 8}, halves);
  CHECK(refusal(whole).empty());
  CHECK(refusal(whole, R"("bits":4,"group_size":4)") == "m.scales: has not one row for each group");
  CHECK(refusal(whole, R"("bits":4,"group_size":12)") == "m: has a partial group and no g_idx");
  CHECK(refusal(whole, R"("bits":8,"group_size":4)") == "m.qzeros: does not fit the scales");
  auto order = whole;
  order.add<std::int32_t>("m.g_idx", "I32", {2}, {0, 0});
  CHECK(refusal(order) == "m.g_idx: has not one entry for each input");
  SafetensorsBuilder bytes;
  bytes.add<std::uint8_t>("m.qweight", "U8", {1, 4}, {1, 2, 3, 4})
      .add<std::uint32_t>("m.qzeros", "I32", {1, 1}, {0})
      .add("m.scales", "F16", {2, 8}, halves);
  CHECK(refusal(bytes) == "m.qweight: is no matrix of I32 without gaps");
}

TEST_CASE("gptq: a group that does not exist is refused when it is read",
          "[convert][source][gptq]") {
  auto file = weight(0x77777777, 0x77777777);
  std::vector<std::int32_t> g_idx(16);
  g_idx[5] = GENERATE(2, -1);
  file.add("m.g_idx", "I32", {16}, g_idx);
  const ModelFolder folder(config(four_bits), "model.safetensors", file.file());
  const auto model = SourceModel::open(folder.path());
  REQUIRE(model);
  std::vector<float> row(16);
  const auto status = model->read_rows(*model->find("m.weight"), 0, 1, row);
  REQUIRE_FALSE(status);
  CHECK(status.error().what == "m.g_idx: names a group that does not exist");
}

}  // namespace waag::convert::testing
