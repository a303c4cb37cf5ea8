#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "convert/tokenizer/vocabulary.h"
#include "protocol/result.h"

namespace waag::convert {

struct SentencePiece {
  std::string text;
  float score = 0;
  TokenType type = TokenType::normal;
};

/// The pieces of a tokenizer.model (protobuf message ModelProto) in the order of their ids. Of a
/// unigram model they are what llama.cpp's converter writes too, but its tokenizer merges by score
/// as for BPE: some texts get other ids than from sentencepiece.
///
/// @return Errc::unprocessable if the bytes are no such message, the model is neither BPE nor
/// unigram, there are no pieces, or more than vocab_size_max
/// Source: google/sentencepiece src/sentencepiece_model.proto; protobuf encoding.
Result<std::vector<SentencePiece>> parse_sentencepiece_model(std::string_view model);

}  // namespace waag::convert
