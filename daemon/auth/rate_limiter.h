#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/config.h"
#include "daemon/http/routes.h"
#include "storage/os/clock.h"

/// How many requests one caller may send in a while, told in the headers that clients of the Hub
/// wait by. Off unless configured. Source: HUB_API 2.6.
namespace waag::daemon {

/// What is counted apart: clients ask for many files after one look at a repo.
enum class Bucket : std::uint8_t {
  none,       // never limited: health, and hrefs whose batch was counted
  api,        // everything else
  resolvers,  // files: resolve, raw and the calls of a Xet transfer
};

Bucket bucket_of(const Route& route);

/// Whom a request counts for: the user, else the address (of IPv6 the network of 64 bits that one
/// host commonly has).
std::string caller_of(const Identity& who, std::string_view remote);

/// Counts requests in fixed windows; a caller's window begins with the first request in it, so that
/// not all come back at the same moment. Thread-safe. Memory is bounded: beyond callers_max
/// addresses (or users) in one window, newcomers share one count.
class RateLimiter {
 public:
  static constexpr std::size_t callers_max = 50'000;

  RateLimiter(const Config::RateLimit& limits, storage::Clock& clock)
      : limits_(limits), clock_(clock) {}

  /// What the client is told.
  struct Count {
    std::string_view bucket;  // "api", "resolvers"
    std::uint64_t quota = 0;
    std::uint64_t left = 0;
    std::int64_t reset_s = 0;  // until the window ends, rounded up
    std::int64_t window_s = 0;
    bool allowed = true;
  };
  /// Counts one request. nullopt: not limited.
  std::optional<Count> take(Bucket bucket, const Identity& who, std::string_view remote);

 private:
  struct Window {
    std::chrono::milliseconds start{};
    std::uint64_t used = 0;
  };
  /// The windows of one kind of callers to one bucket.
  struct Callers {
    std::map<std::string, Window, std::less<>> windows;
    Window newcomers;  // of all who found no room
    std::chrono::milliseconds swept{};
  };
  Window& window_of(Callers& callers, std::string caller, std::chrono::milliseconds now);
  void sweep(Callers& callers, std::chrono::milliseconds now);
  [[nodiscard]] bool over(const Window& window, std::chrono::milliseconds now) const;

  const Config::RateLimit limits_;
  storage::Clock& clock_;
  std::mutex mutex_;
  Callers callers_[2][2];  // api or resolvers; addresses or users
};

std::shared_ptr<RateLimiter> make_rate_limiter(const Config& config, storage::Clock& clock);

/// RateLimit and RateLimit-Policy; Retry-After too if the request was one too many.
void tell_limit(Response& response, const RateLimiter::Count& count);

}  // namespace waag::daemon
