#include "daemon/http/errors.h"

#include <array>

#include "protocol/hub/errors.h"

namespace waag::daemon {
namespace {

/// Errors whose `what` was written for the caller, and names nothing but what the caller sent.
bool says_what_was_wrong(Errc code) {
  switch (code) {
    case Errc::invalid_argument:
    case Errc::unprocessable:
    case Errc::conflict:
    case Errc::forbidden:
    case Errc::gated:
    case Errc::revision_not_found:
    case Errc::entry_not_found:
    case Errc::not_found:
    case Errc::too_large:
      return true;
    default:
      return false;
  }
}

struct Phrase {
  unsigned status;
  std::string_view text;
};

// Source: RFC 9110 section 15.
constexpr std::array phrases = {Phrase{100, "Continue"},
                                Phrase{200, "OK"},
                                Phrase{201, "Created"},
                                Phrase{202, "Accepted"},
                                Phrase{204, "No Content"},
                                Phrase{206, "Partial Content"},
                                Phrase{301, "Moved Permanently"},
                                Phrase{302, "Found"},
                                Phrase{304, "Not Modified"},
                                Phrase{307, "Temporary Redirect"},
                                Phrase{308, "Permanent Redirect"},
                                Phrase{400, "Bad Request"},
                                Phrase{401, "Unauthorized"},
                                Phrase{403, "Forbidden"},
                                Phrase{404, "Not Found"},
                                Phrase{405, "Method Not Allowed"},
                                Phrase{408, "Request Timeout"},
                                Phrase{409, "Conflict"},
                                Phrase{410, "Gone"},
                                Phrase{411, "Length Required"},
                                Phrase{412, "Precondition Failed"},
                                Phrase{413, "Content Too Large"},
                                Phrase{414, "URI Too Long"},
                                Phrase{415, "Unsupported Media Type"},
                                Phrase{416, "Range Not Satisfiable"},
                                Phrase{417, "Expectation Failed"},
                                Phrase{422, "Unprocessable Content"},
                                Phrase{429, "Too Many Requests"},
                                Phrase{431, "Request Header Fields Too Large"},
                                Phrase{500, "Internal Server Error"},
                                Phrase{501,
                                       "Not "
                                       "Implemented"},
                                Phrase{502, "Bad Gateway"},
                                Phrase{503, "Service Unavailable"},
                                Phrase{504, "Gateway Timeout"},
                                Phrase{505, "HTTP Version Not Supported"},
                                Phrase{507, "Insufficient Storage"}};

}  // namespace

Response error_response(const Error& error, const Identity& who) {
  const auto caller = who.anonymous() ? hub::Caller::anonymous : hub::Caller::known;
  const hub::ErrorRow row = hub::error_row(error.code, caller);
  const bool own_words = says_what_was_wrong(error.code) && !error.what.empty();
  const std::string_view text = own_words ? std::string_view(error.what) : row.text;
  Response response = refusal(row.status, text);
  if (!row.code.empty()) response.headers.add("X-Error-Code", std::string(row.code));
  if (row.status == 401) response.headers.add("WWW-Authenticate", "Bearer");
  return response;
}

Response refusal(unsigned status, std::string_view text) {
  Response response = json_response(hub::error_body(text), status);
  response.headers.add("X-Error-Message", hub::header_text(text));
  return response;
}

std::string_view reason_phrase(unsigned status) {
  for (const Phrase& phrase : phrases)
    if (phrase.status == status) return phrase.text;
  return "Unknown";
}

}  // namespace waag::daemon
