#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "convert/source/made_model.h"
#include "protocol/result.h"

namespace waag::convert {

/// The largest spec of texts that is read: tokens are written as numbers.
inline constexpr std::size_t texts_spec_bytes_max = 64 << 20;

/// Texts, as tokens, to be run through a model: what `waag-convert --logits` and `--compare` are
/// asked (docs/CONVERT.md).
struct TextsSpec {
  std::filesystem::path model;
  MadeModel made;  // whose weights are taken, or compared
  std::vector<std::vector<std::uint32_t>> texts;
  unsigned threads = 0;    // 0: as many as there are cores
  bool is_of_all = false;  // logits behind every token, not only behind the last of each text
};

/// Of `--logits`. @return Errc::invalid_argument, naming the member, for anything missing, unknown
/// or of a wrong type
Result<TextsSpec> parse_logits_spec(std::string_view text);

/// Of `--compare`: what was made of the model must be there, and there is no "of". @return likewise
Result<TextsSpec> parse_comparison_spec(std::string_view text);

}  // namespace waag::convert
