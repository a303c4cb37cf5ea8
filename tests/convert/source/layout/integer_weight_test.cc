#include "tests/convert/source/layout/read_weights.h"

namespace waag::convert::testing {
namespace {

using waag::testing::ModelFolder;
using waag::testing::SafetensorsBuilder;

std::string config(int bits) {
  return R"({"quantization_config":{"quant_method":"compressed-tensors","config_groups":{"g":{)"
         R"("weights":{"num_bits":)" +
         std::to_string(bits) + R"(,"type":"int"}}}}})";
}

std::string refusal(const SafetensorsBuilder& file, int bits = 4) {
  return why_refused(ModelFolder(config(bits), "model.safetensors", file.file()));
}

/// 2 x 10 codes of 4 bits in two words a row, two groups of 5 columns.
SafetensorsBuilder packed() {
  SafetensorsBuilder file;
  file.add<std::uint32_t>("m.weight_packed", "I32", {2, 2}, {0x76543210, 0x98, 0x88888888, 0xf0})
      .add<std::uint16_t>("m.weight_scale", "BF16", {2, 2}, {0x3f80, 0x4000, 0x3f00, 0xbf80})
      .add<std::int64_t>("m.weight_shape", "I64", {2}, {2, 10});
  return file;
}

}  // namespace

TEST_CASE("integers: packed, symmetric", "[convert][source][integers]") {
  const ModelFolder folder(config(4), "model.safetensors", packed().file());
  CHECK(weight_values(folder, "m.weight") ==
        std::vector<float>{-8, -7, -6, -5, -4, -6,    -4,    -2,    0, 2,  //
                           0,  0,  0,  0,  0,  -0.0f, -0.0f, -0.0f, 8, -7});
  CHECK(weight_names(folder) == std::vector<std::string>{"m.weight"});
  CHECK(origin(folder, "m.weight") == "compressed-tensors");
}

TEST_CASE("integers: packed, zero points packed along the outputs", "[convert][source][integers]") {
  auto file = packed();
  file.add<std::uint32_t>("m.weight_zero_point", "I32", {1, 2}, {0x81, 0x92});
  const ModelFolder folder(config(4), "model.safetensors", file.file());
  CHECK(weight_values(folder, "m.weight") ==
        std::vector<float>{-1, 0, 1, 2, 3, 6, 8, 10, 12, 14,  //
                           0,  0, 0, 0, 0, 1, 1, 1,  9,  -6});
}

TEST_CASE("integers: packed, groups by the order of activations", "[convert][source][integers]") {
  auto file = packed();
  file.add<std::int32_t>("m.weight_g_idx", "I32", {10}, {1, 0, 1, 0, 1, 0, 1, 0, 1, 0});
  const ModelFolder folder(config(4), "model.safetensors", file.file());
  const auto values = weight_values(folder, "m.weight");
  CHECK(std::vector<float>(values.begin(), values.begin() + 10) ==
        std::vector<float>{-16, -7, -12, -5, -8, -3, -4, -1, 0, 1});
}

TEST_CASE("integers: packed, 8 bits, one scale a row", "[convert][source][integers]") {
  const ModelFolder folder(
      config(8), "model.safetensors",
      SafetensorsBuilder()
          .add<std::uint32_t>("m.weight_packed", "I32", {2, 1}, {0x81807f00, 0xffu})
          .add<float>("m.weight_scale", "F32", {2, 1}, {1.0f, 0.5f})
          .add<std::int64_t>("m.weight_shape", "I64", {2}, {2, 4})
          .file());
  CHECK(weight_values(folder, "m.weight") ==
        std::vector<float>{-128, -1, 0, 1, 63.5f, -64, -64, -64});
}

TEST_CASE("integers: a byte each, with zero points and without", "[convert][source][integers]") {
  SafetensorsBuilder file;
  file.add<std::int8_t>("m.weight", "I8", {2, 3}, {-128, 0, 127, 1, 2, 3})
      .add<float>("m.weight_scale", "F32", {2, 1}, {0.5f, 2.0f});
  CHECK(weight_values(ModelFolder(config(8), "model.safetensors", file.file()), "m.weight") ==
        std::vector<float>{-64, 0, 63.5f, 2, 4, 6});
  file.add<std::int8_t>("m.weight_zero_point", "I8", {2, 1}, {-128, 2});
  const ModelFolder folder(config(8), "model.safetensors", file.file());
  CHECK(weight_values(folder, "m.weight") == std::vector<float>{0, 64, 127.5f, -2, 0, 2});
  CHECK(weight_names(folder) == std::vector<std::string>{"m.weight"});
}

TEST_CASE("integers: parts that are missing or do not fit", "[convert][source][integers]") {
  SafetensorsBuilder bytes;
  bytes.add<std::int8_t>("m.weight", "I8", {1, 2}, {1, 2});
  CHECK(refusal(bytes, 8) == "m: has no .weight_scale");
  auto zeros = bytes;
  zeros.add<float>("m.weight_scale", "F32", {1, 1}, {1})
      .add<std::int8_t>("m.weight_zero_point", "I8", {1, 2}, {1, 2});
  CHECK(refusal(zeros, 8) == "m.weight_zero_point: does not fit the scales");
  SafetensorsBuilder codes;
  codes.add<std::uint32_t>("m.weight_packed", "I32", {2, 2}, {1, 2, 3, 4});
  CHECK(refusal(codes) == "m: has no .weight_shape");
  const auto shaped = [&](std::vector<std::int64_t> shape) {
    auto file = codes;
    return file.add("m.weight_shape", "I64", {shape.size()}, shape);
  };
  CHECK(refusal(shaped({2, 10})) == "m: has no .weight_scale");
  CHECK(refusal(shaped({2})) == "m.weight_shape: is not two numbers");
  CHECK(refusal(shaped({3, 10})) == "m.weight_shape: does not fit weight_packed");
  CHECK(refusal(shaped({2, -1})) == "model.safetensors: m.weight_shape: an integer is too large");
  const std::string width =
      "m.weight_packed: fits not exactly one of the widths 4 and 8 of the config";
  CHECK(refusal(shaped({2, 17})) == width);
  CHECK(refusal(shaped({2, 10}), 8) == width);
  auto file = packed();
  file.add<std::uint32_t>("m.weight_zero_point", "I32", {2, 1}, {1, 2});
  CHECK(refusal(file) == "m.weight_zero_point: does not fit the scales");
  auto order = packed();
  order.add<std::int32_t>("m.weight_g_idx", "I32", {2}, {0, 1});
  CHECK(refusal(order) == "m.weight_g_idx: has not one entry for each input");
}

}  // namespace waag::convert::testing
