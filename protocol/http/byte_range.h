#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/result.h"

namespace waag::http {

/// Inclusive on both ends, inside the body it was parsed for.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  bool operator==(const ByteRange&) const = default;
  [[nodiscard]] std::uint64_t size_bytes() const { return last - first + 1; }
};

/// Parses a Range header that names one range: "bytes=0-1023", "bytes=5-", "bytes=-500".
///
/// @param total_bytes  size of the whole body; of an empty one every range is ignored (HUB_API 3.1
/// rule 4)
/// @return the range clamped to the body; nullopt if the header must be ignored and the whole body
/// sent
///         (malformed, another unit, several ranges); Errc::range_not_satisfiable if it starts at
///         or after the end (416 with unsatisfied_content_range)
/// Source: RFC 9110 section 14.1.2.
Result<std::optional<ByteRange>> parse_byte_range(std::string_view header,
                                                  std::uint64_t total_bytes);

/// Parses a Range header that names one range or several, "bytes=0-99,200-299", and of which
/// nothing may be ignored: the data routes of Xet.
///
/// @return the ranges in the header's order, each clamped to the body;
///         Errc::range_not_satisfiable if any starts at or after the end;
///         Errc::invalid_argument if one is malformed or they are more than ranges_max
Result<std::vector<ByteRange>> parse_byte_ranges(std::string_view header, std::uint64_t total_bytes,
                                                 std::size_t ranges_max);

/// "bytes 0-1023/4096", the Content-Range of a 206.
std::string content_range(const ByteRange& range, std::uint64_t total_bytes);
/// "bytes */4096", the Content-Range of a 416.
std::string unsatisfied_content_range(std::uint64_t total_bytes);

/// If-None-Match against the current entity tag: weak comparison; "*" matches.
/// @param etag  with its quotes, "\"abc\""
bool if_none_match(std::string_view header, std::string_view etag);
/// If-Match: strong comparison; "*" matches.
bool if_match(std::string_view header, std::string_view etag);
/// If-Range: true if the Range header may be used. Dates never match, for we send no Last-Modified.
bool if_range_allows(std::string_view header, std::string_view etag);

}  // namespace waag::http
