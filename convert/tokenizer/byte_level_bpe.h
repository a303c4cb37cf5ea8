#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/json/fwd.hpp>

#include "convert/tokenizer/vocabulary.h"
#include "protocol/result.h"

namespace waag::convert {

struct ByteLevelBpe {
  Vocabulary vocabulary;            // without scores
  std::vector<std::string> merges;  // "left right", best first
};

/// The vocabulary and merges of a tokenizer.json whose model is byte-level BPE; token texts stay in
/// the byte alphabet. Ids without a token become "[PAD<id>]".
///
/// @param tokenizer_config  tokenizer_config.json, whose added and special tokens count too where
///                          tokenizer.json does not have them; nullptr if there is none
/// @param vocab_size        as many tokens come back; <= vocab_size_max
/// @return Errc::unprocessable if the model is another one, an id is out of range or taken, or a
/// merge names a token that is not in the vocabulary
/// Source: FORMATS 2.5; llama.cpp convert_hf_to_gguf.py get_vocab_base; huggingface/tokenizers
/// added_vocabulary.rs (the ids of tokens that only tokenizer_config.json names).
Result<ByteLevelBpe> read_byte_level_bpe(const boost::json::object& tokenizer,
                                         const boost::json::object* tokenizer_config,
                                         std::uint64_t vocab_size);

}  // namespace waag::convert
