#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "convert/source/made_model.h"
#include "convert/validate/gates/limits.h"
#include "protocol/result.h"

namespace waag::convert {

/// What was made of a model, and as what.
struct ResultSpec {
  std::string target;  // as it was asked for
  const TargetLimits* limits = nullptr;
  MadeModel made;
};

/// What `waag-convert --validate` is asked (docs/CONVERT.md).
struct ValidationSpec {
  std::filesystem::path model;
  /// Either a file with a text, or chunks of tokens as they are; neither: the bundled text.
  std::filesystem::path text;
  std::vector<std::vector<std::uint32_t>> tokens;
  std::uint64_t chunks = 16;
  std::uint64_t context = 512;  // tokens of a chunk, if the model takes as many
  unsigned threads = 0;         // 0: as many as there are cores
  double limits_factor = 1;     // the operator's
  std::vector<ResultSpec> results;
};

inline constexpr std::size_t validation_spec_bytes_max = 64 << 20;
/// Of all chunks together: each has a row of hidden values for each model.
inline constexpr std::uint64_t validation_tokens_max = 1 << 20;
inline constexpr std::uint64_t validation_context_min = 4;  // one place that is scored

/// @return Errc::invalid_argument, naming the member, for anything missing, unknown or of a wrong
/// type
Result<ValidationSpec> parse_validation_spec(std::string_view text);

}  // namespace waag::convert
