#include "daemon/auth/rate_limiter.h"

#include <boost/asio/ip/address.hpp>

#include "protocol/bytes.h"

namespace waag::daemon {
namespace {

/// How often a full table is looked through for windows that are over.
constexpr std::chrono::milliseconds sweep_pause{1000};
constexpr std::size_t network_bytes = 8;  // of an IPv6 address

std::chrono::milliseconds length_of(const Config::RateLimit& limits) {
  return std::chrono::seconds(limits.window_s);
}

}  // namespace

Bucket bucket_of(const Route& route) {
  if (route.policy == Policy::none || route.policy == Policy::signed_href) return Bucket::none;
  if (route.policy == Policy::xet_token) return Bucket::resolvers;
  const auto has = [&route](std::string_view part) {
    return route.path.find(part) != std::string_view::npos;
  };
  return has("/resolve/") || has("/resolve-cache/") || has("/raw/") ? Bucket::resolvers
                                                                    : Bucket::api;
}

std::string caller_of(const Identity& who, std::string_view remote) {
  if (!who.anonymous()) return who.user;
  boost::system::error_code bad;
  const auto address = asio::ip::make_address(std::string(remote), bad);
  if (bad || !address.is_v6() || address.to_v6().is_v4_mapped()) return std::string(remote);
  const auto bytes = address.to_v6().to_bytes();
  return to_hex(std::as_bytes(std::span(bytes).first(network_bytes)));
}

bool RateLimiter::over(const Window& window, std::chrono::milliseconds now) const {
  // A clock that was set back must not keep anybody out.
  return now < window.start || now - window.start >= length_of(limits_);
}

void RateLimiter::sweep(Callers& callers, std::chrono::milliseconds now) {
  if (now >= callers.swept && now - callers.swept < sweep_pause) return;
  callers.swept = now;
  std::erase_if(callers.windows, [&](const auto& item) { return over(item.second, now); });
}

RateLimiter::Window& RateLimiter::window_of(Callers& callers, std::string caller,
                                            std::chrono::milliseconds now) {
  const auto found = callers.windows.find(caller);
  if (found != callers.windows.end()) return found->second;
  if (callers.windows.size() >= callers_max) sweep(callers, now);
  if (callers.windows.size() >= callers_max) return callers.newcomers;
  return callers.windows[std::move(caller)];
}

std::optional<RateLimiter::Count> RateLimiter::take(Bucket bucket, const Identity& who,
                                                    std::string_view remote) {
  if (bucket == Bucket::none) return std::nullopt;
  const bool files = bucket == Bucket::resolvers;
  const std::uint64_t quota = files ? limits_.resolvers : limits_.api;
  if (quota == 0) return std::nullopt;
  const auto now = clock_.now();
  auto caller = caller_of(who, remote);
  const std::lock_guard lock(mutex_);
  auto& window = window_of(callers_[files][!who.anonymous()], std::move(caller), now);
  if (over(window, now)) window = Window{now, 0};
  Count count;
  count.bucket = files ? "resolvers" : "api";
  count.quota = quota;
  count.allowed = window.used < quota;
  if (count.allowed) ++window.used;
  count.left = quota - window.used;
  const auto rest = window.start + length_of(limits_) - now;
  count.reset_s = std::chrono::ceil<std::chrono::seconds>(rest).count();
  count.window_s = limits_.window_s;
  return count;
}

std::shared_ptr<RateLimiter> make_rate_limiter(const Config& config, storage::Clock& clock) {
  return std::make_shared<RateLimiter>(config.rate_limit, clock);
}

void tell_limit(Response& response, const RateLimiter::Count& count) {
  const auto bucket = "\"" + std::string(count.bucket) + "\"";
  const auto reset = std::to_string(count.reset_s);
  response.headers.set("RateLimit", bucket + ";r=" + std::to_string(count.left) + ";t=" + reset);
  response.headers.set("RateLimit-Policy", "\"fixed window\";" + bucket +
                                               ";q=" + std::to_string(count.quota) +
                                               ";w=" + std::to_string(count.window_s));
  if (!count.allowed) response.headers.set("Retry-After", reset);
}

}  // namespace waag::daemon
