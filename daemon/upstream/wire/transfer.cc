#include "daemon/upstream/wire/transfer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

#include "daemon/version.h"
#include "protocol/http/field.h"

namespace waag::daemon {
namespace {

/// Read of a redirect's own body, so that its connection can be used again; of a longer one the
/// connection is dropped.
constexpr std::uint64_t redirect_body_bytes_max = 64 * 1024;
/// What is read at once, so also what still comes after a pause.
constexpr long buffer_bytes = 256 * 1024;
constexpr long limited_buffer_bytes = 16 * 1024;

using boost::asio::ip::address;

std::optional<address> address_of(const curl_sockaddr& from) {
  const auto* raw = &from.addr;
  if (from.family == AF_INET && from.addrlen >= sizeof(sockaddr_in)) {
    sockaddr_in v4{};
    std::memcpy(&v4, raw, sizeof v4);
    return boost::asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (from.family != AF_INET6 || from.addrlen < sizeof(sockaddr_in6)) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, raw, sizeof v6);
  boost::asio::ip::address_v6::bytes_type bytes{};
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return boost::asio::ip::address_v6(bytes);
}

/// Headers that this client alone decides on.
bool is_own_header(std::string_view name) {
  for (const auto own : {"Accept-Encoding", "Connection", "Content-Length", "Expect", "Host",
                         "Range", "Transfer-Encoding"})
    if (http::equal_nocase(name, own)) return true;
  return false;
}

bool is_credential(std::string_view name) {
  return http::equal_nocase(name, "Authorization") || http::equal_nocase(name, "Cookie");
}

/// What curl says of a transfer, without what a peer could have put into it.
Error from_curl(CURLcode code, const std::string& host) {
  const bool late = code == CURLE_OPERATION_TIMEDOUT;
  return fail(late ? Errc::deadline_exceeded : Errc::upstream_failed,
              host + ": " + curl_easy_strerror(code));
}

}  // namespace

WireTransfer::WireTransfer(const WireSettings& settings, UpstreamRequest request,
                           std::shared_ptr<UpstreamSink> sink, BodyKind kind)
    : settings_(settings),
      request_(std::move(request)),
      sink_(std::move(sink)),
      kind_(kind),
      easy_(curl_easy_init()) {}

Status WireTransfer::start() {
  if (!easy_) return fail(Errc::unavailable, "cannot start curl");
  WAAG_CHECK(check_request());
  WAAG_TRY(hop_, parse_hop_url(request_.url));
  return prepare();
}

Status WireTransfer::check_request() const {
  if (!http::is_token(request_.method)) return fail(Errc::invalid_argument, "malformed method");
  for (const auto& [name, value] : request_.headers.all())
    if (!http::is_token(name) || !http::is_field_value(value))
      return fail(Errc::invalid_argument, "malformed header for an upstream");
  const auto& range = request_.range ? request_.range : request_.range_asked;
  if (range && (range->last < range->first || request_.method != "GET"))
    return fail(Errc::invalid_argument, "malformed range for an upstream");
  return ok();
}

Status WireTransfer::prepare() {
  WAAG_CHECK(settings_.rules.check(hop_));
  head_ = {};
  received_ = 0;
  redirecting_ = false;
  refused_.clear();
  last_move_ = Clock::now();
  curl_easy_reset(easy_.get());
  set_connection();
  set_limits();
  set_method();
  return set_headers();
}

void WireTransfer::set_connection() {
  const auto& options = settings_.options;
  auto* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_URL, hop_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, hop_.origin.tls ? "https" : "http");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());  // "": not the environment's
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(
      easy, CURLOPT_HTTP_VERSION,
      static_cast<long>(kind_ == BodyKind::reply ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, nullptr);
  }
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
}

void WireTransfer::set_limits() {
  auto* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, has_rate() ? limited_buffer_bytes : buffer_bytes);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(settings_.options.connect_time.count()));
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
}

void WireTransfer::set_method() {
  auto* easy = easy_.get();
  if (request_.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  if (request_.method == "GET") return;
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(request_.body.size()));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.c_str());
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

Status WireTransfer::set_headers() {
  CurlList list;
  bool full = true;
  const auto add = [&](const std::string& line) {
    auto* longer = curl_slist_append(list.get(), line.c_str());
    full = full && longer != nullptr;
    if (longer == nullptr) return;
    static_cast<void>(list.release());
    list.reset(longer);
  };
  add("Accept-Encoding: identity");
  add("Expect:");  // no 100-continue round trip for our short bodies
  if (!request_.headers.get("User-Agent")) add("User-Agent: waag/" + std::string(program_version));
  if (!request_.headers.get("Content-Type")) add("Content-Type:");  // else curl calls it a form
  for (const auto& [name, value] : request_.headers.all()) {
    if (is_own_header(name) || (is_credential(name) && !at_home_)) continue;
    add(value.empty() ? name + ";" : name + ": " + value);
  }
  const auto& range = request_.range ? request_.range : request_.range_asked;
  if (range)
    add("Range: bytes=" + std::to_string(range->first) + "-" + std::to_string(range->last));
  if (!full) return fail(Errc::unavailable, "no memory for headers");
  header_list_ = std::move(list);
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, header_list_.get());
  return ok();
}

Status WireTransfer::take_head_line(std::string_view line) {
  const bool had_head = head_.complete();
  WAAG_CHECK(head_.take(line));
  moved(line.size());
  return !had_head && head_.complete() ? take_head() : ok();
}

Status WireTransfer::take_head() {
  last_move_ = Clock::now();
  since_move_ = 0;
  if (hops_ == 0) reply_.first = head_.headers();
  redirecting_ = request_.follow && is_redirect(head_.status(), head_.headers());
  if (redirecting_) return ok();
  WAAG_TRY(plan_, plan_body(request_, head_.status(), head_.headers()));
  reply_.status = head_.status();
  reply_.headers = head_.headers();
  reply_.url = hop_.url;
  began_ = true;
  return sink_->begin(reply_);
}

Status WireTransfer::take_body(ByteView bytes) {
  moved(bytes.size());
  received_ += bytes.size();
  granted_ -= static_cast<std::int64_t>(bytes.size());
  if (request_.throttle) request_.throttle->took(bytes.size());
  if (redirecting_) {
    enough_ = received_ > redirect_body_bytes_max;
    return ok();
  }
  if (!began_) return fail(Errc::upstream_failed, "a body before its head");
  const auto planned = plan_.bytes.value_or(received_);
  if (received_ > planned && !plan_.cut)
    return fail(Errc::upstream_failed, "more bytes than announced");
  if (received_ > planned) {
    bytes = bytes.first(bytes.size() - static_cast<std::size_t>(received_ - planned));
    received_ = planned;
  }
  enough_ = plan_.cut && received_ == planned;
  if (!bytes.empty()) WAAG_CHECK(sink_->write(bytes));
  if (!enough_) pause_if_needed();
  return ok();
}

void WireTransfer::pause_if_needed() {
  sink_full_ = sink_full_ || sink_->full();
  no_grant_ = settings_.options.rate_bytes > 0 && granted_ <= 0;
  throttled_ = request_.throttle && !request_.throttle->open(Clock::now());
  if (paused()) curl_easy_pause(easy_.get(), CURLPAUSE_RECV);
}

bool WireTransfer::end_hop(CURLcode code) {
  const bool whole = code == CURLE_OK || enough_;
  if (error_) {
    outcome_ = *error_;
  } else if (!refused_.empty() && !head_.complete()) {
    outcome_ = fail(Errc::upstream_failed, "address not allowed: " + refused_);
  } else if (!whole) {
    outcome_ = from_curl(code, hop_.origin.host);
  } else if (!head_.complete()) {
    outcome_ = fail(Errc::upstream_failed, hop_.origin.host + ": no reply");
  } else if (redirecting_) {
    enough_ = false;
    outcome_ = follow();
    return outcome_.has_value();
  } else if (plan_.bytes && received_ != *plan_.bytes) {
    outcome_ = fail(Errc::upstream_failed, hop_.origin.host + ": fewer bytes than announced");
  } else {
    outcome_ = ok();
  }
  return false;
}

Status WireTransfer::follow() {
  const auto as_upstream = [](Error error) {
    return fail(Errc::upstream_failed, std::move(error.what));
  };
  if (++hops_ > HttpClient::redirects_max) return fail(Errc::upstream_failed, "too many redirects");
  auto next = resolve_location(hop_, *head_.headers().get("Location"));
  if (!next) return as_upstream(std::move(next).error());
  const auto status = head_.status();
  const bool plain = request_.method == "GET" || request_.method == "HEAD";
  if (!plain && status != 307 && status != 308)
    return fail(Errc::upstream_failed, "a redirect that would change the method");
  at_home_ = at_home_ && next->origin == hop_.origin;
  hop_ = *std::move(next);
  return prepare();
}

void WireTransfer::finish(Status status) {
  const auto sink = std::move(sink_);
  if (sink) sink->done(std::move(status));
}

bool WireTransfer::has_rate() const {
  return settings_.options.rate_bytes > 0 || (request_.throttle && request_.throttle->rate() > 0);
}

void WireTransfer::moved(std::size_t bytes) {
  since_move_ += bytes;
  // A limited rate may be slower than any floor.
  const auto floor = has_rate() ? 1 : settings_.options.idle_bytes;
  if (since_move_ < floor) return;
  since_move_ = 0;
  last_move_ = Clock::now();
}

Status WireTransfer::check_time(Clock::time_point now) const {
  if (request_.time_max.count() > 0 && now >= started_ + request_.time_max)
    return fail(Errc::deadline_exceeded, hop_.origin.host + ": no whole reply in time");
  if (!paused() && now >= last_move_ + settings_.options.idle_time)
    return fail(Errc::deadline_exceeded, hop_.origin.host + ": sends nothing");
  return ok();
}

WireTransfer::Clock::time_point WireTransfer::next_check() const {
  const auto idle = paused() ? Clock::time_point::max() : last_move_ + settings_.options.idle_time;
  if (request_.time_max.count() == 0) return idle;
  return std::min(idle, started_ + request_.time_max);
}

void WireTransfer::resume() {
  if (!std::exchange(sink_full_, false)) return;
  go_on();
}

void WireTransfer::grant(std::uint64_t bytes) {
  granted_ = std::min<std::int64_t>(granted_, 0) + static_cast<std::int64_t>(bytes);
  if (granted_ > 0 && std::exchange(no_grant_, false)) go_on();
}

void WireTransfer::look_at_throttle(Clock::time_point now) {
  if (!throttled_ || !request_.throttle->open(now)) return;
  throttled_ = false;
  go_on();
}

void WireTransfer::go_on() {
  last_move_ = Clock::now();
  if (!paused()) curl_easy_pause(easy_.get(), CURLPAUSE_CONT);
}

std::size_t WireTransfer::guarded(std::size_t bytes, Status status) {
  if (!status && !error_) error_ = std::move(status).error();
  return error_ || enough_ ? 0 : bytes;  // 0 ends the transfer, but for nothing to take
}

std::size_t WireTransfer::on_header(char* data, std::size_t, std::size_t bytes, void* self) {
  auto& transfer = *static_cast<WireTransfer*>(self);
  try {
    return transfer.guarded(bytes, transfer.take_head_line({data, bytes}));
  } catch (const std::exception& thrown) {
    return transfer.guarded(bytes, fail(Errc::unavailable, thrown.what()));
  }
}

std::size_t WireTransfer::on_body(char* data, std::size_t, std::size_t bytes, void* self) {
  auto& transfer = *static_cast<WireTransfer*>(self);
  try {
    return transfer.guarded(bytes, transfer.take_body(std::as_bytes(std::span(data, bytes))));
  } catch (const std::exception& thrown) {
    return transfer.guarded(bytes, fail(Errc::unavailable, thrown.what()));
  }
}

bool WireTransfer::allows(const address& given) {
  if (!settings_.options.proxy.empty()) return true;  // this is the proxy's
  if (settings_.rules.allows(hop_.origin, given)) return true;
  refused_ = given.to_string();
  return false;
}

curl_socket_t WireTransfer::on_socket(void* self, curlsocktype, curl_sockaddr* to) {
  try {
    const auto given = address_of(*to);
    if (!given || !static_cast<WireTransfer*>(self)->allows(*given)) return CURL_SOCKET_BAD;
    return ::socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
  } catch (const std::exception&) {
    return CURL_SOCKET_BAD;
  }
}

}  // namespace waag::daemon
