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

struct SentencePieceModel {
  std::vector<SentencePiece> pieces;  // in the order of their ids
  /// The pieces are what llama.cpp's converter writes too, but its tokenizer merges by score as for
  /// BPE: some texts get other ids than from sentencepiece.
  bool is_unigram = false;
};

/// Reads a tokenizer.model (protobuf message ModelProto).
///
/// @return Errc::unprocessable if the bytes are no such message, the model is neither BPE nor
/// unigram, there are no pieces, or more than vocab_size_max
/// Source: google/sentencepiece src/sentencepiece_model.proto; protobuf encoding.
Result<SentencePieceModel> parse_sentencepiece_model(std::string_view model);

}  // namespace waag::convert
