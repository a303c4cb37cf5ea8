#include "daemon/http/session.h"

#include <array>

#include "daemon/http/errors.h"
#include "daemon/http/response_head.h"

namespace waag::daemon {

using Steady = std::chrono::steady_clock;

RequestIds::RequestIds(storage::Random& random) {
  std::array<std::byte, 8> word{};
  random.fill(word);
  prefix_ = to_hex(word) + "-";
}

std::string RequestIds::next() { return prefix_ + std::to_string(++count_); }

std::string_view DateText::now() {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(clock_.now());
  if (now != at_) {
    at_ = now;
    text_ = imf_fixdate(now);
  }
  return text_;
}

struct Session::Exchange {
  const Route* route = nullptr;
  Method method{Method::get};
  bool http_1_1 = true;
  bool close = false;  // after this reply
  std::string request_id;
  std::string repo;  // for the log
  std::string revision;
  std::shared_ptr<RequestBody> body;
  Steady::time_point start;
  std::size_t head_bytes = 0;
  unsigned status = 0;
  std::uint64_t sent_bytes = 0;
};

Pace Session::body_pace() const {
  Pace pace;
  pace.wait_limit = context_.limits.block;
  pace.floor_bytes_per_s = context_.limits.floor_bytes_per_s;
  return pace;
}

Task<void> Session::run() {
  context_.metrics.connection_opened();
  Pace pace;
  pace.wait_limit = context_.limits.head;
  if (co_await stream_->handshake(pace)) {
    bool gently = true;
    for (bool open = true; open;) {
      const auto head_bytes = co_await read_head();
      if (!head_bytes) break;
      gently = *head_bytes > 0;
      open = gently && co_await serve_one(*head_bytes);
    }
    idle_ = false;
    pace.wait_limit = context_.limits.linger;
    if (gently) co_await stream_->close_gently(pace);
  }
  stream_->close();
  context_.metrics.connection_closed();
}

/// Bytes of the next head; 0 if the peer is done. The limit of a head runs from its first byte and
/// covers all of it, however it trickles in.
Task<Result<std::size_t>> Session::read_head() {
  idle_ = received_.empty();
  auto until =
      Steady::now() + (served_ == 0 || !idle_ ? context_.limits.head : context_.limits.idle);
  for (;;) {
    if (const auto end = http::find_head_end(received_.text())) {
      idle_ = false;
      co_return *end;
    }
    const auto room = received_.room(http::head_bytes_max + 1);
    if (room.empty()) co_return received_.unread().size();  // the guard says which limit it broke
    if (context_.draining && idle_) co_return std::size_t{0};
    Pace pace;
    pace.wait_limit = until - Steady::now();
    WAAG_CO_TRY(const auto got, co_await stream_->read_some(room, pace));
    if (got == 0) co_return std::size_t{0};
    if (idle_) until = Steady::now() + context_.limits.head;
    idle_ = false;
    received_.received(got);
  }
}

Task<void> Session::refuse(const http::GuardVerdict& verdict) {
  Exchange exchange;
  exchange.start = Steady::now();
  exchange.request_id = context_.ids.next();
  exchange.close = true;
  context_.metrics.request_started();
  co_await reply(exchange, refusal(verdict.status, verdict.why));
}

/// @return false if the connection must be closed
Task<bool> Session::serve_one(std::size_t head_bytes) {
  auto verdict = http::guard_request_head(received_.text().substr(0, head_bytes));
  received_.consume(head_bytes);
  if (!verdict) {
    co_await refuse(verdict);
    co_return false;
  }
  http::RequestHead& head = *verdict.head;
  Exchange exchange;
  exchange.start = Steady::now();
  exchange.head_bytes = head_bytes;
  exchange.http_1_1 = head.http_1_1;
  exchange.close = !head.keep_alive || ++served_ >= context_.limits.requests_max;
  exchange.request_id = asked_request_id(head).value_or(context_.ids.next());
  RequestBody::Framing framing;
  framing.content_length = head.content_length;
  framing.chunked = head.chunked;
  framing.expect_continue = head.expect_continue;
  context_.metrics.request_started();

  auto inbound = make_request(context_.router, std::move(head), peer_, context_.public_url);
  exchange.method = inbound.request.method;
  exchange.route = inbound.route;
  framing.bytes_max = inbound.route ? inbound.route->limits.body_bytes_max : 0;
  exchange.body = std::make_shared<RequestBody>(*stream_, received_, framing, body_pace());
  auto response = co_await respond(exchange, inbound);
  const bool open = co_await reply(exchange, std::move(response));
  co_return open&& co_await exchange.body->drain();
}

Task<Response> Session::respond(Exchange& exchange, Inbound& inbound) {
  if (inbound.reply) co_return *std::move(inbound.reply);
  const Route& route = *inbound.route;
  const auto limit = route.limits.body_bytes_max;
  if (limit > 0 && exchange.body->length().value_or(0) > limit)
    co_return error_response(fail(Errc::too_large, "Request body too large"), {});
  Request& request = inbound.request;
  const auto& captures = request.captures;
  if (const auto ns = captures.find("ns"), name = captures.find("name");
      ns != captures.end() && name != captures.end())
    exchange.repo = ns->second + "/" + name->second;
  if (const auto rev = captures.find("rev"); rev != captures.end()) exchange.revision = rev->second;
  request.request_id = exchange.request_id;
  request.body = exchange.body;
  std::string thrown_text;
  try {
    co_return co_await context_.answer(route, std::move(request));
  } catch (const std::exception& thrown) {
    thrown_text = thrown.what();
  }
  LogLine line;
  line.level = LogLevel::error;
  line.event = "handler_threw";
  line.request_id = exchange.request_id;
  line.route = route.name;
  line.err = thrown_text;
  context_.log.write(line);
  co_return error_response(fail(Errc::internal, thrown_text), {});
}

/// Sends the reply; if a blob fails before its first byte, a 500 in its place.
/// @return false if the connection must be closed
Task<bool> Session::reply(Exchange& exchange, Response response) {
  exchange.close =
      exchange.close || context_.draining || (exchange.body && !exchange.body->reusable());
  if (auto* stream = std::get_if<StreamBody>(&response.body);
      stream && !stream->bytes && !exchange.http_1_1) {
    stream->chunked = false;
    exchange.close = true;
  }
  BodyWriter writer(*stream_, context_.blocking, context_.send_path, body_pace());
  const bool head_only = exchange.method == Method::head;
  std::string error;
  for (bool again = true; again;) {
    again = false;
    exchange.status = response.status;
    ReplyMeta meta;
    meta.request_id = exchange.request_id;
    meta.date = context_.date.now();
    meta.head_only = head_only;
    meta.close = exchange.close;
    meta.http_1_1 = exchange.http_1_1;
    auto sent = co_await writer.write(response_head(response, meta), response, head_only);
    if (sent) continue;
    error = sent.error().what;
    if (writer.head_sent()) {
      stream_->close();  // the peer must see that the body is cut
      exchange.close = true;
      continue;
    }
    response = error_response(sent.error(), {});
    again = true;
  }
  exchange.sent_bytes = writer.bytes_sent();
  record(exchange, error);
  co_return !exchange.close;
}

void Session::record(const Exchange& exchange, std::string_view error) {
  const auto took = Steady::now() - exchange.start;
  Metrics::Done done;
  done.route = exchange.route;
  done.method = exchange.method;
  done.status = exchange.status;
  done.duration = took;
  done.bytes_received = exchange.head_bytes + (exchange.body ? exchange.body->bytes_read() : 0);
  done.bytes_sent = exchange.sent_bytes;
  context_.metrics.request_done(done);
  LogLine line;
  line.level = error.empty() ? LogLevel::info : LogLevel::warn;
  if (!context_.log.wants(line.level)) return;
  line.event = error.empty() ? "request" : "reply_failed";
  line.request_id = exchange.request_id;
  line.route = exchange.route ? exchange.route->name : "none";
  line.repo = exchange.repo;
  line.revision = exchange.revision;
  line.status = exchange.status;
  line.bytes = exchange.sent_bytes;
  line.ms = std::chrono::duration<double, std::milli>(took).count();
  line.err = error;
  context_.log.write(line);
}

}  // namespace waag::daemon
