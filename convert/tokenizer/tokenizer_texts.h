#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "protocol/result.h"

namespace waag::convert {

/// Of one tokenizer file. The largest published tokenizer.json has 33 MB; our own bound.
inline constexpr std::size_t tokenizer_bytes_max = 64 * 1024 * 1024;
/// Of one chat template (published ones stay below 100 kB), and how many are read.
inline constexpr std::size_t chat_template_bytes_max = 4 * 1024 * 1024;
inline constexpr std::size_t chat_templates_max = 64;

struct ChatTemplate {
  std::string name;
  std::string text;
};

/// The files of a tokenizer, unparsed; nullopt where there is none.
struct TokenizerTexts {
  std::optional<std::string> tokenizer_json;
  std::optional<std::string> sentencepiece_model;  // tokenizer.model, a protobuf
  std::optional<std::string> tekken_json;          // Mistral's; not read beside the two above
  std::optional<std::string> tokenizer_config;
  std::optional<std::string> added_tokens;  // added_tokens.json
  std::optional<std::string> chat_template_json;
  std::optional<std::string> chat_template_jinja;
  std::vector<ChatTemplate> additional_templates;  // additional_chat_templates/*.jinja, by name
};

/// @return Errc::unprocessable if a file is too large or a template is no UTF-8
Result<TokenizerTexts> read_tokenizer_texts(const std::filesystem::path& folder);

}  // namespace waag::convert
