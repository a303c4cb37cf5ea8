#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/result.h"

namespace waag::convert {

/// Our own bound on the rows of an embedding; the largest published vocabularies have 262,144.
inline constexpr std::uint64_t vocab_size_max = 1 << 22;

/// As stored in tokenizer.ggml.token_type. Source: FORMATS 2.5.
enum class TokenType : std::int32_t {
  normal = 1,
  unknown = 2,
  control = 3,
  user_defined = 4,
  unused = 5,
  byte = 6,
};

/// The tokens by id. `scores` is empty for byte-level BPE.
struct Vocabulary {
  std::vector<std::string> tokens;
  std::vector<TokenType> types;
  std::vector<float> scores;
};

/// True for an added token that ought to be control although its repo does not mark it as special:
/// "<|...|>", its full-width form of DeepSeek's, and a few by name.
/// Source: llama.cpp convert_hf_to_gguf.py, does_token_look_special.
bool looks_special(std::string_view token);

/// The text of a user-defined token: U+2581 stands for a space.
std::string with_plain_spaces(std::string_view token);

/// @return Errc::unprocessable if a token's text is there twice, which llama.cpp aborts on, or is
/// no UTF-8; the message gives both ids
Status check_vocabulary(const Vocabulary& vocabulary);

}  // namespace waag::convert
