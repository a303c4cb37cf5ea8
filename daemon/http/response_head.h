#pragma once

#include <string>
#include <string_view>

#include "daemon/http/message.h"

namespace waag::daemon {

/// What the connection, not the handler, knows of a reply.
struct ReplyMeta {
  std::string_view request_id;
  std::string_view date;  // IMF-fixdate
  bool head_only = false;
  bool close = false;
  bool http_1_1 = true;
};

/// The bytes of a reply's head: status line, the headers of every reply (HUB_API 2.3), the
/// handler's own, length and connection. Control characters in the handler's values become spaces,
/// so that no value can end its line.
std::string response_head(const Response& response, const ReplyMeta& meta);

/// Bytes of the body as announced: what the handler said, else what it gave.
std::uint64_t announced_length(const Response& response);

/// "Sun, 06 Nov 1994 08:49:37 GMT". Source: RFC 9110 section 5.6.7.
std::string imf_fixdate(std::chrono::seconds since_epoch);

/// The reply to an OPTIONS request, a browser's preflight among them.
Response preflight_response(std::string_view allow);

}  // namespace waag::daemon
