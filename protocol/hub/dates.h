#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "protocol/result.h"

namespace waag::hub {

using Millis = std::chrono::milliseconds;  // since 1970, UTC

/// "2026-11-23T12:58:00.000Z": the only date form in JSON; "+00:00" makes huggingface_hub raise
/// (HUB_API 1.12). Years outside 0..9999 are clamped.
std::string format_date(Millis since_epoch);
/// Exactly that form; the fraction may be missing or have 1 to 9 digits (cut to milliseconds).
Result<Millis> parse_date(std::string_view text);

/// "Mon, 23 Nov 2026 12:58:00 GMT", for HTTP headers (RFC 9110 section 5.6.7).
std::string format_http_date(Millis since_epoch);
/// Only the fixed-length form above.
Result<Millis> parse_http_date(std::string_view text);

}  // namespace waag::hub
