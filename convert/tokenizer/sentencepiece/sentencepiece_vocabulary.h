#pragma once

#include <cstdint>
#include <vector>

#include <boost/json/fwd.hpp>

#include "convert/tokenizer/sentencepiece/sentencepiece_model.h"
#include "protocol/result.h"

namespace waag::convert {

/// The vocabulary of a SentencePiece model, with what the repo's other files add or replace: first
/// added_tokens.json ({text: id}), then `added_tokens_decoder` of tokenizer_config.json. Ids
/// without a token become "[PAD<id>]". Added tokens at ids >= vocab_size, which have no embedding
/// (the pad token of some Llama-2 repos), are left out, as by llama.cpp's converter.
///
/// @param added_tokens, tokenizer_config  nullptr if there is none
/// @param vocab_size  as many tokens come back; <= vocab_size_max
/// @return Errc::unprocessable if there are more pieces than vocab_size, or an added token is
/// malformed
/// Source: FORMATS 2.5; llama.cpp convert_hf_to_gguf.py _create_vocab_sentencepiece.
Result<Vocabulary> read_sentencepiece_vocabulary(std::vector<SentencePiece> pieces,
                                                 const boost::json::object* added_tokens,
                                                 const boost::json::object* tokenizer_config,
                                                 std::uint64_t vocab_size);

}  // namespace waag::convert
