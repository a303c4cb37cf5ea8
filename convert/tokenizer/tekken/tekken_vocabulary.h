#pragma once

#include <cstdint>
#include <string>

#include <boost/json/fwd.hpp>

#include "convert/tokenizer/byte_level_bpe.h"
#include "convert/tokenizer/special_tokens.h"
#include "protocol/result.h"

namespace waag::convert {

/// Bytes of one token; the longest published has 78. Our own bound: a token is split in a time
/// that grows with the square of its length.
inline constexpr std::size_t tekken_token_bytes_max = 1024;

struct TekkenTokenizer {
  ByteLevelBpe bpe;
  SpecialTokens special;
  std::string pattern;  // that texts are split by
};

/// The tokenizer of a tekken.json: first the special tokens, then `vocab` by rank, as much of it as
/// `config.default_vocab_size` has room for, then "[PAD<id>]" up to vocab_size. Special tokens are
/// control tokens, whatever is_control says, as llama.cpp's converter has it; those without a name
/// are "<SPECIAL_<id>>". Where the file names none (tokenizers up to v7), they are the ones of that
/// time. BOS, EOS, unknown and padding are "<s>", "</s>", "<unk>", "<pad>"; a BOS is added.
///
/// @param tekken      tekken.json
/// @param vocab_size  as many tokens come back; <= vocab_size_max
/// @return Errc::unprocessable if the file is malformed, splits text otherwise than llama.cpp's
/// "tekken", has more tokens than vocab_size, two of one text, or none for some byte
/// Source: mistralai/mistral-common tokens/tokenizers/tekken.py; llama.cpp gguf-py/gguf/vocab.py,
/// MistralVocab, and conversion/base.py, _set_vocab_mistral.
Result<TekkenTokenizer> read_tekken(const boost::json::object& tekken, std::uint64_t vocab_size);

/// The same with as many tokens as it has.
Result<TekkenTokenizer> read_whole_tekken(const boost::json::object& tekken);

}  // namespace waag::convert
