#pragma once

#include <optional>
#include <set>

#include "protocol/result.h"

namespace waag::convert {

/// How a model's weights are quantized, as its config.json says.
struct Quantization {
  enum class Method : std::uint8_t {
    none,
    fp8,                 // quant_method "fp8": DeepSeek's blocks, or scales of tensors and rows
    compressed_tensors,  // by llm-compressor
    gptq,
    awq,
    modelopt,  // NVIDIA's
    mxfp4,     // gpt-oss
  };
  Method method = Method::none;

  /// fp8: rows and columns of a block that shares a scale; none if scales are of rows or tensors.
  /// compressed-tensors: block_structure.
  std::optional<std::pair<std::uint64_t, std::uint64_t>> block;
  /// gptq, awq: of the one kind of weight; compressed-tensors: those of all groups.
  std::set<std::uint64_t> bits;
  /// gptq, awq: columns (of out x in) that share a scale; 0: all of a row.
  std::uint64_t group_size = 0;
  /// gptq: whether zeros are stored less one ("gptq"), not as they are ("gptq_v2").
  bool zeros_less_one = false;
};

/// @param config_text  of config.json
/// @param side_text  of ModelOpt's hf_quant_config.json, which older exports have instead of
/// quantization_config; empty: there is none
/// @return Errc::unprocessable if the text is not JSON or names a method that cannot be read
Result<Quantization> parse_quantization(std::string_view config_text, std::string_view side_text);

}  // namespace waag::convert
