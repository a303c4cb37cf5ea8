#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace waag::hub {

/// A README.md in two parts.
struct CardParts {
  std::string_view yaml;  // the front matter; "" if there is none
  std::string_view text;  // what follows it; all of it if there is none
  bool closed = false;    // its closing line is there; if not, the yaml goes on to the end
};
CardParts split_card(std::string_view readme);

/// The YAML between the first two `---` lines of a README.md; "" if there is none. Tolerates a byte
/// order mark, CRLF and, as clients do, blank lines before. Source: HUB_API 4.8.
std::string_view front_matter(std::string_view readme);

struct CardProblems {
  std::vector<std::string> errors;  // the upload is refused
  std::vector<std::string> warnings;
};

/// Front matter longer than this is an error.
inline constexpr std::size_t front_matter_bytes_max = 256 * 1024;

/// What is wrong with a card's metadata: broken YAML, no mapping, a field of the wrong type.
CardProblems check_card(std::string_view readme);

/// {"errors":[{"message":…}],"warnings":[{"message":…}]}
std::string card_reply(const CardProblems& problems);

}  // namespace waag::hub
