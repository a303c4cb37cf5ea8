#pragma once

#include <string>
#include <string_view>

#include "protocol/result.h"

namespace waag::convert {

/// Bytes of one expression; the longest published one, DeepSeek's list of letters, has 1.5 kB.
inline constexpr std::size_t pattern_bytes_max = 64 * 1024;

/// A regular expression of a tokenizer.json, which is Oniguruma's, in PCRE2's spelling. The two
/// read some things otherwise (\s, \h, \w, `$`, nested classes, names of scripts), so that only
/// what is known to mean the same, or is spelt out here, comes through.
/// @return Errc::unprocessable, naming the part, if it has anything else
/// Source: Oniguruma 6.9.8 doc/RE and doc/SYNTAX.md; pcre2pattern(3) 10.42.
Result<std::string> pcre2_pattern(std::string_view pattern);

/// The expression that matches just `text`.
std::string pcre2_literal(std::string_view text);

}  // namespace waag::convert
