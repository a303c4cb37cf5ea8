#include "convert/tokenizer/text/bpe_model.h"

#include <algorithm>

#include <boost/json/value.hpp>

#include "convert/tokenizer/json_parts.h"
#include "protocol/hub/json_reader.h"

namespace waag::convert {
namespace {

namespace json = boost::json;

Error malformed(const std::string& what) {
  return fail(Errc::unprocessable, "tokenizer.json: " + what);
}

std::uint64_t pair_of(std::uint32_t left, std::uint32_t right) {
  return static_cast<std::uint64_t>(left) << 32 | right;
}

/// `letter` follows `text` in one buffer.
std::string_view grown(std::string_view text, std::string_view letter) {
  return text.empty() ? letter : std::string_view(text.data(), text.size() + letter.size());
}

}  // namespace

Result<BpeModel> BpeModel::read(const json::object& model) {
  BpeModel made;
  WAAG_CHECK(made.read_vocabulary(model));
  if (const auto options = made.read_options(model); !options)
    return malformed(options.error().what);
  const auto* merges = hub::json_array(model, "merges");
  if (merges == nullptr) return malformed("there are no merges");
  for (const auto& merge : *merges) {
    const auto parts = merge_parts(merge);
    if (!parts) return malformed("a merge is malformed");
    WAAG_CHECK(made.add_merge(parts->left, parts->right));
  }
  return made;
}

Status BpeModel::read_vocabulary(const json::object& model) {
  const auto* vocab = object_at(model, "vocab");
  if (vocab == nullptr) return malformed("there is no vocab");
  ids_.reserve(vocab->size());
  for (const auto& [text, value] : *vocab) {
    const auto id = hub::json_uint(*vocab, text);
    if (!id || !*id || **id >= vocab_size_max)
      return malformed("the id of token \"" + std::string(text) + "\" is none");
    ids_.emplace(text, static_cast<std::uint32_t>(**id));
  }
  return ok();
}

Status BpeModel::read_options(const json::object& model) {
  WAAG_TRY(const auto type, hub::json_string(model, "type"));
  if (type && *type != "BPE")
    return fail(Errc::unprocessable, "the model " + *type + " is not known, but BPE");
  for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    WAAG_TRY(const auto text, hub::json_string(model, affix));
    if (text && !text->empty())
      return fail(Errc::unprocessable, "a " + std::string(affix) + " is not known");
  }
  const auto* dropout = model.if_contains("dropout");
  if (dropout != nullptr && dropout->is_number() && dropout->to_number<double>() != 0)
    return fail(Errc::unprocessable, "a model with dropout makes other tokens each time");
  WAAG_TRY(const auto fused, hub::json_bool(model, "fuse_unk"));
  is_unknown_fused_ = fused.value_or(false);
  WAAG_TRY(const auto ignores, hub::json_bool(model, "ignore_merges"));
  ignores_merges_ = ignores.value_or(false);
  WAAG_TRY(const auto fallback, hub::json_bool(model, "byte_fallback"));
  if (fallback.value_or(false)) find_byte_tokens();
  WAAG_TRY(const auto unknown, hub::json_string(model, "unk_token"));
  if (!unknown) return ok();
  const auto found = ids_.find(*unknown);
  if (found == ids_.end()) return fail(Errc::unprocessable, "the unk_token is no token");
  unknown_ = found->second;
  return ok();
}

void BpeModel::find_byte_tokens() {
  for (std::size_t byte = 0; byte < byte_tokens_.size(); ++byte) {
    const auto found = ids_.find(byte_token(static_cast<unsigned char>(byte)));
    if (found != ids_.end()) byte_tokens_[byte] = found->second;
  }
}

Result<BpeModel> BpeModel::of_whole_pieces(const ByteLevelBpe& bpe) {
  BpeModel made;
  made.ignores_merges_ = true;
  const auto& [tokens, types, scores] = bpe.vocabulary;
  for (std::size_t id = 0; id < tokens.size(); ++id)
    if (types[id] == TokenType::normal) made.ids_.emplace(tokens[id], id);
  for (const std::string_view merge : bpe.merges) {
    const auto gap = merge.find(' ');
    WAAG_CHECK(made.add_merge(std::string(merge.substr(0, gap)),
                              std::string(merge.substr(std::min(gap, merge.size() - 1) + 1))));
  }
  return made;
}

/// Of a merge that is there twice, the last rank counts.
Status BpeModel::add_merge(const std::string& left, const std::string& right) {
  const auto a = ids_.find(left), b = ids_.find(right), both = ids_.find(left + right);
  if (a == ids_.end() || b == ids_.end() || both == ids_.end())
    return malformed("merge \"" + left + " " + right + "\" is not of tokens");
  merges_[pair_of(a->second, b->second)] = {merge_count_++, both->second};
  return ok();
}

void BpeModel::append(std::string_view piece, std::vector<std::uint32_t>& tokens) const {
  if (ignores_merges_) {
    if (const auto whole = ids_.find(piece); whole != ids_.end()) {
      tokens.push_back(whole->second);
      return;
    }
  }
  std::vector<Symbol> symbols;
  symbols.reserve(piece.size());
  Unknown unknown;
  while (!piece.empty()) {
    const auto letter = piece.substr(0, letter_bytes(piece));
    piece.remove_prefix(letter.size());
    if (const auto known = ids_.find(letter); known != ids_.end()) {
      if (unknown.is_open) symbols.push_back({unknown.text, *unknown_});
      unknown = {};
      symbols.push_back({letter, known->second});
    } else {
      add_unknown(symbols, letter, unknown);
    }
  }
  if (unknown.is_open) symbols.push_back({unknown.text, *unknown_});
  merge_symbols(symbols, [&](const Symbol& left, const Symbol& right) -> std::optional<Merged> {
    const auto found = merges_.find(pair_of(left.id, right.id));
    return found == merges_.end() ? std::nullopt : std::optional(found->second);
  });
  for (const auto& symbol : symbols)
    if (!symbol.text.empty()) tokens.push_back(symbol.id);
}

/// Bytes if each has a token; an unknown token that is due comes behind them, as in the library.
void BpeModel::add_unknown(std::vector<Symbol>& symbols, std::string_view letter,
                           Unknown& unknown) const {
  const auto token_of = [&](char byte) { return byte_tokens_[static_cast<unsigned char>(byte)]; };
  if (std::all_of(letter.begin(), letter.end(), [&](char byte) { return token_of(byte); })) {
    for (std::size_t at = 0; at < letter.size(); ++at)
      symbols.push_back({letter.substr(at, 1), *token_of(letter[at])});
    return;
  }
  if (!unknown_) return;
  if (unknown.is_open && !is_unknown_fused_) {
    symbols.push_back({unknown.text, *unknown_});
    unknown = {};
  }
  unknown = {true, grown(unknown.text, letter)};
}

std::size_t letter_bytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0xC0) return 1;
  const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return std::min(size, text.size());
}

std::string byte_token(unsigned char byte) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  return {'<', '0', 'x', digits[byte >> 4], digits[byte & 15], '>'};
}

}  // namespace waag::convert
