#pragma once

#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "protocol/base64.h"

namespace waag::convert::testing {

/// As published.
inline constexpr const char* tekken_pattern =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|)"
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}|)"
    R"( ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

inline boost::json::object tekken_token(std::uint64_t rank, std::string_view bytes) {
  return {{"rank", rank}, {"token_bytes", encode_base64(bytes)}, {"token_str", nullptr}};
}

inline boost::json::object tekken_special(std::uint64_t rank, std::string_view text) {
  return {{"rank", rank}, {"token_str", std::string(text)}, {"is_control", true}};
}

/// A tekken.json of 5 special tokens (the last without a name), the 256 bytes, " t", "he", " the",
/// and one token more than there is room for.
inline boost::json::object small_tekken() {
  boost::json::array vocab;
  for (int byte = 0; byte < 256; ++byte) {
    vocab.push_back(tekken_token(vocab.size(), std::string(1, static_cast<char>(byte))));
  }
  for (const char* text : {" t", "he", " the", "more"}) {
    vocab.push_back(tekken_token(vocab.size(), text));
  }
  return {{"config",
           {{"pattern", tekken_pattern},
            {"num_vocab_tokens", vocab.size()},
            {"default_vocab_size", 264},
            {"default_num_special_tokens", 5},
            {"version", "v11"}}},
          {"vocab", vocab},
          {"special_tokens",
           boost::json::array{tekken_special(0, "<unk>"), tekken_special(1, "<s>"),
                              tekken_special(2, "</s>"), tekken_special(3, "<pad>")}}};
}

}  // namespace waag::convert::testing
