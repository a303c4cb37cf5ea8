#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "convert/quant/tensor_type.h"
#include "protocol/result.h"

// Which tensor gets which type: the mixes of llama-quantize (FORMATS 4), so that a file has the
// types, and with them the bytes, that it would have given.

namespace waag::convert {

/// A mix by the name that people know it by.
struct Recipe {
  std::string_view name;        // "Q4_K_M"
  std::uint32_t file_type = 0;  // general.file_type
  TensorType base{TensorType::f16};
  bool needs_importance = false;
};

/// By name, in any case. Errc::invalid_argument with all names if there is none.
Result<Recipe> find_recipe(std::string_view name);
/// All of them, for messages and tests.
std::span<const Recipe> recipes();

/// What of a model decides.
struct RecipeModel {
  std::string_view architecture;  // general.architecture
  std::uint64_t blocks = 0;
  std::uint64_t heads = 0;
  std::uint64_t key_heads = 0;
  std::uint64_t experts = 0;
  bool has_importance = false;
};

/// One tensor of the file, in canonical order.
struct RecipeTensor {
  std::string_view name;
  std::span<const std::uint64_t> shape;  // slowest dimension first
  bool is_f32 = false;                   // stays F32 whatever the mix
};

struct ChosenTypes {
  std::vector<TensorType> types;  // of each tensor
  std::size_t fall_backs = 0;     // tensors whose rows are no whole number of the mix's blocks
};

/// @param tensors  all of the file, in canonical order: some rules count
ChosenTypes choose_types(const Recipe& recipe, const RecipeModel& model,
                         std::span<const RecipeTensor> tensors);

}  // namespace waag::convert
