#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "convert/tokenizer/sentencepiece/sentencepiece_model.h"
#include "convert/tokenizer/text/bpe_model.h"
#include "protocol/result.h"

namespace waag::convert {

/// Makes tokens of a text as SentencePiece does with a BPE model: neighbours become one by the
/// score of the piece that they are together.
/// Source: google/sentencepiece src/normalizer.cc, src/bpe_model.cc,
/// src/sentencepiece_processor.cc.
class SentencePieceTokenizer {
 public:
  /// @return Errc::unprocessable, naming it, for what is not known: a unigram model, a character
  /// map, spaces that are not escaped or come behind, unused pieces, bytes without a fallback to
  /// them
  static Result<SentencePieceTokenizer> of(const SentencePieceModel& model);

  /// @param text  UTF-8
  [[nodiscard]] Result<std::vector<std::uint32_t>> tokens(std::string_view text) const;

  /// Of a piece that stands for no text, such as "<s>".
  [[nodiscard]] std::optional<std::uint32_t> control(std::string_view piece) const;

 private:
  Status add_pieces(const std::vector<SentencePiece>& pieces);
  Status add_piece(const SentencePiece& piece, std::uint32_t id);
  [[nodiscard]] std::string normalized(std::string_view text) const;
  [[nodiscard]] std::vector<Symbol> symbols_of(std::string_view text) const;
  [[nodiscard]] std::size_t user_defined_bytes(std::string_view text) const;

  SentencePieceRules rules_;
  std::unordered_map<std::string, Merged, TextHash, std::equal_to<>> pieces_;  // ranked by score
  TextIds controls_;
  std::array<std::optional<std::uint32_t>, 256> bytes_{};
  std::vector<std::string> user_defined_;  // sorted
  std::optional<std::uint32_t> unknown_;
};

}  // namespace waag::convert
