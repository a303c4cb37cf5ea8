#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

#include "convert/tokenizer/tekken/tekken_vocabulary.h"
#include "convert/tokenizer/text/added_tokens.h"
#include "convert/tokenizer/text/bpe_model.h"
#include "convert/tokenizer/text/normalizer.h"
#include "convert/tokenizer/text/split_steps.h"
#include "protocol/result.h"

namespace waag::convert {

/// Makes tokens of a text as a tokenizer.json says (huggingface's `tokenizers`, without special
/// tokens), or a tekken.json (tiktoken): added tokens, normalizer, pieces, BPE.
class BpeTokenizer {
 public:
  /// @return Errc::unprocessable if it is malformed, or has a part that is not known
  static Result<BpeTokenizer> read_tokenizer_json(const boost::json::object& tokenizer);
  static Result<BpeTokenizer> of_tekken(const TekkenTokenizer& tekken);

  /// @param text  UTF-8
  [[nodiscard]] Result<std::vector<std::uint32_t>> tokens(std::string_view text) const;

 private:
  Normalizer normalizer_;
  AddedTokens added_;
  SplitSteps steps_;
  BpeModel model_;
};

}  // namespace waag::convert
