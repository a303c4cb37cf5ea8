#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/fwd.hpp>

#include "protocol/result.h"

namespace waag::convert {

/// Parsed; nullptr where the repo has no such file.
struct TokenizerJsons {
  const boost::json::object* tokenizer = nullptr;         // tokenizer.json
  const boost::json::object* tokenizer_config = nullptr;  // tokenizer_config.json
  const boost::json::object* config = nullptr;            // config.json
};

/// What llama.cpp's converter writes of special tokens, each list in its order. Roles are "bos",
/// "eos", "unk", "sep", "pad", "mask", "eot", "eom".
struct SpecialTokens {
  std::vector<std::pair<std::string, std::uint32_t>> ids;
  std::vector<std::pair<std::string, bool>> added;  // whether bos, eos, sep are put around a text

  [[nodiscard]] bool adds_bos() const;
};

/// The ids come from the tokens that tokenizer_config.json names, looked up among the added tokens
/// of tokenizer.json, then from config.json; the first found counts, ids >= vocab_size are left
/// out. What is added comes from tokenizer_config.json, else from the template post-processor.
/// Where that ends with another token than tokenizer_config's EOS, it is the EOS, and the other the
/// EOT.
/// @return Errc::unprocessable if an id is negative
/// Source: llama.cpp gguf-py/gguf/vocab.py, SpecialVocab.
Result<SpecialTokens> read_special_tokens(const TokenizerJsons& jsons, std::uint64_t vocab_size);

/// The text of a token in tokenizer_config.json: a string, or an object with `content`.
std::optional<std::string> token_text(const boost::json::object& from, std::string_view key);

}  // namespace waag::convert
