#include "convert/tokenizer/sentencepiece/sentencepiece_vocabulary.h"

#include <charconv>
#include <optional>

#include <boost/json/value.hpp>

#include "protocol/hub/json_reader.h"

namespace waag::convert {
namespace {

namespace json = boost::json;

constexpr float unused_score = -10000, added_score = -1000;  // as llama.cpp's converter has them

Result<Vocabulary> from_pieces(std::vector<SentencePiece> pieces, std::uint64_t vocab_size) {
  if (pieces.size() > vocab_size) {
    return fail(Errc::unprocessable, "the tokenizer has " + std::to_string(pieces.size()) +
                                         " pieces, the model a vocabulary of " +
                                         std::to_string(vocab_size));
  }
  Vocabulary vocabulary;
  for (auto& piece : pieces) {
    vocabulary.tokens.push_back(std::move(piece.text));
    vocabulary.types.push_back(piece.type);
    vocabulary.scores.push_back(piece.score);
  }
  for (auto id = vocabulary.tokens.size(); id < vocab_size; ++id) {
    vocabulary.tokens.push_back("[PAD" + std::to_string(id) + "]");
    vocabulary.types.push_back(TokenType::unused);
    vocabulary.scores.push_back(unused_score);
  }
  return vocabulary;
}

void replace(Vocabulary& vocabulary, std::uint64_t id, std::string text, TokenType type) {
  if (id >= vocabulary.tokens.size()) return;
  vocabulary.tokens[id] = std::move(text);
  vocabulary.types[id] = type;
  vocabulary.scores[id] = added_score;
}

Status add_tokens(Vocabulary& vocabulary, const json::object& added_tokens) {
  for (const auto& [text, value] : added_tokens) {
    const auto id = hub::json_uint(added_tokens, text);
    if (!id || !*id) {
      return fail(Errc::unprocessable,
                  "added_tokens.json: the id of token \"" + std::string(text) + "\" is none");
    }
    replace(vocabulary, **id, text, TokenType::user_defined);
  }
  return ok();
}

std::optional<std::uint64_t> parse_id(std::string_view text) {
  std::uint64_t id = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, ec] = std::from_chars(text.data(), end, id);
  return ec == std::errc() && stop == end ? std::optional(id) : std::nullopt;
}

Status add_decoder(Vocabulary& vocabulary, const json::object& decoder) {
  for (const auto& [key, value] : decoder) {
    const auto wrong =
        "tokenizer_config.json: added token \"" + std::string(key) + "\" is malformed";
    const auto id = parse_id(key);
    if (!id || !value.is_object()) return fail(Errc::unprocessable, wrong);
    const auto text = hub::json_required_string(value.get_object(), "content");
    const auto special = hub::json_bool(value.get_object(), "special");
    if (!text || !special) return fail(Errc::unprocessable, wrong);
    if (special->value_or(false) || looks_special(*text)) {
      replace(vocabulary, *id, *text, TokenType::control);
    } else {
      replace(vocabulary, *id, with_plain_spaces(*text), TokenType::user_defined);
    }
  }
  return ok();
}

}  // namespace

Result<Vocabulary> read_sentencepiece_vocabulary(std::vector<SentencePiece> pieces,
                                                 const json::object* added_tokens,
                                                 const json::object* tokenizer_config,
                                                 std::uint64_t vocab_size) {
  if (vocab_size > vocab_size_max) return fail(Errc::unprocessable, "the vocabulary is too large");
  WAAG_TRY(auto vocabulary, from_pieces(std::move(pieces), vocab_size));
  if (added_tokens != nullptr) WAAG_CHECK(add_tokens(vocabulary, *added_tokens));
  const auto* decoder =
      tokenizer_config == nullptr ? nullptr : tokenizer_config->if_contains("added_tokens_decoder");
  if (decoder != nullptr && decoder->is_object()) {
    WAAG_CHECK(add_decoder(vocabulary, decoder->get_object()));
  }
  WAAG_CHECK(check_vocabulary(vocabulary));
  return vocabulary;
}

}  // namespace waag::convert
