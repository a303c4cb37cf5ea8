#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The strict gate in front of the router: a request head that two HTTP implementations could read
/// in two ways never gets in. Boost 1.81 lets 12 of 32 dangerous shapes pass (RELIABILITY 3.3).
/// Whoever gets a refusal answers its status and closes the connection.
namespace waag::http {

inline constexpr std::size_t head_bytes_max = 16 * 1024;
inline constexpr std::size_t target_bytes_max = 8 * 1024;
inline constexpr std::size_t header_count_max = 100;

/// A request head in one meaning only.
struct RequestHead {
  std::string method;  // GET HEAD POST PUT DELETE OPTIONS PATCH
  std::string target;  // origin form ("/a/b?c"), or "*" with OPTIONS
  bool http_1_1 = true;
  std::string host;
  std::vector<std::pair<std::string, std::string>>
      headers;  // in order; values without outer blanks
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;
  bool expect_continue = false;

  /// The first header of that name, without regard to case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

/// Exactly one of `head` and `status` is set.
struct GuardVerdict {
  std::optional<RequestHead> head;
  unsigned status = 0;   // 400, 413, 414, 417, 431, 501 or 505
  std::string_view why;  // for the log and the body; static text

  explicit operator bool() const { return head.has_value(); }
};

/// Where the head at the front of a receive buffer ends.
///
/// @return bytes of the head with its blank line; nullopt if more must be read (up to
/// head_bytes_max, then
///         guard_request_head on the whole buffer names the refusal). A line that does not end in
///         CRLF ends the head early: the guard then refuses it at once instead of waiting for a
///         deadline.
std::optional<std::size_t> find_head_end(std::string_view buffer);

/// Parses a request head up to and including its blank line, refusing every shape that is not plain
/// RFC 9112: see tests/vectors/http_requests.h for the list.
GuardVerdict guard_request_head(std::string_view bytes);

}  // namespace waag::http
