#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "protocol/result.h"

namespace waag::convert {

/// What `waag-convert --tokens` is asked (docs/CONVERT.md).
struct TokensSpec {
  std::filesystem::path model;  // whose tokenizer is taken
  std::filesystem::path text;   // a file, UTF-8
};

/// @return Errc::invalid_argument, naming the member, for anything missing, unknown or of a wrong
/// type
Result<TokensSpec> parse_tokens_spec(std::string_view text);

/// Makes tokens of the text: an object `tokens` and one `done`, a line each.
/// @return Errc::not_found, too_large or unavailable for the file; as TextTokenizer says
Status run_tokens(const TokensSpec& spec, const std::function<void(std::string_view)>& sink);

}  // namespace waag::convert
