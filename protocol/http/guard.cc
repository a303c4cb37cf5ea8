#include "protocol/http/guard.h"

#include <algorithm>
#include <array>
#include <limits>

#include "protocol/http/field.h"
#include "protocol/http/url_path.h"

namespace waag::http {
namespace {

struct Refusal {
  unsigned status = 0;
  std::string_view why;
  explicit operator bool() const { return status != 0; }
};
constexpr Refusal accepted{};

Refusal bad(std::string_view why) { return {400, why}; }

/// A header that says how the message is framed or who sends it: two of them are two meanings.
constexpr std::array<std::string_view, 8> single_headers = {
    "host",   "content-length", "transfer-encoding", "authorization", "content-type",
    "expect", "range",          "if-range"};
/// Named in Connection these would be stripped by a proxy that obeys, and so mean two things.
constexpr std::array<std::string_view, 5> end_to_end_headers = {
    "host", "content-length", "transfer-encoding", "authorization", "range"};
constexpr std::array<std::string_view, 7> methods = {"GET",    "HEAD",    "POST", "PUT",
                                                     "DELETE", "OPTIONS", "PATCH"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

Refusal check_method(std::string_view method) {
  if (!is_token(method)) return bad("malformed method");
  if (std::ranges::find(methods, method) != methods.end()) return accepted;
  const bool upper = std::ranges::all_of(method, [](char c) { return c >= 'A' && c <= 'Z'; });
  return upper ? Refusal{501, "unknown method"} : bad("malformed method");
}

Refusal parse_version(std::string_view version, RequestHead& head) {
  const bool shaped = version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) &&
                      version[6] == '.' && is_digit(version[7]);
  if (!shaped) return bad("malformed HTTP version");
  if (version[5] != '1' || version[7] > '1') return {505, "HTTP version not supported"};
  head.http_1_1 = version[7] == '1';
  return accepted;
}

/// reg-name, IPv4 or [IPv6], then an optional port.
bool is_authority(std::string_view host) {
  const auto close = host.find(']');
  std::string_view rest;
  if (host.starts_with('[')) {
    if (close == host.npos || close == 1) return false;
    const auto inner = host.substr(1, close - 1);
    if (inner.find_first_not_of("0123456789abcdefABCDEF:.") != inner.npos) return false;
    rest = host.substr(close + 1);
  } else {
    const auto end = std::min(host.find(':'), host.size());
    if (end == 0) return false;
    const auto name_char = [](char c) {
      return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
             c == '.' || c == '_';
    };
    if (!std::ranges::all_of(host.substr(0, end), name_char)) return false;
    rest = host.substr(end);
  }
  if (rest.empty()) return true;
  return rest.size() >= 2 && rest.size() <= 6 && rest[0] == ':' &&
         std::ranges::all_of(rest.substr(1), is_digit);
}

/// Reduces the absolute form to the origin form. @param[out] authority  what it named, "" if none
Refusal to_origin_form(std::string_view method, std::string& target, std::string& authority) {
  if (target.starts_with('/')) return accepted;
  if (target == "*") return method == "OPTIONS" ? accepted : bad("asterisk target without OPTIONS");
  const std::size_t scheme_bytes = target.starts_with("http://")    ? 7
                                   : target.starts_with("https://") ? 8
                                                                    : 0;
  if (scheme_bytes == 0) return bad("target is not a path");
  const auto end = std::min(target.find_first_of("/?", scheme_bytes), target.size());
  authority = target.substr(scheme_bytes, end - scheme_bytes);
  target.erase(0, end);
  if (!target.starts_with('/')) target.insert(0, 1, '/');
  return is_authority(authority) ? accepted : bad("malformed authority in target");
}

Refusal check_target(std::string_view method, std::string_view raw, RequestHead& head,
                     std::string& authority) {
  if (raw.size() > target_bytes_max) return {414, "target too long"};
  const auto allowed = [](char c) {
    return c > 0x20 && c < 0x7F && std::string_view("#\\<>\"`").find(c) == std::string_view::npos;
  };
  if (raw.empty() || !std::ranges::all_of(raw, allowed))
    return bad("character not allowed in target");
  head.target = raw;
  if (const auto refusal = to_origin_form(method, head.target, authority)) return refusal;
  if (head.target == "*") return accepted;
  const auto split = split_target(head.target);
  if (!split_path(split.path, EmptySegments::keep)) return bad("path not allowed");
  if (split.query.find("%00") != split.query.npos) return bad("NUL in query");
  return accepted;
}

Refusal parse_request_line(std::string_view line, RequestHead& head, std::string& authority) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == line.npos || first == last) return bad("malformed request line");
  const auto method = line.substr(0, first);
  if (const auto refusal = parse_version(line.substr(last + 1), head)) return refusal;
  if (const auto refusal = check_method(method)) return refusal;
  head.method = method;
  return check_target(method, line.substr(first + 1, last - first - 1), head, authority);
}

Refusal parse_header(std::string_view line, RequestHead& head) {
  if (line.starts_with(' ') || line.starts_with('\t')) return bad("folded header");
  const auto colon = line.find(':');
  if (colon == line.npos) return bad("header without colon");
  const auto name = line.substr(0, colon);
  if (!is_token(name)) return bad("malformed header name");
  const auto value = trimmed(line.substr(colon + 1));
  if (!is_field_value(value)) return bad("control character in header");
  if (head.headers.size() == header_count_max) return {431, "too many headers"};
  head.headers.emplace_back(name, value);
  return accepted;
}

Refusal check_length(std::string_view value, RequestHead& head) {
  constexpr std::uint64_t limit = std::numeric_limits<std::int64_t>::max();
  if (value.empty() || !std::ranges::all_of(value, is_digit))
    return bad("malformed Content-Length");
  if (value.size() > 1 && value[0] == '0') return bad("Content-Length with leading zero");
  std::uint64_t length = 0;
  for (const char c : value) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (length > (limit - digit) / 10) return {413, "Content-Length too large"};
    length = length * 10 + digit;
  }
  head.content_length = length;
  return accepted;
}

Refusal check_framing(RequestHead& head) {
  const auto coding = head.header("transfer-encoding");
  const auto length = head.header("content-length");
  if (coding && !head.http_1_1) return bad("Transfer-Encoding in HTTP/1.0");
  if (coding && length) return bad("both Transfer-Encoding and Content-Length");
  if (coding && *coding != "chunked") return bad("Transfer-Encoding other than chunked");
  head.chunked = coding.has_value();
  return length ? check_length(*length, head) : accepted;
}

Refusal check_connection(RequestHead& head) {
  head.keep_alive = head.http_1_1;
  bool close = false;
  for (const auto& [name, value] : head.headers) {
    if (!equal_nocase(name, "connection")) continue;
    for (std::string_view rest = value; !rest.empty();) {
      const auto end = std::min(rest.find(','), rest.size());
      const auto option = trimmed(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      for (const auto hidden : end_to_end_headers)
        if (equal_nocase(option, hidden)) return bad("end-to-end header named in Connection");
      close = close || equal_nocase(option, "close");
      head.keep_alive = head.keep_alive || equal_nocase(option, "keep-alive");
    }
  }
  if (close) head.keep_alive = false;
  return accepted;
}

Refusal check_meaning(RequestHead& head, const std::string& authority) {
  for (const auto single : single_headers) {
    const auto same = [single](const auto& field) { return equal_nocase(field.first, single); };
    if (std::ranges::count_if(head.headers, same) > 1) return bad("header repeated");
  }
  const auto host = head.header("host");
  if (!host) return bad("no Host");
  if (!is_authority(*host)) return bad("malformed Host");
  if (!authority.empty() && !equal_nocase(authority, *host)) return bad("Host differs from target");
  head.host = *host;
  if (const auto refusal = check_framing(head)) return refusal;
  if (const auto expect = head.header("expect")) {
    if (!equal_nocase(*expect, "100-continue")) return {417, "expectation not supported"};
    head.expect_continue = head.http_1_1;
  }
  return check_connection(head);
}

/// Names the refusal of a head that has no end inside the limit.
Refusal oversized(std::string_view bytes) {
  const auto line = bytes.substr(0, bytes.find('\n'));
  if (line.size() > target_bytes_max) return {414, "target too long"};
  return {431, "request head too large"};
}

/// Cuts the next line off `rest`; a CR or LF elsewhere than in the pair that ends it is refused.
Refusal next_line(std::string_view& rest, std::string_view& line) {
  const auto end = rest.find("\r\n");
  if (end == rest.npos) return bad("line without end");
  line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return line.find_first_of("\r\n") == line.npos ? accepted : bad("bare CR or LF");
}

Refusal parse_head(std::string_view rest, RequestHead& head) {
  std::string_view line;
  std::string authority;
  if (const auto refusal = next_line(rest, line)) return refusal;
  if (const auto refusal = parse_request_line(line, head, authority)) return refusal;
  while (true) {
    if (const auto refusal = next_line(rest, line)) return refusal;
    if (line.empty()) break;
    if (const auto refusal = parse_header(line, head)) return refusal;
  }
  if (!rest.empty()) return bad("bytes after the head");
  return check_meaning(head, authority);
}

}  // namespace

std::optional<std::string_view> RequestHead::header(std::string_view name) const {
  const auto found = std::ranges::find_if(
      headers, [name](const auto& field) { return equal_nocase(field.first, name); });
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

std::optional<std::size_t> find_head_end(std::string_view buffer) {
  if (buffer.starts_with("\r\n")) return 2;
  std::size_t at = 0;
  while (true) {
    const auto lf = buffer.find('\n', at);
    if (lf == buffer.npos) return std::nullopt;
    if (lf == 0 || buffer[lf - 1] != '\r') return lf + 1;  // bare LF: refused as it stands
    if (lf == at + 1) return lf + 1;                       // blank line
    at = lf + 1;
  }
}

GuardVerdict guard_request_head(std::string_view bytes) {
  RequestHead head;
  const auto refusal = bytes.size() > head_bytes_max ? oversized(bytes) : parse_head(bytes, head);
  if (refusal) return {std::nullopt, refusal.status, refusal.why};
  return {std::move(head), 0, {}};
}

}  // namespace waag::http
