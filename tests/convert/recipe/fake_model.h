#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "convert/recipe/recipe.h"

namespace waag::convert::testing {

/// The tensors of a model, with few and short rows: names and the widths of rows decide the types.
class FakeModel {
 public:
  struct Form {
    std::string_view name{};
    std::string_view architecture{};
    std::uint64_t blocks = 0;
    std::uint64_t heads = 0;
    std::uint64_t key_heads = 0;
    std::uint64_t experts = 0;
    std::uint64_t columns = 256;
    std::uint64_t down_columns = 256;
    std::uint64_t dense_blocks = 0;  // before those with experts
    bool is_tied = false;
    bool has_shared_expert = false;
    bool has_query_rank = false;
  };

  explicit FakeModel(const Form& form) : form_(form) {
    const auto width = form.columns;
    add("token_embd.weight", {2, width});
    add("output_norm.weight", {width});
    if (!form.is_tied) add("output.weight", {2, width});
    for (std::uint64_t block = 0; block < form.blocks; ++block) add_block(block);
    std::ranges::stable_sort(tensors_, {}, [](const Tensor& tensor) {
      return std::pair(tensor.block, std::string_view(tensor.name));
    });
  }

  [[nodiscard]] std::vector<TensorType> types(std::string_view mix, bool has_importance) const {
    return chosen(mix, has_importance).types;
  }
  [[nodiscard]] ChosenTypes chosen(std::string_view mix, bool has_importance = false) const {
    std::vector<RecipeTensor> views;
    for (const auto& tensor : tensors_)
      views.push_back({.name = tensor.name, .shape = tensor.shape, .is_f32 = tensor.is_f32});
    const auto recipe = find_recipe(mix);
    if (!recipe) return {};
    return choose_types(*recipe,
                        {.architecture = form_.architecture,
                         .blocks = form_.blocks,
                         .heads = form_.heads,
                         .key_heads = form_.key_heads,
                         .experts = form_.experts,
                         .has_importance = has_importance},
                        views);
  }
  /// The type of one tensor.
  [[nodiscard]] TensorType type_of(std::string_view name, std::string_view mix,
                                   bool has_importance = false) const {
    const auto all = types(mix, has_importance);
    const auto at = std::ranges::find(tensors_, name, &Tensor::name) - tensors_.begin();
    return all.at(static_cast<std::size_t>(at));
  }

 private:
  struct Tensor {
    std::int64_t block = -1;
    std::string name;
    std::vector<std::uint64_t> shape;
    bool is_f32 = false;
  };

  void add(std::string name, std::vector<std::uint64_t> shape, std::int64_t block = -1) {
    const bool is_f32 = shape.size() <= 1 || name.ends_with("_norm.weight") ||
                        !name.ends_with(".weight") || name.find("ffn_gate_inp") != name.npos;
    tensors_.push_back({block, std::move(name), std::move(shape), is_f32});
  }

  void add_block(std::uint64_t number) {
    const auto block = static_cast<std::int64_t>(number);
    const auto add_here = [&](const std::string& name, std::vector<std::uint64_t> shape) {
      add("blk." + std::to_string(number) + "." + name, std::move(shape), block);
    };
    const auto width = form_.columns;
    add_here("attn_norm.weight", {width});
    add_here("ffn_norm.weight", {width});
    if (form_.architecture == "deepseek2") {
      if (form_.has_query_rank) {
        add_here("attn_q_a.weight", {2, width});
        add_here("attn_q_a_norm.weight", {width});
        add_here("attn_q_b.weight", {2, width});
      } else {
        add_here("attn_q.weight", {2, width});
      }
      add_here("attn_kv_a_mqa.weight", {2, width});
      add_here("attn_kv_a_norm.weight", {width});
      add_here("attn_k_b.weight", {form_.heads, 2, 128});
      add_here("attn_v_b.weight", {form_.heads, 2, width});
    } else {
      for (const auto* part : {"q", "k", "v"}) {
        add_here("attn_" + std::string(part) + ".weight", {2, width});
        if (form_.architecture.starts_with("qwen2"))
          add_here("attn_" + std::string(part) + ".bias", {width});
        if (form_.architecture.starts_with("qwen3") && *part != 'v')
          add_here("attn_" + std::string(part) + "_norm.weight", {width});
      }
    }
    add_here("attn_output.weight", {2, width});
    if (form_.experts == 0 || number < form_.dense_blocks) {
      add_here("ffn_gate.weight", {2, width});
      add_here("ffn_up.weight", {2, width});
      add_here("ffn_down.weight", {2, form_.down_columns});
      return;
    }
    add_here("ffn_gate_inp.weight", {form_.experts, width});
    add_here("ffn_gate_exps.weight", {form_.experts, 1, width});
    add_here("ffn_up_exps.weight", {form_.experts, 1, width});
    add_here("ffn_down_exps.weight", {form_.experts, 1, form_.down_columns});
    if (form_.architecture == "deepseek2") add_here("exp_probs_b.bias", {form_.experts});
    if (form_.architecture == "qwen2moe") add_here("ffn_gate_inp_shexp.weight", {width});
    if (!form_.has_shared_expert) return;
    for (const auto* part : {"gate", "up", "down"})
      add_here("ffn_" + std::string(part) + "_shexp.weight", {2, width});
  }

  Form form_;
  std::vector<Tensor> tensors_;
};

}  // namespace waag::convert::testing
