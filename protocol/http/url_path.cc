#include "protocol/http/url_path.h"

#include <algorithm>

#include "protocol/utf8.h"

namespace waag::http {
namespace {

enum class Plus : std::uint8_t { literal, space };
enum class Controls : std::uint8_t { refuse, keep_white };

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Error bad(const char* what) { return fail(Errc::invalid_argument, what); }

Result<std::string> decoded(std::string_view raw, Plus plus, Controls controls) {
  std::string text;
  text.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i];
    if (c == '%') {
      if (raw.size() - i < 3) return bad("cut percent escape");
      const int high = hex_digit(raw[i + 1]);
      const int low = hex_digit(raw[i + 2]);
      if (high < 0 || low < 0) return bad("bad percent escape");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus == Plus::space) {
      c = ' ';
    }
    const auto byte = static_cast<std::uint8_t>(c);
    const bool white = c == '\t' || c == '\r' || c == '\n';
    if ((byte < 0x20 && !(white && controls == Controls::keep_white)) || byte == 0x7F)
      return bad("control character in URL");
    text += c;
  }
  if (!is_utf8(text)) return bad("URL is not UTF-8");
  return text;
}

/// Checks what stands between the slashes of one decoded segment; more than one part only after
/// %2F.
Status check_parts(std::string_view segment) {
  while (true) {
    const auto slash = segment.find('/');
    const auto part = segment.substr(0, slash);
    if (part == "." || part == "..") return bad("dot segment in path");
    if (part.empty()) return bad("empty part behind an encoded slash");
    if (slash == segment.npos) return ok();
    segment.remove_prefix(slash + 1);
  }
}

Result<QueryPairs> parse_pairs(std::string_view text, Plus plus, Controls controls,
                               std::size_t pairs_max) {
  QueryPairs pairs;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    if (pairs.size() == pairs_max) return bad("too many parameters");
    const auto equals = std::min(pair.find('='), pair.size());
    WAAG_TRY(auto key, decoded(pair.substr(0, equals), plus, controls));
    WAAG_TRY(auto value, decoded(pair.substr(std::min(equals + 1, pair.size())), plus, controls));
    pairs.emplace_back(std::move(key), std::move(value));
  }
  return pairs;
}

}  // namespace

Result<std::vector<PathSegment>> split_path(std::string_view raw_path, EmptySegments empty) {
  if (!raw_path.starts_with('/')) return bad("path does not start with a slash");
  raw_path.remove_prefix(1);
  std::vector<PathSegment> segments;
  if (raw_path.empty()) return segments;
  while (true) {
    const auto slash = raw_path.find('/');
    const auto raw = raw_path.substr(0, slash);
    if (raw.empty()) {
      if (empty == EmptySegments::refuse) return bad("empty path segment");
      segments.emplace_back();
    } else {
      WAAG_TRY(auto text, decoded(raw, Plus::literal, Controls::refuse));
      if (text.find('\\') != text.npos) return bad("backslash in path");
      WAAG_CHECK(check_parts(text));
      const bool had_encoded_slash = text.find('/') != text.npos;
      segments.push_back(PathSegment{std::move(text), had_encoded_slash});
    }
    if (slash == raw_path.npos) return segments;
    raw_path.remove_prefix(slash + 1);
  }
}

Result<QueryPairs> parse_query(std::string_view query) {
  return parse_pairs(query, Plus::literal, Controls::refuse, query_pairs_max);
}

Result<QueryPairs> parse_form(std::string_view body) {
  return parse_pairs(body, Plus::space, Controls::keep_white, form_pairs_max);
}

SplitTarget split_target(std::string_view target) {
  const auto mark = target.find('?');
  if (mark == target.npos) return {target, {}};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

std::string percent_encode(std::string_view text, Slash slash) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' ||
                       (c == '/' && slash == Slash::keep);
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::string with_query_parameter(std::string_view target, std::string_view key,
                                 std::string_view value) {
  const auto split = split_target(target);
  std::string out(split.path);
  char mark = '?';
  for (auto rest = split.query; !rest.empty();) {
    const auto end = std::min(rest.find('&'), rest.size());
    const auto pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto name = decoded(pair.substr(0, pair.find('=')), Plus::literal, Controls::refuse);
    if (pair.empty() || !name || *name == key) continue;
    out += mark;
    out += pair;
    mark = '&';
  }
  return out + mark + percent_encode(key) + "=" + percent_encode(value);
}

}  // namespace waag::http
