#include "convert/tokenizer/text/sentencepiece_tokenizer.h"

#include <algorithm>
#include <numeric>

#include "convert/tokenizer/text/merging.h"

namespace waag::convert {
namespace {

constexpr std::string_view space = "\u2581";
constexpr std::size_t user_defined_bytes_max = 1024;  // our own bound, as for added tokens

Error unknown_part(const std::string& what) {
  return fail(Errc::unprocessable, "tokenizer.model: " + what + " is not known");
}

/// By id: the higher the score, the lower the rank; pieces of one score have one rank.
std::vector<std::uint32_t> ranks_of(const std::vector<SentencePiece>& pieces) {
  std::vector<std::uint32_t> order(pieces.size()), ranks(pieces.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](auto a, auto b) { return pieces[a].score > pieces[b].score; });
  for (std::size_t at = 1; at < order.size(); ++at) {
    const bool is_lower = pieces[order[at]].score < pieces[order[at - 1]].score;
    ranks[order[at]] = ranks[order[at - 1]] + (is_lower ? 1 : 0);
  }
  return ranks;
}

}  // namespace

Result<SentencePieceTokenizer> SentencePieceTokenizer::of(const SentencePieceModel& model) {
  SentencePieceTokenizer made;
  made.rules_ = model.rules;
  if (model.is_unigram) return unknown_part("a unigram model");
  if (model.rules.has_character_map) return unknown_part("a normalization by a character map");
  if (!model.rules.escapes_spaces) return unknown_part("a model with plain spaces");
  if (model.rules.has_space_behind) return unknown_part("white space as a suffix");
  WAAG_CHECK(made.add_pieces(model.pieces));
  return made;
}

Status SentencePieceTokenizer::add_pieces(const std::vector<SentencePiece>& pieces) {
  const auto ranks = ranks_of(pieces);
  for (std::size_t at = 0; at < pieces.size(); ++at) {
    const auto& piece = pieces[at];
    const auto id = static_cast<std::uint32_t>(at);
    if (piece.type != TokenType::normal) {
      WAAG_CHECK(add_piece(piece, id));
    } else if (!pieces_.emplace(piece.text, Merged{ranks[at], id}).second) {
      return fail(Errc::unprocessable, "tokenizer.model: a piece is there twice");
    }
    if (!piece.is_user_defined || piece.text.empty()) continue;
    if (piece.text.size() > user_defined_bytes_max) return unknown_part("so long a piece");
    user_defined_.push_back(piece.text);
  }
  std::sort(user_defined_.begin(), user_defined_.end());
  return ok();
}

/// One that merges do not make.
Status SentencePieceTokenizer::add_piece(const SentencePiece& piece, std::uint32_t id) {
  if (piece.type == TokenType::unused) return unknown_part("an unused piece");
  if (piece.type == TokenType::unknown) unknown_ = id;
  if (piece.type == TokenType::control) controls_.emplace(piece.text, id);
  if (piece.type != TokenType::byte) return ok();
  if (!rules_.falls_back_to_bytes) return unknown_part("a piece for a byte without byte_fallback");
  for (std::size_t byte = 0; byte < bytes_.size(); ++byte)
    if (piece.text == byte_token(static_cast<unsigned char>(byte))) bytes_[byte] = id;
  return ok();
}

std::optional<std::uint32_t> SentencePieceTokenizer::control(std::string_view piece) const {
  const auto found = controls_.find(piece);
  return found == controls_.end() ? std::nullopt : std::optional(found->second);
}

std::string SentencePieceTokenizer::normalized(std::string_view text) const {
  std::string made;
  const bool removes = rules_.removes_extra_spaces;
  if (removes) text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  if (text.empty()) return made;
  if (rules_.adds_space_in_front) made += space;
  bool is_behind_space = removes;
  for (const char c : text) {
    if (c != ' ') {
      made += c;
    } else if (!is_behind_space) {
      made += space;
    }
    is_behind_space = removes && c == ' ';
  }
  while (removes && made.ends_with(space)) made.resize(made.size() - space.size());
  return made;
}

/// The longest of these pieces that stands at the front; 0 if there is none.
std::size_t SentencePieceTokenizer::user_defined_bytes(std::string_view text) const {
  std::size_t longest = 0;
  auto first = user_defined_.begin(), last = user_defined_.end();
  for (std::size_t at = 0; first != last; ++at) {
    if (first->size() == at) {
      longest = at;
      ++first;
    }
    if (at == text.size()) break;
    const auto byte = static_cast<unsigned char>(text[at]);
    const auto at_byte = [at](const std::string& piece) {
      return static_cast<unsigned char>(piece[at]);
    };
    first = std::partition_point(first, last, [&](const auto& p) { return at_byte(p) < byte; });
    last = std::partition_point(first, last, [&](const auto& p) { return at_byte(p) == byte; });
  }
  return longest;
}

std::vector<Symbol> SentencePieceTokenizer::symbols_of(std::string_view text) const {
  std::vector<Symbol> symbols;
  while (!text.empty()) {
    Symbol symbol;
    const auto whole = user_defined_bytes(text);
    symbol.is_closed = whole > 0;
    symbol.text = text.substr(0, whole > 0 ? whole : letter_bytes(text));
    text.remove_prefix(symbol.text.size());
    symbols.push_back(symbol);
  }
  merge_symbols(symbols, [&](const Symbol& left, const Symbol& right) -> std::optional<Merged> {
    const std::string_view both(left.text.data(), left.text.size() + right.text.size());
    const auto found = pieces_.find(both);
    return found == pieces_.end() ? std::nullopt : std::optional(found->second);
  });
  return symbols;
}

Result<std::vector<std::uint32_t>> SentencePieceTokenizer::tokens(std::string_view text) const {
  const auto made = normalized(text);
  std::vector<std::uint32_t> tokens;
  bool is_behind_unknown = false;
  for (const auto& symbol : symbols_of(made)) {
    if (symbol.text.empty()) continue;
    const auto found = pieces_.find(symbol.text);
    const bool is_unknown = found == pieces_.end();
    if (!is_unknown) {
      tokens.push_back(found->second.id);
    } else if (rules_.falls_back_to_bytes) {
      for (const char byte : symbol.text) {
        const auto id = bytes_[static_cast<unsigned char>(byte)];
        if (!id) return unknown_part("a byte without a piece");
        tokens.push_back(*id);
      }
    } else if (!is_behind_unknown) {  // unknown letters in a row are one
      if (!unknown_) return unknown_part("a letter without a piece");
      tokens.push_back(*unknown_);
    }
    is_behind_unknown = is_unknown;
  }
  return tokens;
}

}  // namespace waag::convert
