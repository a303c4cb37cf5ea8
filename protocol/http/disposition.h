#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace waag::http {

enum class Disposition : std::uint8_t { inline_, attachment };

/// The Content-Disposition of a file:
/// `inline; filename*=UTF-8''na%20me.bin; filename="na me.bin";`
/// The semicolon at the end is needed by huggingface_hub's pattern (HUB_API 3.1).
///
/// @param path  path or name in UTF-8; only what follows its last '/' is shown. In the quoted form
/// what
///              is not printable ASCII becomes '_'.
std::string content_disposition(Disposition disposition, std::string_view path);

}  // namespace waag::http
