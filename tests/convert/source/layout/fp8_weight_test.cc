#include "convert/quant/floats.h"
#include "tests/convert/source/layout/read_weights.h"

namespace waag::convert::testing {
namespace {

using waag::testing::ModelFolder;
using waag::testing::SafetensorsBuilder;

constexpr const char* blocks_config =
    R"({"quantization_config":{"quant_method":"fp8","fmt":"e4m3","weight_block_size":[2,4]}})";
constexpr const char* plain_config = R"({"quantization_config":{"quant_method":"fp8"}})";

/// `rows` x `columns` codes, all finite.
std::vector<std::uint8_t> codes(std::uint64_t count) {
  std::vector<std::uint8_t> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>((i * 37 + 11) % 0x7f);
  return out;
}

ModelFolder folder_with(const char* config, const SafetensorsBuilder& file) {
  return ModelFolder(config, "model.safetensors", file.file());
}

}  // namespace

TEST_CASE("fp8: a scale for each block, blocks at the edges partial", "[convert][source][fp8]") {
  const auto q = codes(3 * 6);
  const std::vector<float> scales{1.0f, 2.0f, 0.5f, 3.0f};
  const auto folder =
      folder_with(blocks_config, SafetensorsBuilder()
                                     .add("w.weight", "F8_E4M3", {3, 6}, q)
                                     .add("w.weight_scale_inv", "F32", {2, 2}, scales)
                                     .add<float>("n.weight", "F32", {1}, {7}));
  const auto values = weight_values(folder, "w.weight");
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 6; ++c)
      CHECK(values[r * 6 + c] == e4m3_to_float(q[r * 6 + c]) * scales[r / 2 * 2 + c / 4]);
  CHECK(weight_names(folder) == std::vector<std::string>{"n.weight", "w.weight"});
  CHECK(origin(folder, "w.weight").empty());
}

TEST_CASE("fp8: blocks of a stack of experts", "[convert][source][fp8]") {
  const auto q = codes(2 * 3 * 4);
  const std::vector<std::uint16_t> scales{0x3f80, 0x4000, 0x4040, 0x4080};  // 1 2 3 4 in BF16
  const auto folder =
      folder_with(blocks_config, SafetensorsBuilder()
                                     .add("experts.up", "F8_E4M3", {2, 3, 4}, q)
                                     .add("experts.up_scale_inv", "BF16", {2, 2, 1}, scales));
  const auto values = weight_values(folder, "experts.up");
  for (std::size_t row = 0; row < 6; ++row) {
    const auto scale = static_cast<float>(1 + row / 3 * 2 + row % 3 / 2);
    for (std::size_t c = 0; c < 4; ++c)
      CHECK(values[row * 4 + c] == e4m3_to_float(q[row * 4 + c]) * scale);
  }
}

TEST_CASE("fp8: a scale for the tensor, or for each row, of any shape", "[convert][source][fp8]") {
  const auto q = codes(2 * 4);
  using Shape = std::vector<std::uint64_t>;
  for (const auto& shape : {Shape{}, Shape{1}, Shape{1, 1}, Shape{2}, Shape{2, 1}}) {
    std::vector<float> scales{0.5f, 3.0f};
    const bool per_row = !shape.empty() && shape[0] == 2;
    if (!per_row) scales.resize(1);
    const auto folder = folder_with(plain_config, SafetensorsBuilder()
                                                      .add("w.weight", "F8_E5M2", {2, 4}, q)
                                                      .add("w.weight_scale", "F32", shape, scales)
                                                      .add<float>("w.input_scale", "F32", {}, {1}));
    const auto values = weight_values(folder, "w.weight");
    for (std::size_t i = 0; i < 8; ++i)
      CHECK(values[i] == e5m2_to_float(q[i]) * scales[per_row ? i / 4 : 0]);
    CHECK(weight_names(folder) == std::vector<std::string>{"w.weight"});
  }
}

TEST_CASE("fp8: a scale is missing or does not fit", "[convert][source][fp8]") {
  const auto q = codes(3 * 6);
  SafetensorsBuilder bare;
  bare.add("w.weight", "F8_E4M3", {3, 6}, q);
  CHECK(why_refused(folder_with(plain_config, bare)) ==
        "w.weight: has neither w.weight_scale_inv nor w.weight_scale");
  CHECK(why_refused(folder_with("{}", bare)) ==
        "w.weight: is FP8, and config.json does not say how it is scaled");
  auto wrong = bare;
  wrong.add<float>("w.weight_scale", "F32", {2, 2}, {1, 1, 1, 1});
  CHECK(why_refused(folder_with(plain_config, wrong)) ==
        "w.weight_scale: its shape [2,2] does not fit a weight of [3,6]");
  auto more = bare;
  more.add<float>("w.weight_scale_inv", "F32", {2, 3}, {1, 1, 1, 1, 1, 1});
  CHECK(why_refused(folder_with(blocks_config, more)) ==
        "w.weight_scale_inv: its shape [2,3] does not fit a weight of [3,6]");
}

TEST_CASE("fp8: a NaN code is refused when it is read", "[convert][source][fp8]") {
  const auto folder =
      folder_with(plain_config, SafetensorsBuilder()
                                    .add<std::uint8_t>("w.weight", "F8_E4M3", {1, 2}, {0, 0x7f})
                                    .add<float>("w.weight_scale", "F32", {1}, {1}));
  const auto model = SourceModel::open(folder.path());
  REQUIRE(model);
  std::vector<float> values(2);
  const auto status = model->read_rows(*model->find("w.weight"), 0, 1, values);
  REQUIRE_FALSE(status);
  CHECK(status.error().what == "w.weight: 1 values of rows 0 to 1 are NaN or Inf");
}

}  // namespace waag::convert::testing
