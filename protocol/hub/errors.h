#pragma once

#include <string>
#include <string_view>

#include "protocol/result.h"

namespace waag::hub {

enum class Caller : std::uint8_t { anonymous, known };

/// What the client is told about an Errc.
struct ErrorRow {
  unsigned status = 500;
  std::string_view code;  // X-Error-Code; "" = none
  std::string_view text;  // default for the body's "error" and X-Error-Message
};

/// The one table from Errc to the wire. A missing repository is 401 for an anonymous caller and 404
/// for a known one; both carry RepoNotFound, the only thing that clients can rely on. Likewise the
/// 401 and 403 of a gated one (HUB_API 1.4, 2.2).
ErrorRow error_row(Errc code, Caller caller);

/// {"error":"text"}
std::string error_body(std::string_view text);

/// Header-safe: printable ASCII on one line, at most 400 bytes; the rest becomes '?' or is cut.
std::string header_text(std::string_view text);

inline constexpr std::string_view gated_repo_code = "GatedRepo";
/// Exact texts that huggingface_hub compares (HUB_API 2.5).
inline constexpr std::string_view disabled_text = "Access to this resource is disabled.";
inline constexpr std::string_view bad_credentials_text =
    "Invalid credentials in Authorization header";

}  // namespace waag::hub
