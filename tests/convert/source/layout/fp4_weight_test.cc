#include "tests/convert/source/layout/read_weights.h"

namespace waag::convert::testing {
namespace {

using waag::testing::ModelFolder;
using waag::testing::SafetensorsBuilder;

constexpr const char* packed_config =
    R"({"quantization_config":{"quant_method":"compressed-tensors","config_groups":{"g":)"
    R"({"weights":{"num_bits":4,"type":"float"}}}}})";
constexpr const char* modelopt_config = R"({"quantization_config":{"quant_method":"modelopt"}})";
constexpr const char* blocks_config = R"({"quantization_config":{"quant_method":"mxfp4"}})";

/// Every code once: bytes 0x10 0x32 ... 0xfe, 16 columns.
const std::vector<std::uint8_t> all_codes{0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe};
const std::vector<float> all_values{0,     0.5f,  1,  1.5f,  2,  3,  4,  6,
                                    -0.0f, -0.5f, -1, -1.5f, -2, -3, -4, -6};

std::vector<std::uint8_t> repeated(const std::vector<std::uint8_t>& bytes, std::size_t times) {
  std::vector<std::uint8_t> out;
  for (std::size_t i = 0; i < times; ++i) out.insert(out.end(), bytes.begin(), bytes.end());
  return out;
}

std::string refusal(const char* config, const SafetensorsBuilder& file) {
  return why_refused(ModelFolder(config, "model.safetensors", file.file()));
}

/// That group after group of `values` is all_values times the scale.
void check_groups(const std::vector<float>& values, const std::vector<float>& scales) {
  REQUIRE(values.size() == 16 * scales.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    CHECK(values[i] == all_values[i % 16] * scales[i / 16]);
}

}  // namespace

TEST_CASE("fp4: NVFP4 of compressed-tensors divides by its global scale",
          "[convert][source][fp4]") {
  // Scales 1 2 | 4 448 in E4M3, over 0.5.
  const ModelFolder folder(
      packed_config, "model.safetensors",
      SafetensorsBuilder()
          .add("m.weight_packed", "U8", {2, 16}, repeated(all_codes, 4))
          .add<std::uint8_t>("m.weight_scale", "F8_E4M3", {2, 2}, {0x38, 0x40, 0x48, 0x7e})
          .add<float>("m.weight_global_scale", "F32", {1}, {0.5f})
          .add<float>("m.input_global_scale", "F32", {1}, {0.5f})
          .file());
  check_groups(weight_values(folder, "m.weight"), {2, 4, 8, 896});
  CHECK(weight_names(folder) == std::vector<std::string>{"m.weight"});
  CHECK(origin(folder, "m.weight") == "compressed-tensors");
}

TEST_CASE("fp4: NVFP4 of ModelOpt multiplies by it", "[convert][source][fp4]") {
  const SafetensorsBuilder file =
      SafetensorsBuilder()
          .add("m.weight", "U8", {1, 16}, repeated(all_codes, 2))
          .add<std::uint8_t>("m.weight_scale", "F8_E4M3", {1, 2}, {0x38, 0x40})
          .add<float>("m.weight_scale_2", "F32", {}, {0.5f})
          .add<float>("m.input_scale", "F32", {}, {0.5f})
          .add<float>("n.weight", "F32", {1}, {3});
  ModelFolder folder(modelopt_config, "model.safetensors", file.file());
  check_groups(weight_values(folder, "m.weight"), {0.5f, 1});
  CHECK(weight_names(folder) == std::vector<std::string>{"m.weight", "n.weight"});
  CHECK(origin(folder, "m.weight") == "modelopt");
  folder.write("config.json", "{}").write("hf_quant_config.json", R"({"quantization":{}})");
  check_groups(weight_values(folder, "m.weight"), {0.5f, 1});
}

TEST_CASE("fp4: MXFP4 of compressed-tensors", "[convert][source][fp4]") {
  const ModelFolder folder(packed_config, "model.safetensors",
                           SafetensorsBuilder()
                               .add("m.weight_packed", "U8", {2, 16}, repeated(all_codes, 4))
                               .add<std::uint8_t>("m.weight_scale", "U8", {2, 1}, {127, 130})
                               .file());
  check_groups(weight_values(folder, "m.weight"), {1, 1, 8, 8});
}

TEST_CASE("fp4: blocks of gpt-oss, a stack of experts", "[convert][source][fp4]") {
  const ModelFolder folder(
      blocks_config, "model.safetensors",
      SafetensorsBuilder()
          .add("e.up_blocks", "U8", {2, 1, 2, 16}, repeated(all_codes, 8))
          .add<float>("e.up_bias", "F32", {2, 1}, {1, 2})
          .add<std::uint8_t>("e.up_scales", "U8", {2, 1, 2}, {126, 127, 128, 129})
          .file());
  check_groups(weight_values(folder, "e.up"), {0.5f, 0.5f, 1, 1, 2, 2, 4, 4});
  CHECK(weight_names(folder) == std::vector<std::string>{"e.up", "e.up_bias"});
  CHECK(SourceModel::open(folder.path())->find("e.up")->shape ==
        std::vector<std::uint64_t>{2, 1, 64});
  CHECK(origin(folder, "e.up") == "mxfp4");
}

TEST_CASE("fp4: parts that are missing or do not fit", "[convert][source][fp4]") {
  SafetensorsBuilder codes;
  codes.add("m.weight_packed", "U8", {1, 16}, repeated(all_codes, 2));
  CHECK(refusal(packed_config, codes) == "m: has no .weight_scale");
  auto few = codes;
  few.add<std::uint8_t>("m.weight_scale", "U8", {1, 2}, {1, 1});
  CHECK(refusal(packed_config, few) == "m.weight_scale: has not one scale for 32 columns");
  auto type = codes;
  type.add<std::uint8_t>("m.weight_scale", "F8_E4M3", {1, 2}, {1, 1});
  CHECK(refusal(packed_config, type) == "m.weight_scale: is not U8, as scales of MXFP4 are");
  auto global = few;
  global.add<float>("m.weight_global_scale", "F32", {1}, {1});
  CHECK(refusal(packed_config, global) == "m.weight_scale: is not F8_E4M3, as scales of NVFP4 are");
  auto several = type;
  several.add<float>("m.weight_global_scale", "F32", {2}, {1, 1});
  CHECK(refusal(packed_config, several) == "m.weight_global_scale: is not one number");
  SafetensorsBuilder plain;
  plain.add("m.weight", "U8", {1, 16}, repeated(all_codes, 2))
      .add<std::uint8_t>("m.weight_scale", "F8_E4M3", {1, 2}, {1, 1});
  CHECK(refusal(modelopt_config, plain) == "m: has no .weight_scale_2");
  SafetensorsBuilder blocks;
  blocks.add("e_blocks", "U8", {1, 2, 8}, repeated(all_codes, 2));
  CHECK(refusal(blocks_config, blocks) == "e: has no _scales");
  blocks.add<std::uint8_t>("e_scales", "U8", {1, 2}, {1, 1});
  CHECK(refusal(blocks_config, blocks) == "e_blocks: is not of blocks of 16 bytes");
}

}  // namespace waag::convert::testing
