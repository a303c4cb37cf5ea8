#pragma once

#include <bit>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "convert/quant/floats.h"
#include "tests/convert/quant/linear/linear_weight.h"
#include "tests/convert/source/model_folder.h"

namespace waag::convert::testing {

/// A model whose projections every linear format can hold: one block of hidden size 128. Its values
/// are those that BF16 holds; weights stand out from one another in magnitude.
class LinearModel {
 public:
  using Shape = std::vector<std::uint64_t>;
  struct Weight {
    Shape shape;
    std::string dtype;
    std::vector<float> values;
  };
  static constexpr const char* block = "model.layers.0.";

  LinearModel() {
    add("model.embed_tokens.weight", {16, 128});
    add("model.norm.weight", {128});
    add("lm_head.weight", {16, 128});
    const std::string at = block;
    add(at + "input_layernorm.weight", {128});
    add(at + "self_attn.q_proj.bias", {128});
    for (const auto* name : {"q", "k", "v", "o"})
      add(at + "self_attn." + name + "_proj.weight", {128, 128});
    for (const auto* name : {"gate", "up", "down"})
      add(at + "mlp." + name + "_proj.weight", {128, 128});
  }

  /// @param dtype  "BF16", "F16" or "F32"
  LinearModel& add(const std::string& name, Shape shape, const std::string& dtype = "BF16") {
    std::uint64_t count = 1;
    for (const auto extent : shape) count *= extent;
    const auto columns = shape.back();
    auto values = linear_weight(count / columns, columns);
    for (auto& value : values)
      value = std::ldexp(bfloat_to_float(float_to_bfloat(value)), static_cast<int>(added_ % 4));
    ++added_;
    weights_[name] = {std::move(shape), dtype, std::move(values)};
    return *this;
  }

  /// Makes all values of one 2^exponent times as large.
  LinearModel& scale(const std::string& name, int exponent) {
    for (auto& value : weights_.at(name).values) value = std::ldexp(value, exponent);
    return *this;
  }

  [[nodiscard]] const std::map<std::string, Weight>& weights() const { return weights_; }
  [[nodiscard]] const std::vector<float>& values(const std::string& name) const {
    return weights_.at(name).values;
  }
  /// As they are stored.
  [[nodiscard]] static std::string bytes(const Weight& weight) {
    if (weight.dtype == "F32") return waag::testing::bytes_of(weight.values);
    std::vector<std::uint16_t> words;
    for (const auto value : weight.values)
      words.push_back(weight.dtype == "F16" ? float_to_half(value) : float_to_bfloat(value));
    return waag::testing::bytes_of(words);
  }

  /// Two experts instead of the block's own feed-forward part: apart, or fused as transformers 5
  /// does. @param feed  of an expert
  LinearModel& with_experts(bool is_fused, std::uint64_t feed) {
    const std::string at = std::string(block) + "mlp.";
    std::vector<float> gate_up, downs;
    LinearModel experts;
    for (const std::string expert : {"0", "1"}) {
      const auto named = at + "experts." + expert + ".";
      experts.add(named + "gate_proj.weight", {feed, 128});
      experts.add(named + "up_proj.weight", {feed, 128});
      experts.add(named + "down_proj.weight", {128, feed});
      for (const auto* name : {"gate_proj", "up_proj", "down_proj"}) {
        auto& weight = experts.weights_.at(named + name + ".weight");
        auto& into = std::string_view(name) == "down_proj" ? downs : gate_up;
        into.insert(into.end(), weight.values.begin(), weight.values.end());
        if (!is_fused) weights_[named + name + ".weight"] = weight;
      }
    }
    if (is_fused) {
      weights_[at + "experts.gate_up_proj"] = {{2, 2 * feed, 128}, "BF16", gate_up};
      weights_[at + "experts.down_proj"] = {{2, 128, feed}, "BF16", downs};
    }
    for (const auto* name : {"gate", "up", "down"}) weights_.erase(at + name + "_proj.weight");
    class_ = R"("Qwen3MoeForCausalLM"],"num_experts":2,"num_experts_per_tok":1,
      "norm_topk_prob":true,"moe_intermediate_size":)" +
             std::to_string(feed);
    return *this;
  }

  [[nodiscard]] std::string config() const {
    return R"({"architectures":[)" + class_ + R"(,"num_hidden_layers":1,"hidden_size":128,
      "vocab_size":16,"num_attention_heads":2,"num_key_value_heads":2,"intermediate_size":128,
      "rms_norm_eps":1e-6,"max_position_embeddings":64})";
  }

  void write(waag::testing::ModelFolder& folder) const {
    waag::testing::SafetensorsBuilder file;
    for (const auto& [name, weight] : weights_)
      file.add(name, weight.dtype, weight.shape, bytes(weight));
    folder.write("config.json", config());
    folder.write("model.safetensors", file.file());
  }

 private:
  std::map<std::string, Weight> weights_;
  std::uint64_t added_ = 0;
  std::string class_ = R"("Qwen2ForCausalLM"])";  // and what belongs to it
};

}  // namespace waag::convert::testing
