#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/version.h"

/// GET / for people and for clients that only ask whether somebody is there.
namespace waag::daemon::api {
namespace {

/// Base URLs come from a header that anyone may write.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_mark = c == '&' || c == '<' || c == '>' || c == '"';
    out += is_mark ? "&#" + std::to_string(static_cast<int>(c)) + ";" : std::string(1, c);
  }
  return out;
}

}  // namespace

Reply get_front_page(App&, Request request) {
  std::string page =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Waag</title></head>"
      "\n<body>\n<h1>Waag ";
  page += program_version;
  page +=
      "</h1>\n<p>A hub for models and datasets that speaks the Hugging Face protocol. Point a "
      "client"
      " at it:</p>\n<pre>export HF_ENDPOINT=";
  page += escaped(request.base_url);
  page +=
      "\nhf download NAMESPACE/NAME</pre>\n<p>Lists: <a href=\"/api/models\">models</a>, "
      "<a href=\"/api/datasets\">datasets</a>, <a href=\"/api/spaces\">spaces</a>.</p>\n"
      "</body></html>\n";
  auto response = text_response(std::move(page));
  response.headers.set("Content-Type", "text/html; charset=utf-8");
  response.headers.set("Content-Security-Policy", "default-src 'none'");
  response.headers.set("Cache-Control", "no-store");
  co_return response;
}

}  // namespace waag::daemon::api
