#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "daemon/http/message.h"
#include "storage/os/clock.h"

namespace waag::daemon {

/// What an upstream counts apart, by the names of its RateLimit header. Source: HUB_API 2.6.
enum class UpstreamBucket : std::uint8_t {
  api,
  resolvers,  // HEAD and GET of files
  pages,      // git and web
  other,      // Xet and file servers, which have no budget
};
inline constexpr std::size_t upstream_buckets = 4;
std::string_view to_string(UpstreamBucket bucket);

/// Who waits for the call: somebody now, or a mirror's job, which leaves a rest of the budget to
/// the others.
enum class UpstreamPriority : std::uint8_t { demand, job };

/// One budget as a header tells it: `"api";r=97;t=200`.
struct RateBudget {
  UpstreamBucket bucket{UpstreamBucket::other};
  std::uint64_t remaining = 0;
  std::chrono::seconds reset{0};
};
/// All known buckets of the RateLimit headers; what is malformed or unknown is left out.
std::vector<RateBudget> parse_rate_limit(const Headers& headers);
/// Quota of a bucket by its RateLimit-Policy header, `"fixed window";"api";q=500;w=300`.
std::optional<std::uint64_t> parse_rate_quota(const Headers& headers, UpstreamBucket bucket);
/// Seconds or a date, which is read against the reply's own Date header if it has one.
std::optional<std::chrono::milliseconds> parse_retry_after(const Headers& headers,
                                                           std::chrono::milliseconds now);

/// Keeps the calls of one identity (token and host) to one upstream within what that grants: one
/// budget for all who call, a stop for all when it says "later", and none at all while it is down.
/// Thread-safe.
class Governor {
 public:
  using Millis = std::chrono::milliseconds;
  struct Options {
    unsigned failures_max = 5;  // in a row; then nobody calls; 0: however many
    Millis open_time{30'000};   // for so long; then one call probes
    Millis backoff_base{500};
    Millis backoff_max{60'000};
    Millis hold_max{3'600'000};     // of what an upstream may make us wait
    unsigned reserve_percent = 10;  // of a bucket's quota, for demand
  };

  Governor(Options options, storage::Clock& clock, storage::Random& random)
      : options_(options), clock_(clock), random_(random) {}

  /// Asks for one call.
  /// @return zero: it may be made now, and answered(), failed() or abandoned() must be called after
  ///         it; else how long to wait before asking again; Errc::upstream_failed while the
  ///         upstream counts as down
  Result<Millis> admit(UpstreamBucket bucket, UpstreamPriority priority);
  /// Waits for admission. Blocks.
  /// @return Errc::too_many_requests at once if that would last beyond `deadline`,
  ///         Errc::upstream_failed as admit(), Errc::unavailable after close()
  Status wait(UpstreamBucket bucket, UpstreamPriority priority,
              std::chrono::steady_clock::time_point deadline);
  /// A reply came, of any status.
  void answered(UpstreamBucket bucket, unsigned status, const Headers& headers);
  /// None came. Calls under way side by side that fail within a second fail for one reason: in the
  /// row they are one failure.
  void failed(UpstreamBucket bucket);
  /// The call was given up for a reason of our own: says nothing of the upstream.
  void abandoned(UpstreamBucket bucket);
  void count_bytes(std::uint64_t bytes);
  /// How long to wait before try number `attempt` (from 1): doubled each time, at most backoff_max,
  /// of which half is drawn by lot.
  Millis backoff(unsigned attempt, Millis base);
  /// Waits so long. @return Errc::unavailable after close()
  Status pause(Millis length);
  /// Ends all waiting, at shutdown.
  void close();

  enum class State : std::uint8_t { closed, open, half_open };
  struct BucketSnapshot {
    UpstreamBucket bucket{UpstreamBucket::other};
    std::optional<std::uint64_t> remaining;  // as the upstream said last; nullopt: it says nothing
    std::optional<std::uint64_t> quota;
    Millis held{0};  // nobody calls for so long
    std::uint64_t calls = 0;
    std::uint64_t limited = 0;  // replies of 429 or 503
  };
  struct Snapshot {
    State state{State::closed};
    Millis until_probe{0};
    unsigned failures_in_a_row = 0;
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;
    std::uint64_t bytes = 0;
    std::array<BucketSnapshot, upstream_buckets> buckets;
  };
  [[nodiscard]] Snapshot snapshot() const;

 private:
  /// A stretch of time that ends by itself, also if the clock is set back.
  struct Hold {
    Millis start{0};
    Millis length{0};
    [[nodiscard]] Millis left(Millis now) const {
      return now < start || now >= start + length ? Millis(0) : start + length - now;
    }
  };
  struct Budget {
    std::optional<std::uint64_t> remaining;
    Hold window;  // in which `remaining` holds
    std::optional<std::uint64_t> quota;
    Hold stop;
    unsigned stops_in_a_row = 0;
    std::uint64_t in_flight = 0;
    std::uint64_t calls = 0;
    std::uint64_t limited = 0;
  };
  Budget& budget(UpstreamBucket bucket) { return budgets_[static_cast<std::size_t>(bucket)]; }
  [[nodiscard]] Millis wait_for_budget(Budget& of, UpstreamPriority priority, Millis now) const;
  Status pass_breaker(Millis now);
  void take_limits(UpstreamBucket bucket, const Headers& headers, Millis now);
  void stop(Budget& of, const Headers& headers, Millis now);
  void count_failure(bool excused, Millis now);
  bool leave(UpstreamBucket bucket, Millis now);
  void hold(Hold& which, Millis length, Millis now) const;
  Millis backoff_locked(unsigned attempt, Millis base);

  const Options options_;
  storage::Clock& clock_;
  storage::Random& random_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::array<Budget, upstream_buckets> budgets_;
  State state_ = State::closed;
  Hold open_;   // no call at all
  Hold probe_;  // one is under way; if its end is never told, another may follow
  unsigned failures_in_a_row_ = 0;
  std::uint64_t beside_ = 0;  // calls that were under way at the last failure in the row
  Hold one_event_;            // in which they fail for the same reason
  std::uint64_t failures_ = 0;
  std::uint64_t bytes_ = 0;
  bool closed_ = false;
};

}  // namespace waag::daemon
