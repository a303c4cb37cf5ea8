#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/result.h"

namespace waag::http {

/// One decoded segment of a path.
struct PathSegment {
  std::string text;
  bool had_encoded_slash =
      false;  // text holds '/' that came as %2F: only where the route allows it

  bool operator==(const PathSegment&) const = default;
};

enum class EmptySegments : std::uint8_t { refuse, keep };

/// Splits a raw path ("/acme/tiny/resolve/refs%2Fpr%2F1/a%20b") on '/' and decodes each segment
/// once; '+' is a literal plus. "/" gives none. The result is what authorisation and storage both
/// see.
///
/// @return Errc::invalid_argument for a bad escape, control character (%00 too), backslash, bytes
/// that
///         are not UTF-8, a "." or ".." part (also one hidden behind %2F), an empty segment
/// Source: HUB_API 2.1, RELIABILITY 3.2.3.
Result<std::vector<PathSegment>> split_path(std::string_view raw_path,
                                            EmptySegments empty = EmptySegments::refuse);

using QueryPairs = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::size_t query_pairs_max = 512;
/// paths-info takes 1,000 paths (HUB_API 2.7).
inline constexpr std::size_t form_pairs_max = 4096;

/// Decodes a query without its '?', '+' stays a plus (HUB_API 2.1); "a" alone is {"a", ""}.
/// @return Errc::invalid_argument for a bad escape, a control character, bytes that are not UTF-8,
/// or
///         more than query_pairs_max pairs
Result<QueryPairs> parse_query(std::string_view query);
/// Decodes an application/x-www-form-urlencoded body: '+' is a space, tab and line ends are
/// allowed.
Result<QueryPairs> parse_form(std::string_view body);

struct SplitTarget {
  std::string_view path;
  std::string_view query;  // without '?'
};
SplitTarget split_target(std::string_view target);

enum class Slash : std::uint8_t { encode, keep };
/// Percent-encodes all but A-Z a-z 0-9 - . _ ~ (and '/' if kept), for URLs that we make.
std::string percent_encode(std::string_view text, Slash slash = Slash::encode);

/// `target` with its query parameter `key` replaced by (or extended with) `value`; others are kept
/// as sent.
std::string with_query_parameter(std::string_view target, std::string_view key,
                                 std::string_view value);

}  // namespace waag::http
