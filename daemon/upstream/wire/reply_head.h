#pragma once

#include "daemon/upstream/http_client.h"

namespace waag::daemon {

/// The head of one hop's reply as libcurl hands it out, line by line. Bounded over everything that
/// a hop sends as head: 1xx replies before it, trailers after its body.
class ReplyHead {
 public:
  static constexpr std::size_t bytes_max = 64 * 1024;
  static constexpr std::size_t lines_max = 500;

  /// @param line  with its line end, a status line or the blank one included
  /// @return Errc::upstream_failed if malformed or too much
  Status take(std::string_view line);
  /// The blank line of a final reply has come.
  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] unsigned status() const { return status_; }
  [[nodiscard]] const Headers& headers() const { return headers_; }

 private:
  Status take_status(std::string_view line);

  Headers headers_;
  std::size_t bytes_ = 0;
  std::size_t lines_ = 0;
  unsigned status_ = 0;  // 0: no status line yet
  bool complete_ = false;
};

/// What body must follow.
struct BodyPlan {
  std::optional<std::uint64_t> bytes;  // exactly so many; nullopt: as many as come
  bool cut = false;                    // more may come; they are not wanted
};

/// Whether the reply answers the request: not compressed, of one length, the range that was asked
/// for. @return Errc::upstream_failed if it does not
Result<BodyPlan> plan_body(const UpstreamRequest& request, unsigned status, const Headers& headers);

/// 301, 302, 303, 307, 308 with a Location.
bool is_redirect(unsigned status, const Headers& headers);

}  // namespace waag::daemon
