#include "protocol/http/link_header.h"

#include <algorithm>

#include "protocol/http/field.h"
#include "protocol/http/url_path.h"

namespace waag::http {
namespace {

/// Takes one value of a parameter, bare or quoted, off the front. Escapes of quoted ones are kept:
/// no relation has any.
std::optional<std::string_view> take_value(std::string_view& text) {
  if (!text.starts_with('"')) {
    const auto bare = text.substr(0, std::min(text.find_first_of(";, \t"), text.size()));
    text.remove_prefix(bare.size());
    return bare;
  }
  std::size_t end = 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  if (end >= text.size()) return std::nullopt;
  const auto quoted = text.substr(1, end - 1);
  text.remove_prefix(end + 1);
  return quoted;
}

/// Whether one of the relations, which blanks part, is `rel`.
bool names(std::string_view relations, std::string_view rel) {
  while (!relations.empty()) {
    const auto end = std::min(relations.find(' '), relations.size());
    if (equal_nocase(relations.substr(0, end), rel)) return true;
    relations.remove_prefix(std::min(end + 1, relations.size()));
  }
  return false;
}

/// Takes ";name=value..." of one link off the front. nullopt: malformed.
std::optional<bool> take_parameters(std::string_view& text, std::string_view rel) {
  bool found = false;
  bool had_rel = false;  // of several the first counts
  while (true) {
    text = trimmed(text);
    if (!text.starts_with(';')) return found;
    text = trimmed(text.substr(1));
    const auto end = std::min(text.find_first_of("=;, \t"), text.size());
    const auto name = text.substr(0, end);
    text = trimmed(text.substr(end));
    if (!text.starts_with('=')) continue;
    text = trimmed(text.substr(1));
    const auto value = take_value(text);
    if (!value) return std::nullopt;
    if (!had_rel && equal_nocase(name, "rel")) {
      had_rel = true;
      found = names(*value, rel);
    }
  }
}

}  // namespace

std::string link_value(std::string_view url, std::string_view rel) {
  std::string value = "<";
  for (const char c : url) {  // what would end the reference early; our own URLs hold none
    if (c == '<' || c == '>' || c == '"' || c == ' ' || static_cast<unsigned char>(c) < 0x20) {
      value += percent_encode(std::string_view(&c, 1));
    } else {
      value += c;
    }
  }
  return value + ">; rel=\"" + std::string(rel) + "\"";
}

std::string next_link(std::string_view base_url, std::string_view target, std::string_view key,
                      std::string_view value) {
  return link_value(std::string(base_url) + with_query_parameter(target, key, value), "next");
}

std::optional<std::string> link_target(std::string_view header, std::string_view rel) {
  while (true) {
    header = trimmed(header);
    if (header.starts_with(',')) {
      header.remove_prefix(1);
      continue;
    }
    const auto end = header.find('>');
    if (!header.starts_with('<') || end == header.npos) return std::nullopt;
    const auto target = header.substr(1, end - 1);
    header.remove_prefix(end + 1);
    const auto found = take_parameters(header, rel);
    if (!found) return std::nullopt;
    if (*found) return std::string(target);
    if (!header.empty() && !header.starts_with(',')) return std::nullopt;
  }
}

}  // namespace waag::http
