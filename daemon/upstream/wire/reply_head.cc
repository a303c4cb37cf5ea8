#include "daemon/upstream/wire/reply_head.h"

#include "protocol/http/field.h"

namespace waag::daemon {
namespace {

Error bad(std::string what) { return fail(Errc::upstream_failed, std::move(what)); }

/// All values of a field; most have one.
std::vector<std::string_view> values_of(const Headers& headers, std::string_view name) {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : headers.all())
    if (http::equal_nocase(key, name)) values.push_back(http::trimmed(value));
  return values;
}

Result<std::optional<std::uint64_t>> announced_length(const Headers& headers) {
  std::optional<std::uint64_t> length;
  for (const auto value : values_of(headers, "Content-Length")) {
    const auto parsed = http::decimal(value);
    if (!parsed || (length && *length != *parsed)) return bad("Content-Length of two meanings");
    length = parsed;
  }
  const auto codings = values_of(headers, "Transfer-Encoding");
  for (const auto coding : codings)
    if (!http::equal_nocase(coding, "chunked")) return bad("Transfer-Encoding not asked for");
  if (length && !codings.empty()) return bad("Content-Length and Transfer-Encoding");
  return length;
}

Status check_content_range(const http::ByteRange& asked, const Headers& headers) {
  const auto values = values_of(headers, "Content-Range");
  const auto expected = "bytes " + std::to_string(asked.first) + "-" + std::to_string(asked.last);
  if (values.size() != 1) return bad("a range without one Content-Range");
  const auto slash = values[0].find('/');
  const auto total = slash == std::string_view::npos ? std::nullopt  // "*" is no number either
                                                     : http::decimal(values[0].substr(slash + 1));
  if (!http::equal_nocase(values[0].substr(0, slash), expected) || !total || *total <= asked.last)
    return bad("another range than asked for: " + std::string(values[0].substr(0, 80)));
  return ok();
}

Result<BodyPlan> plan_range(const http::ByteRange& asked, unsigned status, const Headers& headers,
                            std::optional<std::uint64_t> length) {
  const auto bytes = asked.size_bytes();
  if (status == 206) {
    WAAG_CHECK(check_content_range(asked, headers));
    if (length && *length != bytes) return bad("length of a range differs from its Content-Range");
    return BodyPlan{bytes, false};
  }
  if (status != 200 || asked.first != 0)
    return bad("status " + std::to_string(status) + " to a range");
  if (length && *length < bytes) return bad("file shorter than the range asked for");
  return BodyPlan{bytes, true};
}

}  // namespace

Status ReplyHead::take(std::string_view line) {
  bytes_ += line.size();
  if (++lines_ > lines_max || bytes_ > bytes_max) return bad("head of the reply too large");
  if (complete_) return ok();  // trailers: counted, never headers
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) return take_status(line);
  if (status_ == 0) return bad("reply without a status line");
  if (line.empty()) {
    complete_ = status_ >= 200;
    return ok();
  }
  const auto colon = line.find(':');
  if (colon == line.npos || !http::is_token(line.substr(0, colon)))
    return bad("malformed header line");
  const auto value = http::trimmed(line.substr(colon + 1));
  if (!http::is_field_value(value)) return bad("control character in a header");
  headers_.add(line.substr(0, colon), std::string(value));
  return ok();
}

Status ReplyHead::take_status(std::string_view line) {
  const auto space = line.find(' ');
  const auto digits = space == line.npos ? std::string_view() : line.substr(space + 1, 3);
  const auto value = http::decimal(digits);
  if (!value || digits.size() != 3 || *value < 100 || *value > 599)
    return bad("malformed status line");
  status_ = static_cast<unsigned>(*value);
  headers_ = {};
  return ok();
}

Result<BodyPlan> plan_body(const UpstreamRequest& request, unsigned status,
                           const Headers& headers) {
  for (const auto coding : values_of(headers, "Content-Encoding"))
    if (!coding.empty() && !http::equal_nocase(coding, "identity"))
      return bad("Content-Encoding not asked for");
  WAAG_TRY(auto length, announced_length(headers));
  if (status == 304 && !request.headers.get("If-None-Match")) return bad("304 without a condition");
  const bool success = status < 300;  // what is no success answers for itself, not with the file
  if (request.method == "HEAD" || status == 304) return BodyPlan{0, false};
  if (request.range && success) return plan_range(*request.range, status, headers, length);
  if (status == 206) return bad("a range that nobody asked for");
  if (status == 204) return BodyPlan{0, false};
  return BodyPlan{length, false};
}

bool is_redirect(unsigned status, const Headers& headers) {
  const bool moved =
      status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  return moved && headers.get("Location");
}

}  // namespace waag::daemon
