#include "convert/write/linear_selection.h"

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

using Tensors = std::map<std::string, SourceTensor, std::less<>>;
using Names = std::vector<std::string>;

void add(Tensors& tensors, const std::string& name, std::vector<std::uint64_t> shape) {
  SourceTensor tensor;
  tensor.name = name;
  tensor.shape = std::move(shape);
  tensors.emplace(name, std::move(tensor));
}

bool is_linear(std::string_view name) {
  const std::uint64_t shape[] = {64, 128};
  return is_quantized_linear(name, shape);
}

/// A layer of experts, of which the last has `odd_columns`.
Tensors moe(std::uint64_t odd_columns) {
  Tensors tensors;
  for (int expert = 0; expert < 3; ++expert) {
    const auto at = "model.layers.0.mlp.experts." + std::to_string(expert) + ".";
    add(tensors, at + "gate_proj.weight", {256, 128});
    add(tensors, at + "down_proj.weight", {128, expert == 2 ? odd_columns : 256});
  }
  add(tensors, "model.layers.0.mlp.gate.weight", {3, 128});
  add(tensors, "model.layers.0.self_attn.q_proj.weight", {128, 128});
  return tensors;
}

}  // namespace

TEST_CASE("linear_selection: the projections of every family", "[convert][write]") {
  const auto name = GENERATE(
      "model.layers.0.self_attn.q_proj.weight", "model.layers.11.self_attn.o_proj.weight",
      "model.layers.0.mlp.gate_proj.weight", "model.layers.3.mlp.experts.12.down_proj.weight",
      "model.layers.3.mlp.shared_experts.up_proj.weight",
      "model.layers.3.mlp.shared_expert.up_proj.weight",
      "model.layers.0.block_sparse_moe.experts.7.w2.weight",
      "model.layers.5.self_attn.kv_a_proj_with_mqa.weight",
      "model.layers.5.self_attn.kv_b_proj.weight", "model.layers.61.self_attn.q_a_proj.weight",
      "model.layers.0.self_attn.qkv_proj.weight",
      "language_model.model.layers.0.mlp.up_proj.weight");
  CAPTURE(name);
  CHECK(is_linear(name));
}

TEST_CASE("linear_selection: what is no projection of a block", "[convert][write]") {
  const auto name = GENERATE(
      "lm_head.weight", "model.embed_tokens.weight", "model.norm.weight",
      "model.layers.0.input_layernorm.weight", "model.layers.0.mlp.gate.weight",
      "model.layers.0.block_sparse_moe.gate.weight", "model.layers.0.mlp.shared_expert_gate.weight",
      "model.layers.0.self_attn.q_proj.bias", "model.layers.61.eh_proj.weight",
      "model.layers.61.shared_head.head.weight", "model.layers.61.embed_tokens.weight",
      "vision_tower.encoder.layers.0.self_attn.q_proj.weight",
      "visual.blocks.0.mlp.gate_proj.weight", "model.visual.layers.0.mlp.gate_proj.weight",
      "audio_tower.layers.0.self_attn.q_proj.weight", "q_proj.weight", "layers.x.q_proj.weight",
      "model.layers.0.mlp.experts.gate_up_proj", ".weight", "", "weight");
  CAPTURE(name);
  CHECK_FALSE(is_linear(name));
  const std::uint64_t one[] = {64};
  CHECK_FALSE(is_quantized_linear("model.layers.0.self_attn.q_proj.weight", one));
}

TEST_CASE("linear_selection: what stays is ignored by its module's name", "[convert][write]") {
  auto tensors = moe(256);
  add(tensors, "lm_head.weight", {1000, 128});
  add(tensors, "model.embed_tokens.weight", {1000, 128});
  add(tensors, "model.norm.weight", {128});
  add(tensors, "model.layers.0.self_attn.q_norm.weight", {64});
  add(tensors, "model.layers.0.self_attn.o_proj.weight", {128, 100});
  add(tensors, "model.layers.0.self_attn.q_proj.bias", {128});
  add(tensors, "model.layers.1.mlp.experts.gate_up_proj", {3, 256, 128});
  add(tensors, "model.layers.61.eh_proj.weight", {128, 256});
  add(tensors, "visual.patch_embed.proj.weight", {64, 3, 2, 14, 14});
  add(tensors, "visual.merger.mlp.0.weight", {64, 64});
  const auto selection = select_linear(LinearFormat::w4a16, tensors);
  REQUIRE(selection);
  CHECK(selection->ignored == Names{"lm_head", "model.layers.0.mlp.gate",
                                    "model.layers.0.self_attn.o_proj", "model.layers.1.mlp.experts",
                                    "model.layers.61.eh_proj", "visual.merger.mlp.0"});
  CHECK(selection->quantized.size() == 7);
  CHECK(selection->quantized.contains("model.layers.0.self_attn.q_proj.weight"));

  const auto int8 = select_linear(LinearFormat::int8, tensors);
  REQUIRE(int8);
  CHECK(int8->quantized.contains("model.layers.0.self_attn.o_proj.weight"));
}

TEST_CASE("linear_selection: experts of a layer are quantized all or not at all",
          "[convert][write]") {
  const auto whole = select_linear(LinearFormat::w4a16, moe(256));
  REQUIRE(whole);
  CHECK(whole->quantized.size() == 7);
  CHECK(whole->unfit == 0);
  CHECK(whole->ignored == Names{"lm_head", "model.layers.0.mlp.gate"});
  const auto none = select_linear(LinearFormat::w4a16, moe(250));
  REQUIRE(none);
  CHECK(none->quantized ==
        std::set<std::string, std::less<>>{"model.layers.0.self_attn.q_proj.weight"});
  CHECK(none->unfit == 6);
  CHECK(none->ignored.size() == 2 + 6);
}

TEST_CASE("linear_selection: weights that engines stack are quantized all or not at all",
          "[convert][write]") {
  auto tensors = moe(256);
  add(tensors, "model.layers.0.self_attn.k_proj.weight", {128, 100});
  add(tensors, "model.layers.1.self_attn.k_proj.weight", {128, 128});
  const auto selection = select_linear(LinearFormat::w4a16, tensors);
  REQUIRE(selection);
  CHECK_FALSE(selection->quantized.contains("model.layers.0.self_attn.q_proj.weight"));
  CHECK(selection->quantized.contains("model.layers.1.self_attn.k_proj.weight"));
}

TEST_CASE("linear_selection: no FP8 block reaches from one stacked weight into the next",
          "[convert][write]") {
  Tensors tensors;
  add(tensors, "model.layers.0.self_attn.q_a_proj.weight", {1536, 128});
  add(tensors, "model.layers.0.self_attn.kv_a_proj_with_mqa.weight", {576, 128});  // the last
  add(tensors, "model.layers.0.mlp.gate_proj.weight", {192, 128});
  add(tensors, "model.layers.0.mlp.up_proj.weight", {192, 128});
  add(tensors, "model.layers.0.mlp.down_proj.weight", {129, 192});  // on its own
  const auto selection = select_linear(LinearFormat::fp8_block, tensors);
  REQUIRE(selection);
  CHECK(selection->ignored ==
        Names{"lm_head", "model.layers.0.mlp.gate_proj", "model.layers.0.mlp.up_proj"});
  CHECK(select_linear(LinearFormat::fp8_dynamic, tensors)->quantized.size() == 5);
}

TEST_CASE("linear_selection: which weights are stacked", "[convert][write]") {
  for (const auto* part : {"q_proj", "k_proj", "v_proj"})
    CHECK(stacked_weight_name("model.layers.0.self_attn." + std::string(part) + ".weight") ==
          "model.layers.0.self_attn.qkv_proj.weight");
  CHECK(stacked_weight_name("l.3.mlp.experts.7.up_proj.weight") ==
        stacked_weight_name("l.3.mlp.experts.7.gate_proj.weight"));
  CHECK(stacked_weight_name("l.experts.7.w1.weight") ==
        stacked_weight_name("l.experts.7.w3.weight"));
  CHECK(stacked_weight_name("l.experts.7.w1.weight") !=
        stacked_weight_name("l.experts.6.w1.weight"));
  CHECK(stacked_weight_name("l.q_a_proj.weight") ==
        stacked_weight_name("l.kv_a_proj_with_mqa.weight"));
  CHECK(stacked_weight_name("l.down_proj.weight") == "l.down_proj.weight");
  CHECK(stacked_weight_name("l.w2.weight") == "l.w2.weight");
  CHECK(stacked_weight_name("q_proj.weight") == "q_proj.weight");
}

TEST_CASE("linear_selection: a model without projections is refused", "[convert][write]") {
  Tensors tensors;
  add(tensors, "transformer.h.0.attn.c_attn.weight", {128, 128});
  const auto selection = select_linear(LinearFormat::int8, tensors);
  REQUIRE_FALSE(selection);
  CHECK(selection.error().code == Errc::unprocessable);
}

}  // namespace waag::convert::testing
