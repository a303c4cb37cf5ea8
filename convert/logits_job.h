#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/result.h"

namespace waag::convert {

/// What `waag-convert --logits` and `--compare` are asked (docs/CONVERT.md).
struct LogitsSpec {
  std::filesystem::path model;
  std::filesystem::path gguf;    // whose weights are taken,
  std::filesystem::path folder;  // or of a safetensors model; both empty: the model's own
  std::vector<std::vector<std::uint32_t>> texts;
  bool is_of_all = false;  // logits behind every token, not only behind the last of each text
  unsigned threads = 0;    // 0: as many as there are cores
};

/// @return Errc::invalid_argument, naming the member, for anything missing, unknown or of a wrong
/// type
Result<LogitsSpec> parse_logits_spec(std::string_view text);

/// Runs the texts through the model and what was made of it, and says what that lost: an object a
/// line for each block, and one for all.
/// @return Errc::invalid_argument if the spec names nothing that was made of it; as
/// compare_models()
Status run_comparison(const LogitsSpec& spec, const std::function<void(std::string_view)>& sink);

/// Runs the texts through the model; a JSON object a line for each token whose logits are wanted.
/// @return as Forward and the weights say
Status run_logits(const LogitsSpec& spec, const std::function<void(std::string_view)>& sink);

}  // namespace waag::convert
