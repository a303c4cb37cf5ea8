#include "convert/recipe/recipe.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace waag::convert {
namespace {

using enum TensorType;

// Source of the numbers: llama.cpp, include/llama.h, enum llama_ftype; FORMATS 2.1.
constexpr std::array all_recipes{
    Recipe{"F32", 0, f32},          Recipe{"F16", 1, f16},
    Recipe{"BF16", 32, bf16},       Recipe{"Q8_0", 7, q8_0},
    Recipe{"Q4_0", 2, q4_0},        Recipe{"Q4_1", 3, q4_1},
    Recipe{"Q5_0", 8, q5_0},        Recipe{"Q5_1", 9, q5_1},
    Recipe{"Q2_K", 10, q2_k},       Recipe{"Q2_K_S", 21, q2_k, true},
    Recipe{"Q3_K_S", 11, q3_k},     Recipe{"Q3_K_M", 12, q3_k},
    Recipe{"Q3_K_L", 13, q3_k},     Recipe{"Q4_K_S", 14, q4_k},
    Recipe{"Q4_K_M", 15, q4_k},     Recipe{"Q5_K_S", 16, q5_k},
    Recipe{"Q5_K_M", 17, q5_k},     Recipe{"Q6_K", 18, q6_k},
    Recipe{"IQ4_NL", 25, iq4_nl},   Recipe{"IQ4_XS", 30, iq4_xs},
    Recipe{"MXFP4_MOE", 38, mxfp4},
};

/// Whether a layer is one of the half that gets more bits.
bool more_bits(std::uint64_t at, std::uint64_t count) {
  return at < count / 8 || at >= 7 * count / 8 || (at - count / 8) % 3 == 2;
}

std::uint64_t block_of_name(std::string_view name) {
  constexpr std::string_view prefix = "blk.";
  std::uint64_t block = 0;
  if (name.starts_with(prefix))
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), block);
  return block;
}

bool contains(std::string_view name, std::string_view part) {
  return name.find(part) != std::string_view::npos;
}

/// The rules of one mix, run over the tensors in order.
class Chooser {
 public:
  Chooser(const Recipe& recipe, const RecipeModel& model, std::span<const RecipeTensor> tensors)
      : mix_(recipe.name), base_(recipe.base), model_(model) {
    for (const auto& tensor : tensors) {
      if (is_value(tensor.name)) ++values_;
      if (tensor.name == "output.weight") is_tied_ = false;
    }
  }

  TensorType choose(const RecipeTensor& tensor) {
    const auto columns = tensor.shape.empty() ? 1 : tensor.shape.back();
    const auto wanted = by_mix(tensor, columns);
    const auto chosen = fallback(wanted, columns);
    if (chosen != wanted) ++fall_backs_;
    return chosen;
  }
  [[nodiscard]] std::size_t fall_backs() const { return fall_backs_; }

 private:
  static bool is_value(std::string_view name) {
    return contains(name, "attn_v.weight") || contains(name, "attn_qkv.weight") ||
           contains(name, "attn_kv_b.weight");
  }
  [[nodiscard]] bool is_one_of(std::initializer_list<std::string_view> mixes) const {
    return std::ranges::find(mixes, mix_) != mixes.end();
  }
  [[nodiscard]] std::uint64_t group() const {
    return model_.key_heads == 0 ? 0 : model_.heads / model_.key_heads;
  }
  [[nodiscard]] bool has_eight_experts() const { return model_.experts == 8; }
  [[nodiscard]] bool is_like_70b() const {
    if (model_.blocks != 80) return false;
    return model_.architecture == "qwen2" ||
           (model_.architecture == "llama" && model_.heads != model_.key_heads);
  }

  TensorType by_mix(const RecipeTensor& tensor, std::uint64_t columns) {
    const auto name = tensor.name;
    if (name == "output.weight" || (is_tied_ && name == "token_embd.weight"))
      return output(columns);
    if (base_ == mxfp4) return tensor.shape.size() > 2 && tensor.shape.front() > 1 ? mxfp4 : q8_0;
    if (name == "token_embd.weight") return base_;
    if (is_value(name)) return value();
    if (contains(name, "attn_k.weight")) return has_eight_experts() ? q8_0 : base_;
    if (contains(name, "attn_q.weight")) return base_;
    if (contains(name, "ffn_down")) return feed_down(block_of_name(name));
    if (contains(name, "attn_output.weight")) return attention_output();
    return base_;
  }

  [[nodiscard]] TensorType output(std::uint64_t columns) const {
    if (base_ == mxfp4 || base_ == q8_0 || columns % block_of(base_).block_elements != 0)
      return q8_0;
    return q6_k;
  }

  TensorType value() {
    TensorType type = base_;
    if (mix_ == "Q2_K") type = group() >= 4 ? q4_k : q3_k;
    if (mix_ == "Q2_K_S" && group() >= 4) type = q4_k;
    if (mix_ == "Q3_K_M") type = values_seen_ < 2 ? q5_k : q4_k;
    if (mix_ == "Q3_K_L") type = q5_k;
    if (is_one_of({"IQ4_NL", "IQ4_XS"}) && group() >= 4) type = q5_k;
    if (is_one_of({"Q4_K_M", "Q5_K_M"}) && more_bits(values_seen_, values_)) type = q6_k;
    if (mix_ == "Q4_K_S" && values_seen_ < 4) type = q5_k;
    // Eight query heads share one of these: more bits cost next to nothing.
    if (is_like_70b() && (type == q3_k || type == q4_k)) type = q5_k;
    if (has_eight_experts()) type = q8_0;
    ++values_seen_;
    return type;
  }

  [[nodiscard]] TensorType feed_down(std::uint64_t block) const {
    const auto count = model_.blocks;
    if (mix_ == "Q2_K") return q3_k;
    if (mix_ == "Q2_K_S" && block < count / 8) return q4_k;
    if (mix_ == "Q3_K_M") return block < count / 16 ? q5_k : q4_k;
    if (mix_ == "Q3_K_L") return q5_k;
    if (is_one_of({"Q4_K_M", "Q5_K_M"}) && more_bits(block, count)) return q6_k;
    if (is_one_of({"IQ4_NL", "IQ4_XS"}) && block < count / 8 && !model_.has_importance) return q5_k;
    if (mix_ == "Q4_K_S" && block < count / 8) return q5_k;
    if (model_.has_importance && block < count / 8) {
      if (mix_ == "Q4_0") return q4_1;
      if (mix_ == "Q5_0") return q5_1;
    }
    return base_;
  }

  [[nodiscard]] TensorType attention_output() const {
    if (has_eight_experts()) {
      const bool is_raised =
          is_one_of({"Q2_K", "Q3_K_S", "Q3_K_M", "IQ4_NL", "Q4_K_S", "Q4_K_M", "IQ4_XS"});
      return is_raised ? q5_k : base_;
    }
    if (mix_ == "Q2_K") return q3_k;
    if (mix_ == "Q3_K_M") return q4_k;
    if (mix_ == "Q3_K_L") return q5_k;
    return base_;
  }

  /// What holds rows that are no whole number of blocks (FORMATS 4.2).
  static TensorType fallback(TensorType wanted, std::uint64_t columns) {
    if (columns % block_of(wanted).block_elements == 0) return wanted;
    TensorType smaller = wanted;
    if (wanted == q2_k || wanted == q3_k) smaller = q4_0;
    if (wanted == q4_k) smaller = q5_0;
    if (wanted == q5_k) smaller = q5_1;
    if (wanted == q6_k) smaller = q8_0;
    if (wanted == iq4_xs) smaller = iq4_nl;
    return columns % block_of(smaller).block_elements == 0 ? smaller : f16;
  }

  std::string_view mix_;
  TensorType base_;
  const RecipeModel& model_;
  std::uint64_t values_ = 0;
  std::uint64_t values_seen_ = 0;
  std::size_t fall_backs_ = 0;
  bool is_tied_ = true;
};

}  // namespace

std::span<const Recipe> recipes() { return all_recipes; }

Result<Recipe> find_recipe(std::string_view name) {
  std::string wanted(name);
  for (auto& c : wanted)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (wanted == "MXFP4") wanted = "MXFP4_MOE";
  std::string known;
  for (const auto& recipe : all_recipes) {
    if (recipe.name == wanted) return recipe;
    known += (known.empty() ? "" : ", ") + std::string(recipe.name);
  }
  return fail(Errc::invalid_argument,
              "unknown GGUF type " + std::string(name) + "; known are " + known);
}

ChosenTypes choose_types(const Recipe& recipe, const RecipeModel& model,
                         std::span<const RecipeTensor> tensors) {
  Chooser chooser(recipe, model, tensors);
  const bool is_quantized = block_of(recipe.base).block_elements > 1;
  ChosenTypes chosen;
  chosen.types.reserve(tensors.size());
  for (const auto& tensor : tensors) {
    if (tensor.is_f32)
      chosen.types.push_back(f32);
    else
      chosen.types.push_back(is_quantized ? chooser.choose(tensor) : recipe.base);
  }
  chosen.fall_backs = chooser.fall_backs();
  return chosen;
}

}  // namespace waag::convert
