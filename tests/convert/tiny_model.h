#pragma once

#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "protocol/bytes.h"
#include "tests/convert/source/model_folder.h"

namespace waag::convert::testing {

/// A model of a few small tensors, written as Hugging Face lays them out. Element k of the n-th
/// tensor by name is n * 1000 + k, in F32, so that a value tells where it came from.
class TinyModel {
 public:
  using Shape = std::vector<std::uint64_t>;

  explicit TinyModel(std::string config) : config_(std::move(config)) {}

  TinyModel& add(const std::string& name, Shape shape) {
    shapes_[name] = std::move(shape);
    return *this;
  }
  TinyModel& remove(const std::string& name) {
    shapes_.erase(name);
    return *this;
  }
  TinyModel& config(std::string text) {
    config_ = std::move(text);
    return *this;
  }
  /// What all values are multiplied with.
  TinyModel& scale(float factor) {
    scale_ = factor;
    return *this;
  }
  [[nodiscard]] const std::string& config_text() const { return config_; }
  [[nodiscard]] float first_value(const std::string& name) const {
    return static_cast<float>(std::distance(shapes_.begin(), shapes_.find(name))) * 1000;
  }

  void write(waag::testing::ModelFolder& folder) const {
    waag::testing::SafetensorsBuilder file;
    for (const auto& [name, shape] : shapes_) {
      std::uint64_t count = 1;
      for (const auto extent : shape) count *= extent;
      std::vector<float> values(count);
      for (std::uint64_t i = 0; i < count; ++i)
        values[i] = (first_value(name) + static_cast<float>(i)) * scale_;
      file.add(name, "F32", shape, values);
    }
    folder.write("config.json", config_);
    folder.write("model.safetensors", file.file());
  }

  /// Hidden 8, two heads of 4 that share one key head, one block, a vocabulary of 5.
  static TinyModel llama() {
    TinyModel model(R"({"architectures":["LlamaForCausalLM"],"num_hidden_layers":1,
      "hidden_size":8,"vocab_size":5,"num_attention_heads":2,"num_key_value_heads":1,
      "intermediate_size":6,"rms_norm_eps":1e-5,"max_position_embeddings":64})");
    model.add("model.embed_tokens.weight", {5, 8})
        .add("model.norm.weight", {8})
        .add("lm_head.weight", {5, 8})
        .add_block("model.layers.0.");
    return model;
  }
  TinyModel& add_block(const std::string& at) {
    return add(at + "input_layernorm.weight", {8})
        .add(at + "post_attention_layernorm.weight", {8})
        .add(at + "self_attn.q_proj.weight", {8, 8})
        .add(at + "self_attn.k_proj.weight", {4, 8})
        .add(at + "self_attn.v_proj.weight", {4, 8})
        .add(at + "self_attn.o_proj.weight", {8, 8})
        .add(at + "mlp.gate_proj.weight", {6, 8})
        .add(at + "mlp.up_proj.weight", {6, 8})
        .add(at + "mlp.down_proj.weight", {8, 6});
  }

  /// The same with `experts` experts of width 3 in place of the feed-forward part, as Qwen3 MoE.
  static TinyModel qwen3_moe(std::uint64_t experts) {
    TinyModel model(R"({"architectures":["Qwen3MoeForCausalLM"],"num_hidden_layers":1,
      "hidden_size":8,"vocab_size":5,"num_attention_heads":2,"num_key_value_heads":1,
      "intermediate_size":6,"moe_intermediate_size":3,"num_experts":)" +
                    std::to_string(experts) +
                    R"(,"num_experts_per_tok":2,"rms_norm_eps":1e-5,"head_dim":4,
      "max_position_embeddings":64,"tie_word_embeddings":true})");
    const std::string at = "model.layers.0.";
    model.add("model.embed_tokens.weight", {5, 8}).add("model.norm.weight", {8}).add_block(at);
    for (const auto* dense : {"gate", "up", "down"})
      model.remove(at + "mlp." + dense + "_proj.weight");
    model.add(at + "self_attn.q_norm.weight", {4}).add(at + "self_attn.k_norm.weight", {4});
    model.add(at + "mlp.gate.weight", {experts, 8});
    for (std::uint64_t expert = 0; expert < experts; ++expert) {
      const auto of = at + "mlp.experts." + std::to_string(expert) + ".";
      model.add(of + "gate_proj.weight", {3, 8})
          .add(of + "up_proj.weight", {3, 8})
          .add(of + "down_proj.weight", {8, 3});
    }
    return model;
  }

  /// Latent attention: two heads of 3 + 2 elements, values of 2, a latent of 4; the second block
  /// has three experts and one that is shared.
  static TinyModel deepseek() {
    TinyModel model(R"({"architectures":["DeepseekV3ForCausalLM"],"num_hidden_layers":1,
      "hidden_size":8,"vocab_size":5,"num_attention_heads":2,"num_key_value_heads":2,
      "intermediate_size":6,"kv_lora_rank":4,"qk_nope_head_dim":3,"qk_rope_head_dim":2,
      "v_head_dim":2,"max_position_embeddings":64,"first_k_dense_replace":1})");
    const std::string at = "model.layers.0.";
    model.add("model.embed_tokens.weight", {5, 8})
        .add("model.norm.weight", {8})
        .add("lm_head.weight", {5, 8})
        .add_block(at);
    for (const auto* part : {"k", "v"}) model.remove(at + "self_attn." + part + "_proj.weight");
    model.add(at + "self_attn.q_proj.weight", {10, 8})
        .add(at + "self_attn.kv_a_proj_with_mqa.weight", {6, 8})
        .add(at + "self_attn.kv_a_layernorm.weight", {4})
        .add(at + "self_attn.kv_b_proj.weight", {10, 4})
        .add(at + "self_attn.o_proj.weight", {8, 4});
    return model;
  }

 private:
  std::string config_;
  float scale_ = 1;
  std::map<std::string, Shape> shapes_;
};

/// A tokenizer.json of five tokens, split as GPT-2 does.
inline std::string tiny_tokenizer() {
  return R"({"model":{"type":"BPE","vocab":{"a":0,"b":1,"c":2,"ab":3,"d":4},"merges":["a b"]},
    "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false}})";
}

}  // namespace waag::convert::testing
