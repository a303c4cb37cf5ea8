#include "cli/hub.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace waag::cli {
namespace {

std::string error_text(const HttpReply& reply, const boost::json::value& json) {
  std::string text = "HTTP " + std::to_string(reply.status);
  if (json.is_object())
    if (const auto* error = json.as_object().if_contains("error"); error && error->is_string())
      text = std::string(error->as_string()) + " (" + text + ")";
  return text;
}

}  // namespace

Hub::Answer Hub::call(std::string_view method, std::string_view path,
                      const boost::json::value& body) {
  HttpRequest request;
  request.method = method;
  request.url = path.starts_with('/') ? endpoint_ + std::string(path) : std::string(path);
  request.token = token_;
  if (!body.is_null()) request.body = boost::json::serialize(body);
  return answer_to(request);
}

Hub::Answer Hub::send(std::string_view method, std::string_view path, std::string body,
                      std::string content_type) {
  HttpRequest request;
  request.method = method;
  request.url = endpoint_ + std::string(path);
  request.token = token_;
  request.body = std::move(body);
  request.content_type = std::move(content_type);
  return answer_to(request);
}

std::optional<Hub::Failure> Hub::put_file(
    const std::string& url, const std::string& file,
    std::vector<std::pair<std::string, std::string>> headers) {
  HttpRequest request;
  request.method = "PUT";
  request.url = url;
  request.file = file;
  request.headers = std::move(headers);
  return answer_to(request).failure;
}

Hub::Answer Hub::answer_to(const HttpRequest& request) {
  Answer answer;
  auto reply = http_.send(request);
  if (!reply) {
    answer.failure = Failure{0, "no answer from " + endpoint_ + ": " + reply.error().what};
    return answer;
  }
  boost::system::error_code bad;
  auto json = boost::json::parse(reply->body, bad);
  if (reply->status < 200 || reply->status >= 300) {
    answer.failure = Failure{reply->status, error_text(*reply, bad ? boost::json::value{} : json)};
    return answer;
  }
  if (!bad) answer.json = std::move(json);
  answer.next = std::move(reply->next);
  return answer;
}

std::optional<Hub::Failure> Hub::stream(std::string_view path, const Http::Take& take) {
  HttpRequest request;
  request.url = endpoint_ + std::string(path);
  request.token = token_;
  const auto reply = http_.stream(request, take);
  if (!reply) return Failure{0, "no answer from " + endpoint_ + ": " + reply.error().what};
  if (reply->status >= 200 && reply->status < 300) return std::nullopt;
  boost::system::error_code bad;
  const auto json = boost::json::parse(reply->body, bad);
  return Failure{reply->status, error_text(*reply, bad ? boost::json::value{} : json)};
}

Hub::Answer Hub::list(std::string_view path, std::size_t items_max) {
  boost::json::array items;
  std::string at(path);
  while (!at.empty() && items.size() < items_max) {
    // A next page elsewhere would be handed our token.
    if (!at.starts_with('/') && !at.starts_with(endpoint_ + "/")) {
      Answer foreign;
      foreign.failure = Failure{0, "the next page is on another host: " + at};
      return foreign;
    }
    auto page = call("GET", at);
    if (page.failure) return page;
    if (!page.json.is_array()) break;
    for (auto& item : page.json.as_array())
      if (items.size() < items_max) items.push_back(std::move(item));
    at = page.next;
  }
  Answer answer;
  answer.json = std::move(items);
  return answer;
}

std::string_view plural(std::string_view type) {
  if (type == "dataset") return "datasets";
  if (type == "space") return "spaces";
  return "models";
}

}  // namespace waag::cli
