#include <algorithm>
#include <string>

#include "convert/tokenizer/sentencepiece/sentencepiece_model.h"
#include "convert/tokenizer/text/bpe_tokenizer.h"
#include "convert/tokenizer/text/sentencepiece_tokenizer.h"
#include "protocol/hub/json_reader.h"
#include "protocol/utf8.h"
#include "tests/fuzz/fuzz.h"

using namespace waag;

namespace {

constexpr std::size_t text_bytes = 48;  // a search may take long at each

template <class Tokenizer>
void check(const Result<Tokenizer>& tokenizer, std::string_view text) {
  if (!tokenizer) {
    FUZZ_REQUIRE(tokenizer.error().code == Errc::unprocessable);
    FUZZ_REQUIRE(!tokenizer.error().what.empty());
    return;
  }
  const auto tokens = tokenizer->tokens(text);
  if (!tokens) {
    FUZZ_REQUIRE(tokens.error().code == Errc::unprocessable ||
                 tokens.error().code == Errc::too_large);
    return;
  }
  FUZZ_REQUIRE(*tokenizer->tokens(text) == *tokens);
}

}  // namespace

// A text, a byte 0 behind it, and a tokenizer: tokenizer.json or tokenizer.model.
void fuzz::run(ByteView input) {
  const std::string_view all(reinterpret_cast<const char*>(input.data()), input.size());
  const auto end = std::min(all.find('\0'), all.size());
  const auto text = all.substr(0, end);
  const auto file = all.substr(std::min(end + 1, all.size()));
  if (text.size() > text_bytes || !is_utf8(text)) return;
  if (const auto tokenizer = hub::parse_json_object(file)) {
    check(convert::BpeTokenizer::read_tokenizer_json(*tokenizer), text);
  } else if (const auto model = convert::parse_sentencepiece_model(file)) {
    check(convert::SentencePieceTokenizer::of(*model), text);
  }
}

WAAG_FUZZ_TARGET
