#include "convert/tokenizer/text/bpe_tokenizer.h"

#include <boost/json/value.hpp>

#include "convert/tokenizer/json_parts.h"

namespace waag::convert {

namespace json = boost::json;

Result<BpeTokenizer> BpeTokenizer::read_tokenizer_json(const json::object& tokenizer) {
  BpeTokenizer made;
  const auto* model = object_at(tokenizer, "model");
  if (model == nullptr) return fail(Errc::unprocessable, "tokenizer.json: there is no model");
  WAAG_TRY(made.normalizer_, Normalizer::read(tokenizer.if_contains("normalizer")));
  WAAG_TRY(made.added_, AddedTokens::read(tokenizer, made.normalizer_));
  WAAG_TRY(made.steps_, SplitSteps::read(tokenizer.if_contains("pre_tokenizer")));
  WAAG_TRY(made.model_, BpeModel::read(*model));
  return made;
}

Result<BpeTokenizer> BpeTokenizer::of_tekken(const TekkenTokenizer& tekken) {
  BpeTokenizer made;
  WAAG_TRY(made.steps_, SplitSteps::of_bytes(tekken.pattern));
  WAAG_TRY(made.model_, BpeModel::of_whole_pieces(tekken.bpe));
  return made;
}

Result<std::vector<std::uint32_t>> BpeTokenizer::tokens(std::string_view text) const {
  std::vector<std::uint32_t> tokens;
  SplitSteps::Splitter splitter(steps_);
  WAAG_CHECK(added_.each(text, normalizer_, [&](const AddedTokens::Part& part) -> Status {
    if (!part.id)
      return splitter.each(part.text, part.begins, [&](std::string_view piece) -> Status {
        model_.append(piece, tokens);
        if (tokens.size() <= 4 * text_bytes_max) return ok();
        return fail(Errc::too_large, "the text becomes too many tokens");
      });
    tokens.push_back(*part.id);
    return ok();
  }));
  return tokens;
}

}  // namespace waag::convert
