#pragma once

#include <map>
#include <set>

#include "convert/source/layout/quantization.h"
#include "convert/source/layout/row_reader.h"

// From what is stored to the weights an architecture names (FORMATS 5.2).

namespace waag::convert {

using Weights = std::map<std::string, Weight, std::less<>>;

/// Every weight of a model by its plain name. A tensor that no quantized weight is made of is a
/// weight of its own.
/// @return Errc::unprocessable, naming the tensor, if a quantized weight lacks a part or their
/// shapes do not fit each other
Result<Weights> assemble_weights(const StoredTensors& stored, const Quantization& how);

/// What the layouts fill: see assemble_weights.
class Assembly {
 public:
  Assembly(const StoredTensors& stored, const Quantization& how) : stored_(stored), how_(how) {}

  [[nodiscard]] const StoredTensors& stored() const { return stored_; }
  [[nodiscard]] const Quantization& how() const { return how_; }
  /// nullptr if there is none.
  [[nodiscard]] const StoredTensor* find(const std::string& name) const;
  /// The part `suffix` of a module; it has no gaps.
  /// @return Errc::unprocessable if there is none
  [[nodiscard]] Result<const StoredTensor*> part(const std::string& module,
                                                 std::string_view suffix) const;
  /// Not to become a weight of its own.
  void use(const std::string& name) { used_.insert(name); }
  [[nodiscard]] bool is_used(const std::string& name) const { return used_.contains(name); }
  Status add(Weight weight);
  [[nodiscard]] Weights take() { return std::move(weights_); }

 private:
  const StoredTensors& stored_;
  const Quantization& how_;
  std::set<std::string> used_;
  Weights weights_;
};

/// "a.b.weight" without its ".weight"; nullopt if it does not end so.
std::optional<std::string> module_of(std::string_view name, std::string_view suffix);

/// Which group of scales each column belongs to.
/// @param g_idx  of `columns` entries; nullptr: groups of equal size follow each other, and divide
/// the columns
/// @return Errc::unprocessable if an entry is no group
Result<std::vector<std::uint32_t>> read_groups(const StoredTensor* g_idx, std::uint64_t columns,
                                               std::uint64_t groups);

/// GPTQ's qweight, qzeros, scales and g_idx.
Status assemble_gptq(Assembly& assembly);
/// AWQ's qweight, qzeros and scales.
Status assemble_awq(Assembly& assembly);
/// compressed-tensors' integers: I8 as they are, or packed into words.
Status assemble_integers(Assembly& assembly);
/// FP4: NVFP4 and MXFP4 of compressed-tensors, ModelOpt's NVFP4, gpt-oss' blocks.
Status assemble_fp4(Assembly& assembly);
/// F8 weights with scales beside them, of any method; `from` is their requantized_from.
Status assemble_fp8(Assembly& assembly, const std::string& from);

}  // namespace waag::convert
