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
  bool is_user_defined = false;  // of type normal here
};

/// How texts are made pieces of. Defaults are the format's.
struct SentencePieceRules {
  bool has_character_map = false;  // a normalization such as nmt_nfkc, which is not read
  bool adds_space_in_front = true;
  bool removes_extra_spaces = true;
  bool escapes_spaces = true;  // as U+2581
  bool has_space_behind = false;
  bool falls_back_to_bytes = false;
};

struct SentencePieceModel {
  std::vector<SentencePiece> pieces;  // in the order of their ids
  /// The pieces are what llama.cpp's converter writes too, but its tokenizer merges by score as for
  /// BPE: some texts get other ids than from sentencepiece.
  bool is_unigram = false;
  SentencePieceRules rules;
};

/// Reads a tokenizer.model (protobuf message ModelProto).
///
/// @return Errc::unprocessable if the bytes are no such message, the model is neither BPE nor
/// unigram, there are no pieces, or more than vocab_size_max
/// Source: google/sentencepiece src/sentencepiece_model.proto; protobuf encoding.
Result<SentencePieceModel> parse_sentencepiece_model(std::string_view model);

}  // namespace waag::convert
