#include "convert/tokenizer/sentencepiece/merged_pieces.h"

#include <array>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include <boost/json/value.hpp>

#include "convert/tokenizer/json_parts.h"
#include "protocol/hub/json_reader.h"

namespace waag::convert {
namespace {

namespace json = boost::json;

constexpr std::string_view space = "\u2581";
constexpr float unused_score = -10000, added_score = -1000;  // as llama.cpp's converter has them

Error malformed(const std::string& what) {
  return fail(Errc::unprocessable, "tokenizer.json: " + what);
}

/// One space before the text, and each space a U+2581: by the normalizer, as of old, or by the
/// pre-tokenizer.
bool spaces_as_llama_cpp(const json::object& tokenizer) {
  if (const auto* metaspace = object_at(tokenizer, "pre_tokenizer")) {
    const auto* split = metaspace->if_contains("split");
    return object_at(tokenizer, "normalizer") == nullptr &&
           has_text(*metaspace, "type", "Metaspace") &&
           has_text(*metaspace, "replacement", space) &&
           !has_text(*metaspace, "prepend_scheme", "never") && split != nullptr &&
           split->is_bool() && !split->get_bool();
  }
  const auto* normalizer = object_at(tokenizer, "normalizer");
  const auto* steps = normalizer == nullptr ? nullptr : hub::json_array(*normalizer, "normalizers");
  if (steps == nullptr || steps->size() != 2) return false;
  if (!steps->front().is_object() || !steps->back().is_object()) return false;
  const auto& prepend = steps->front().get_object();
  const auto& replace = steps->back().get_object();
  const auto* pattern = object_at(replace, "pattern");
  return has_text(prepend, "type", "Prepend") && has_text(prepend, "prepend", space) &&
         has_text(replace, "type", "Replace") && has_text(replace, "content", space) &&
         pattern != nullptr && has_text(*pattern, "String", " ");
}

bool is_byte(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEFabcdef";
  return text.size() == 6 && text.starts_with("<0x") && text.ends_with('>') &&
         digits.find(text[3]) != digits.npos && digits.find(text[4]) != digits.npos;
}

Result<std::uint64_t> id_of(const json::value& value, std::string_view token) {
  const auto wrong = malformed("the id of token \"" + std::string(token) + "\" is none");
  if (!value.is_int64() && !value.is_uint64()) return wrong;
  if (value.is_int64() && value.get_int64() < 0) return wrong;
  return value.to_number<std::uint64_t>();
}

class Reader {
 public:
  Reader(const json::object& tokenizer, std::uint64_t vocab_size)
      : tokenizer_(tokenizer), vocab_size_(vocab_size) {}

  Result<std::vector<SentencePiece>> read() {
    if (!spaces_as_llama_cpp(tokenizer_))
      return malformed("without its tokenizer.model, spaces must be treated as Llama 2 does");
    const auto* model = object_at(tokenizer_, "model");
    if (model == nullptr) return malformed("there is no model");
    WAAG_CHECK(read_vocab(*model));
    give_scores();
    WAAG_CHECK(check_merges(*model));
    WAAG_CHECK(read_added());
    return std::move(pieces_);
  }

 private:
  void put(std::uint64_t id, SentencePiece piece) {
    for (auto gap = pieces_.size(); gap <= id; ++gap)
      pieces_.push_back({"[PAD" + std::to_string(gap) + "]", unused_score, TokenType::unused});
    pieces_[id] = std::move(piece);
  }

  Status read_vocab(const json::object& model) {
    const auto* vocab = object_at(model, "vocab");
    if (vocab == nullptr) return malformed("there is no vocab");
    std::set<std::uint64_t> taken;
    for (const auto& [text, value] : *vocab) {
      WAAG_TRY(const auto id, id_of(value, text));
      if (id >= vocab_size_)
        return malformed("token \"" + std::string(text) +
                         "\" is beyond the model's vocabulary of " + std::to_string(vocab_size_));
      if (!taken.insert(id).second)
        return malformed("id " + std::to_string(id) + " is given to two tokens");
      SentencePiece piece{std::string(text), 0, TokenType::normal};
      if (is_byte(text)) piece.type = TokenType::byte;
      if (has_text(model, "unk_token", text)) piece.type = TokenType::unknown;
      put(id, std::move(piece));
      ids_.emplace(text, id);
    }
    return ok();
  }

  /// Tokens that only look like pieces, as <s>, are told by `added_tokens`.
  void give_scores() {
    std::set<std::string_view> added;
    if (const auto* list = hub::json_array(tokenizer_, "added_tokens"))
      for (const auto& token : *list)
        if (token.is_object())
          if (const auto* text = token.get_object().if_contains("content"))
            if (text->is_string()) added.insert(text->get_string());
    has_score_.assign(pieces_.size(), false);
    std::uint64_t before = 0;
    for (std::size_t id = 0; id < pieces_.size(); ++id) {
      has_score_[id] = pieces_[id].type == TokenType::normal && !added.contains(pieces_[id].text);
      if (has_score_[id]) pieces_[id].score = -static_cast<float>(before++);
    }
  }

  /// All ways to make a piece of two others must be there, one after the other, and in the order of
  /// scores: then merging by score is merging by rank. Pieces that were added to the model have low
  /// ids and merges at the end, as runs of spaces in Llama 2: their scores follow their merges.
  Status check_merges(const json::object& model) {
    const auto* merges = hub::json_array(model, "merges");
    if (merges == nullptr) return malformed("there are no merges");
    std::set<std::string, std::less<>> there;
    float last = std::numeric_limits<float>::infinity();
    std::set<std::uint64_t> seen;
    std::optional<std::uint64_t> current;
    for (const auto& merge : *merges) {
      const auto parts = merge_parts(merge);
      if (!parts) return malformed("a merge is malformed");
      const auto& [left, right] = *parts;
      const auto made = ids_.find(left + right);
      if (made == ids_.end() || !ids_.contains(left) || !ids_.contains(right))
        return malformed("merge \"" + left + " " + right + "\" is not of tokens");
      if (made->second != current) {
        current = made->second;
        if (!has_score_[*current] || !seen.insert(*current).second)
          return out_of_order(left + right);
        auto& score = pieces_[*current].score;
        if (score >= last) score = last - 1;
        last = score;
      }
      there.insert(left + '\n' + right);
    }
    for (std::size_t id = 0; id < pieces_.size(); ++id) {
      const auto& text = pieces_[id].text;
      for (std::size_t cut = 1; has_score_[id] && cut < text.size(); ++cut) {
        const auto left = text.substr(0, cut), right = text.substr(cut);
        if (ids_.contains(left) && ids_.contains(right) && !there.contains(left + '\n' + right))
          return out_of_order(text);
      }
    }
    return ok();
  }

  static Error out_of_order(const std::string& piece) {
    return malformed(
        "without its tokenizer.model, the merges of a piece must be one after the other and all "
        "there: those of " +
        piece + " are not");
  }

  Status read_added() {
    const auto* added = hub::json_array(tokenizer_, "added_tokens");
    if (added == nullptr) return ok();
    for (const auto& token : *added) {
      if (!token.is_object()) return malformed("an added token is no object");
      const auto& object = token.get_object();
      const auto text = hub::json_required_string(object, "content");
      const auto special = hub::json_bool(object, "special");
      const auto* value = object.if_contains("id");
      if (!text || !special || value == nullptr) return malformed("an added token is malformed");
      WAAG_TRY(const auto id, id_of(*value, *text));
      if (id >= vocab_size_) continue;
      SentencePiece piece{*text, added_score, TokenType::control};
      if (!special->value_or(false) && !looks_special(*text))
        piece = {with_plain_spaces(*text), added_score, TokenType::user_defined};
      put(id, std::move(piece));
    }
    return ok();
  }

  const json::object& tokenizer_;
  const std::uint64_t vocab_size_;
  std::vector<SentencePiece> pieces_;
  std::vector<bool> has_score_;                         // by id: a piece of text, which merges make
  std::unordered_map<std::string, std::uint64_t> ids_;  // by text
};

}  // namespace

bool is_of_sentencepiece(const json::object& tokenizer) {
  const auto* model = object_at(tokenizer, "model");
  if (model == nullptr) return false;
  const auto fallback = hub::json_bool(*model, "byte_fallback");
  return has_text(*model, "type", "BPE") && fallback && fallback->value_or(false);
}

Result<std::vector<SentencePiece>> read_merged_pieces(const json::object& tokenizer,
                                                      std::uint64_t vocab_size) {
  if (vocab_size > vocab_size_max) return fail(Errc::unprocessable, "the vocabulary is too large");
  return Reader(tokenizer, vocab_size).read();
}

}  // namespace waag::convert
