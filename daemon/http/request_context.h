#pragma once

#include "daemon/http/router.h"
#include "protocol/http/guard.h"

namespace waag::daemon {

/// What a connection knows of its peer.
struct Peer {
  std::string remote;  // address without port
  bool tls = false;
  bool trusted_proxy = false;  // its X-Forwarded-* headers are believed
};

/// A request ready for its handler, or the reply that it gets instead.
struct Inbound {
  Request request;  // without body and identity
  const Route* route = nullptr;
  std::optional<Response> reply;  // 400, 404, 405, or the answer to OPTIONS
};

/// Parses the target once for router, authorisation and storage alike, and finds the route.
///
/// @param public_url  the configured one, or "" to take X-Forwarded-Proto and -Host of a trusted
///        proxy, else Host
Inbound make_request(const Router& router, http::RequestHead head, const Peer& peer,
                     std::string_view public_url);

/// A client's id for its request if it is fit for logs and headers: 1 to 128 of [A-Za-z0-9._:-].
/// The id that the client gave its request: X-Request-Id, else the X-Amzn-Trace-Id of every call of
/// huggingface_hub. nullopt if neither is sane.
std::optional<std::string> asked_request_id(const http::RequestHead& head);
bool is_sane_request_id(std::string_view id);
/// host or host:port, of characters that can stand in a URL's authority, without user info.
bool is_sane_host(std::string_view host);

}  // namespace waag::daemon
