#pragma once

#include <cstdint>
#include <vector>

#include <boost/json/fwd.hpp>

#include "convert/tokenizer/sentencepiece/sentencepiece_model.h"

namespace waag::convert {

/// Whether a tokenizer.json was made from a SentencePiece model: BPE that falls back to bytes.
bool is_of_sentencepiece(const boost::json::object& tokenizer);

/// The pieces of the SentencePiece model that such a tokenizer.json was made from, for repos that
/// left the model out. Its scores are not there, but the order of the merges is, and llama.cpp asks
/// for no more: each piece's score is one below that of the one before, as SentencePiece's own
/// trainer gives them. (llama.cpp's converter gives all of them one score, with which its tokenizer
/// merges from left to right.)
///
/// @param vocab_size  added tokens at ids from here on, which have no embedding, are left out
/// @return Errc::unprocessable if it is malformed, splits texts otherwise than llama.cpp's
/// tokenizer would (another normalizer; merges that are not all of the vocabulary's, in its order),
/// or an id is given twice Source: huggingface/transformers convert_slow_tokenizer.py,
/// generate_merges; llama.cpp gguf-py/gguf/vocab.py LlamaHfVocab.
Result<std::vector<SentencePiece>> read_merged_pieces(const boost::json::object& tokenizer,
                                                      std::uint64_t vocab_size);

}  // namespace waag::convert
