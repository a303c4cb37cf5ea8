#pragma once

#include "convert/arch/architecture.h"
#include "convert/write/gguf_pairs.h"

namespace waag::convert {

/// The `{architecture}.*` pairs, with the names, types and presence that llama.cpp's own converter
/// gives them (FORMATS 2.3).
/// @return Errc::unprocessable if config.json lacks one, or asks for a rope scaling that cannot be
/// written
Result<GgufEntries> architecture_keys(const Architecture& architecture, const ModelConfig& config,
                                      const Dimensions& dimensions);

/// Where a model comes from, as its card says.
struct ModelIdentity {
  std::string name;          // "Qwen2.5-7B-Instruct"
  std::string organization;  // "Qwen"
  std::string repo_url;
  std::string commit;  // 40 hex, or empty
  std::string license;
  std::vector<std::string> base_models;  // that the card names, "Qwen/Qwen2.5-7B"
  std::vector<std::string> tags;
  std::vector<std::string> languages;
};

/// The `general.*` pairs but for file_type, and ours (`waag.*`). Empty ones are left out.
/// @param parameters  elements of all tensors
/// @param expert_parameters  those of one expert in every layer together; 0 of a dense model
GgufEntries general_keys(const Architecture& architecture, const ModelIdentity& identity,
                         const Dimensions& dimensions, std::uint64_t parameters,
                         std::uint64_t expert_parameters);

/// Such as "7.6B", "494M", "8x7.2B" (experts x what a token of one expert passes).
/// Source: llama.cpp, gguf-py/gguf/utility.py, size_label.
std::string size_label(std::uint64_t parameters, std::uint64_t expert_parameters,
                       std::uint64_t experts);

}  // namespace waag::convert
