#include "daemon/http/response_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>

#include <fmt/format.h>

#include "daemon/http/errors.h"

namespace waag::daemon {
namespace {

// Source: HUB_API 2.3.
constexpr std::string_view common_headers =
    "Access-Control-Allow-Origin: *\r\n"
    "Access-Control-Expose-Headers: X-Repo-Commit, X-Request-Id, X-Error-Code, X-Error-Message, "
    "X-Total-Count, ETag, Link, Accept-Ranges, Content-Range, Content-Length, X-Linked-Size, "
    "X-Linked-ETag, X-Xet-Hash\r\n"
    "Vary: Origin\r\n"
    "X-Content-Type-Options: nosniff\r\n";

void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_value(std::string& out, std::string_view value) {
  const auto start = static_cast<std::ptrdiff_t>(out.size());
  out += value;
  std::replace_if(
      out.begin() + start, out.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
}

bool carries_no_length(unsigned status) { return status == 204 || status == 304 || status < 200; }

}  // namespace

std::uint64_t announced_length(const Response& response) {
  if (response.content_length) return *response.content_length;
  if (const auto* text = std::get_if<std::string>(&response.body)) return text->size();
  if (const auto* blob = std::get_if<BlobBody>(&response.body)) return blob->bytes;
  if (const auto* stream = std::get_if<StreamBody>(&response.body))
    return stream->bytes.value_or(0);
  return 0;
}

std::string response_head(const Response& response, const ReplyMeta& meta) {
  std::string head;
  head.reserve(1024);
  head += "HTTP/1.1 ";
  append_number(head, response.status);
  head += ' ';
  head += reason_phrase(response.status);
  head += "\r\nDate: ";
  head += meta.date;
  head += "\r\nX-Request-Id: ";
  head += meta.request_id;
  head += "\r\n";
  head += common_headers;
  for (const auto& [name, value] : response.headers.all()) {
    head += name;
    head += ": ";
    append_value(head, value);
    head += "\r\n";
  }
  const auto* stream = std::get_if<StreamBody>(&response.body);
  if (stream != nullptr && !stream->bytes) {
    if (stream->chunked) head += "Transfer-Encoding: chunked\r\n";
  } else if (!carries_no_length(response.status)) {
    head += "Content-Length: ";
    append_number(head, announced_length(response));
    head += "\r\n";
  }
  if (meta.close)
    head += "Connection: close\r\n";
  else if (!meta.http_1_1)
    head += "Connection: keep-alive\r\n";
  head += "\r\n";
  return head;
}

std::string imf_fixdate(std::chrono::seconds since_epoch) {
  constexpr std::string_view days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto time = static_cast<std::time_t>(since_epoch.count());
  std::tm at{};
  ::gmtime_r(&time, &at);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[at.tm_wday], at.tm_mday,
                     months[at.tm_mon], at.tm_year + 1900, at.tm_hour, at.tm_min, at.tm_sec);
}

Response preflight_response(std::string_view allow) {
  Response response;
  response.status = 204;
  response.headers.add("Allow", std::string(allow));
  response.headers.add("Access-Control-Allow-Methods", std::string(allow));
  response.headers.add("Access-Control-Allow-Headers",
                       "Authorization, Range, If-None-Match, Content-Type");
  response.headers.add("Access-Control-Max-Age", "86400");
  return response;
}

}  // namespace waag::daemon
