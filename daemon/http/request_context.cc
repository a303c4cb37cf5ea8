#include "daemon/http/request_context.h"

#include <algorithm>

#include <boost/asio/ip/address.hpp>

#include "daemon/http/errors.h"
#include "daemon/http/response_head.h"

namespace waag::daemon {
namespace {

constexpr std::size_t request_id_bytes_max = 128;
constexpr std::size_t host_bytes_max = 255;
constexpr std::string_view every_method = "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH";

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool made_of(std::string_view text, std::string_view others) {
  return std::ranges::all_of(
      text, [&](char c) { return is_alnum(c) || others.find(c) != std::string_view::npos; });
}

std::string base_url(const http::RequestHead& head, const Peer& peer, std::string_view public_url) {
  if (!public_url.empty()) {
    while (public_url.ends_with('/')) public_url.remove_suffix(1);
    return std::string(public_url);
  }
  std::string url = peer.tls ? "https" : "http";
  if (!peer.trusted_proxy) return url + "://" + head.host;
  const auto proto = head.header("X-Forwarded-Proto");
  const auto host = head.header("X-Forwarded-Host");
  if (proto && (*proto == "http" || *proto == "https")) url = *proto;
  url += "://";
  url += host && is_sane_host(*host) ? *host : std::string_view(head.host);
  return url;
}

/// Who a trusted proxy says has asked it: the last address of the list, which is the one that the
/// proxy itself has seen; those before it may be made up.
std::string remote_of(const http::RequestHead& head, const Peer& peer) {
  if (!peer.trusted_proxy) return peer.remote;
  auto list = head.header("X-Forwarded-For").value_or("");
  list.remove_prefix(list.rfind(',') + 1);
  while (list.starts_with(' ')) list.remove_prefix(1);
  while (list.ends_with(' ')) list.remove_suffix(1);
  boost::system::error_code bad;
  const auto address = boost::asio::ip::make_address(std::string(list), bad);
  return bad ? peer.remote : address.to_string();
}

Inbound reply_with(Inbound inbound, Response response) {
  inbound.reply = std::move(response);
  return inbound;
}

}  // namespace

bool is_sane_request_id(std::string_view id) {
  return !id.empty() && id.size() <= request_id_bytes_max && made_of(id, "._:-");
}

std::optional<std::string> asked_request_id(const http::RequestHead& head) {
  for (const auto* name : {"X-Request-Id", "X-Amzn-Trace-Id"})
    if (const auto id = head.header(name); id && is_sane_request_id(*id)) return std::string(*id);
  return std::nullopt;
}

/// Of a tree a slash at the end names nothing more: the Hub answers as without it, and other
/// mirrors ask so (Olah).
std::string_view without_end_slash(std::string_view path) {
  const bool tree = path.starts_with("/api/") && path.find("/tree/") != path.npos;
  if (tree && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

bool is_sane_host(std::string_view host) {
  return !host.empty() && host.size() <= host_bytes_max && made_of(host, ".-:[]_");
}

Inbound make_request(const Router& router, http::RequestHead head, const Peer& peer,
                     std::string_view public_url) {
  Inbound inbound;
  Request& request = inbound.request;
  request.method = *parse_method(head.method);  // the guard lets only these in
  request.base_url = base_url(head, peer, public_url);
  request.remote = remote_of(head, peer);
  for (auto& [name, value] : head.headers) request.headers.add(name, std::move(value));
  request.target = std::move(head.target);
  if (request.target == "*")
    return reply_with(std::move(inbound), preflight_response(every_method));

  const auto split = http::split_target(request.target);
  const auto path = http::split_path(without_end_slash(split.path));
  if (!path) return reply_with(std::move(inbound), refusal(400, "Malformed path"));
  auto query = http::parse_query(split.query);
  if (!query) return reply_with(std::move(inbound), refusal(400, "Malformed query"));
  for (auto& [key, value] : *query) request.query.add(std::move(key), std::move(value));

  auto routing = router.find(request.method, *path);
  if (!routing.route && routing.allow.empty())
    return reply_with(std::move(inbound), refusal(404, "Not found"));
  if (!routing.route && request.method == Method::options)
    return reply_with(std::move(inbound), preflight_response(routing.allow));
  if (!routing.route) {
    auto response = refusal(405, "Method not allowed");
    response.headers.add("Allow", std::move(routing.allow));
    return reply_with(std::move(inbound), std::move(response));
  }
  inbound.route = routing.route;
  request.captures = std::move(routing.captures);
  request.rest = std::move(routing.rest);
  return inbound;
}

}  // namespace waag::daemon
