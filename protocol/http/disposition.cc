#include "protocol/http/disposition.h"

#include "protocol/http/url_path.h"

namespace waag::http {
namespace {

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte >= 0x80 && byte < 0xC0) continue;  // one '_' a character, not one a byte
    if (byte < 0x20 || byte >= 0x7F) {
      out += '_';
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string content_disposition(Disposition disposition, std::string_view path) {
  const auto slash = path.rfind('/');
  const auto name = slash == path.npos ? path : path.substr(slash + 1);
  std::string value = disposition == Disposition::inline_ ? "inline" : "attachment";
  return value + "; filename*=UTF-8''" + percent_encode(name) + "; filename=" + quoted(name) + ";";
}

}  // namespace waag::http
