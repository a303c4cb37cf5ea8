#pragma once

#include <stdexcept>

#include "daemon/http/errors.h"
#include "tests/daemon/http/test_server.h"

/// Routes that need no store: enough to see a connection from both ends.
namespace waag::daemon::testing {

inline constexpr Limits body_1_mib{1u << 20};

inline const std::vector<Route>& test_routes() {
  static const std::vector<Route> table = {
      {Method::get, "/healthz", "healthz", Policy::none, {}, nullptr, ""},
      {Method::post, "/healthz", "healthz_post", Policy::none, body_1_mib, nullptr, ""},
      {Method::post, "/echo", "echo", Policy::none, body_1_mib, nullptr, ""},
      {Method::post, "/ignore", "ignore", Policy::none, body_1_mib, nullptr, ""},
      {Method::get, "/throw", "throw", Policy::none, {}, nullptr, ""},
      {Method::get, "/seen/{ns}/{rest...}", "seen", Policy::none, {}, nullptr, ""},
  };
  return table;
}

inline Task<Response> test_answer(const Route& route, Request request) {
  if (route.name == "throw") throw std::runtime_error("on purpose");
  if (route.name == "echo") {
    auto body = co_await request.body->read_all(2u << 20);
    if (!body) co_return error_response(body.error(), {});
    co_return text_response(*std::move(body));
  }
  if (route.name == "seen") {
    std::string seen = request.captures["ns"];
    for (const auto& segment : request.rest) seen += "|" + segment;
    for (const auto& [key, value] : request.query.pairs()) seen += "&" + key + "=" + value;
    co_return text_response(seen + " " + request.base_url + " " + request.remote);
  }
  co_return text_response("hello");
}

inline std::string post(std::string_view path, std::string_view body,
                        std::string_view headers = "") {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: hub\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(headers) + "\r\n" + std::string(body);
}

}  // namespace waag::daemon::testing
