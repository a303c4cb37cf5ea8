#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "cli/http.h"

namespace waag::cli {

/// One hub as a command sees it: JSON in, JSON out. Errors carry the text that the hub gave.
class Hub {
 public:
  struct Failure {
    unsigned status = 0;  // 0: no answer
    std::string text;
  };
  struct Answer {
    boost::json::value json;
    std::string next;  // URL of the next page, or ""
    std::optional<Failure> failure;
  };

  Hub(Http& http, std::string endpoint, std::string token)
      : http_(http), endpoint_(std::move(endpoint)), token_(std::move(token)) {}

  /// @param path from "/" on, or a whole URL of this hub (a next page)
  Answer call(std::string_view method, std::string_view path, const boost::json::value& body = {});
  /// The same with a body of another kind than JSON.
  Answer send(std::string_view method, std::string_view path, std::string body,
              std::string content_type);
  /// Sends a file to a URL that authorises itself, with these headers: without our token, for it
  /// may be on another host.
  std::optional<Failure> put_file(const std::string& url, const std::string& file,
                                  std::vector<std::pair<std::string, std::string>> headers);
  /// All pages of a list, at most `items_max` items.
  Answer list(std::string_view path, std::size_t items_max);
  /// A GET whose body is handed over as it comes, until it ends or `take` returns false.
  /// @return why it failed, or was cut
  std::optional<Failure> stream(std::string_view path, const Http::Take& take);
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

 private:
  Answer answer_to(const HttpRequest& request);

  Http& http_;
  std::string endpoint_;
  std::string token_;
};

/// "models", "datasets" or "spaces" for what users type as --type.
std::string_view plural(std::string_view type);

}  // namespace waag::cli
