#include "convert/tokenizer/text/text_tokenizer.h"

#include <fstream>

#include <boost/json/object.hpp>

#include "convert/tokenizer/special_tokens.h"
#include "convert/tokenizer/tokenizer_texts.h"
#include "convert/tokenizer/vocabulary.h"
#include "protocol/hash.h"
#include "protocol/hub/json_reader.h"
#include "protocol/utf8.h"

namespace waag::convert {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

using Object = std::optional<json::object>;

Result<Object> parse(const std::optional<std::string>& text, const char* name) {
  if (!text) return Object{};
  auto parsed = hub::parse_json_object(*text, tokenizer_bytes_max);
  if (!parsed) return fail(Errc::unprocessable, std::string(name) + ": " + parsed.error().what);
  return Object(std::move(*parsed));
}

/// config.json, for the id of BOS; nullopt if there is none.
Result<Object> read_config(const fs::path& folder) {
  std::ifstream file(folder / "config.json", std::ios::binary);
  if (!file) return Object{};
  std::string text(hub::json_bytes_max, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return parse(text, "config.json");
}

Result<std::optional<std::uint32_t>> bos_of(const SpecialTokens& special) {
  if (!special.adds_bos()) return std::optional<std::uint32_t>{};
  for (const auto& [role, id] : special.ids)
    if (role == "bos") return std::optional(id);
  return fail(Errc::unprocessable, "the tokenizer puts a BOS in front, but no file has its id");
}

std::string hex_of(const std::string& file) {
  return waag::sha256(std::as_bytes(std::span(file))).hex();
}

}  // namespace

Result<TextTokenizer> TextTokenizer::open(const fs::path& folder) {
  TextTokenizer made;
  WAAG_TRY(const auto texts, read_tokenizer_texts(folder));
  WAAG_TRY(const auto tokenizer, parse(texts.tokenizer_json, "tokenizer.json"));
  WAAG_TRY(const auto settings, parse(texts.tokenizer_config, "tokenizer_config.json"));
  WAAG_TRY(const auto config, read_config(folder));
  const auto at = [](const Object& file) { return file ? &*file : nullptr; };
  if (tokenizer) {
    WAAG_TRY(made.tokenizer_, BpeTokenizer::read_tokenizer_json(*tokenizer));
    const TokenizerJsons jsons{&*tokenizer, at(settings), at(config)};
    WAAG_TRY(const auto special, read_special_tokens(jsons, vocab_size_max));
    WAAG_TRY(made.bos_, bos_of(special));
    made.sha256_ = hex_of(*texts.tokenizer_json);
    return made;
  }
  if (texts.sentencepiece_model) {
    WAAG_CHECK(made.open_sentencepiece(*texts.sentencepiece_model, at(settings)));
    made.sha256_ = hex_of(*texts.sentencepiece_model);
    return made;
  }
  WAAG_TRY(const auto tekken, parse(texts.tekken_json, "tekken.json"));
  if (!tekken) return fail(Errc::not_found, "there is no tokenizer");
  WAAG_TRY(const auto read, read_whole_tekken(*tekken));
  WAAG_TRY(made.tokenizer_, BpeTokenizer::of_tekken(read));
  WAAG_TRY(made.bos_, bos_of(read.special));
  made.sha256_ = hex_of(*texts.tekken_json);
  return made;
}

/// It puts a BOS in front unless the settings say that it does not, as transformers has it.
Status TextTokenizer::open_sentencepiece(std::string_view model, const json::object* settings) {
  WAAG_TRY(const auto parsed, parse_sentencepiece_model(model));
  WAAG_TRY(auto tokenizer, SentencePieceTokenizer::of(parsed));
  std::string name = "<s>";
  bool adds_bos = true;
  if (settings != nullptr) {
    name = token_text(*settings, "bos_token").value_or(name);
    const auto added = hub::json_bool(*settings, "add_bos_token");
    if (!added) return fail(Errc::unprocessable, "tokenizer_config.json: " + added.error().what);
    adds_bos = added->value_or(true);
  }
  if (adds_bos) bos_ = tokenizer.control(name);
  tokenizer_ = std::move(tokenizer);
  return ok();
}

Result<std::vector<std::uint32_t>> TextTokenizer::tokens(std::string_view text) const {
  if (text.size() > text_bytes_max) return fail(Errc::too_large, "the text is above 64 MiB");
  if (!is_utf8(text)) return fail(Errc::unprocessable, "the text is not UTF-8");
  return std::visit([&](const auto& tokenizer) { return tokenizer.tokens(text); }, tokenizer_);
}

}  // namespace waag::convert
