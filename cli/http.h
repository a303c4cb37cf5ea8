#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/result.h"

namespace waag::cli {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::string token;  // "" = none
  std::string body;   // "" = none
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;  // more of them
  std::string file;  // path of what is sent instead of `body`, as it is read; "" = none
};

struct HttpReply {
  unsigned status = 0;
  std::string body;
  /// Target of a Link header with rel="next", or "".
  std::string next;
};

/// How commands talk to a hub: curl in the program, a script in tests.
class Http {
 public:
  virtual ~Http() = default;
  /// @return the reply whatever its status; Errc::unavailable if there was none
  virtual Result<HttpReply> send(const HttpRequest& request) = 0;
  /// Bytes of a body as they come; false: no more of them.
  using Take = std::function<bool(std::string_view bytes)>;
  /// A GET whose body may take for ever. `take` gets it if the status is 2xx, else the reply has
  /// it. @return Errc::unavailable also if the body was cut
  virtual Result<HttpReply> stream(const HttpRequest& request, const Take& take) = 0;
};

/// libcurl, one connection kept for the whole command. Follows redirects of reads
/// without a token only, so that a token never reaches another host. Replies beyond 64 MiB are
/// refused.
class CurlHttp final : public Http {
 public:
  CurlHttp();
  ~CurlHttp() override;
  CurlHttp(const CurlHttp&) = delete;
  CurlHttp& operator=(const CurlHttp&) = delete;
  Result<HttpReply> send(const HttpRequest& request) override;
  Result<HttpReply> stream(const HttpRequest& request, const Take& take) override;

 private:
  Result<HttpReply> perform(const HttpRequest& request, const Take* take);

  void* easy_;  // CURL*
};

/// The rel="next" target of a Link header value, or "". Source: RFC 8288.
std::string next_of_link(std::string_view link);

/// Percent-encodes everything but RFC 3986's unreserved characters.
std::string encode_segment(std::string_view text);

}  // namespace waag::cli
