#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/http/routes.h"

namespace waag::daemon {

enum class AuthFailure : std::uint8_t { bad_credentials, expired, forbidden, count };

/// What a Xet client says of a transfer when it is over.
struct ClientTransfer {
  enum class Direction : std::uint8_t { upload, download, count };
  enum class Outcome : std::uint8_t { ok, error, cancelled, other, count };
  Direction direction{Direction::upload};
  Outcome outcome{Outcome::ok};
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;           // of the files
  std::uint64_t transfer_bytes = 0;  // that crossed the network
  std::uint64_t dedup_bytes = 0;     // that need not
  std::uint64_t duration_ms = 0;
};

/// Every metric of the daemon. Counters are relaxed atomics: writers never wait for each other or
/// for a scrape. Labels come from closed sets: the route's name, the method, the status.
class Metrics {
 public:
  /// Upper bounds of the duration histogram, in seconds.
  static constexpr std::array<double, 12> duration_bounds_s = {
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0};
  struct Done {
    const Route* route = nullptr;  // one of the constructor's rows; nullptr: no route matched
    Method method{Method::get};
    unsigned status = 0;
    std::chrono::steady_clock::duration duration{};
    std::uint64_t bytes_received = 0;
    std::uint64_t bytes_sent = 0;
  };
  /// What only the store and the system know at the time of a scrape.
  struct Gauges {
    std::uint64_t store_logical_bytes = 0;
    std::uint64_t store_physical_bytes = 0;
    std::uint64_t store_free_bytes = 0;
    std::uint64_t repos = 0;
    struct Jobs {
      std::string kind;  // one of those that the daemon knows
      std::string_view state;
      bool over = false;  // then counted since the start
      std::uint64_t count = 0;
    };
    std::vector<Jobs> jobs;
    struct Upstream {
      std::string url;  // of the configuration
      bool down = false;
      std::uint64_t calls = 0;
      std::uint64_t failures = 0;
      std::uint64_t limited = 0;
      std::uint64_t bytes = 0;
    };
    std::vector<Upstream> upstreams;
    std::uint64_t fills = 0;
    struct XetBytes {
      std::uint64_t plain = 0;  // of files that might have come by Xet
      std::uint64_t xet = 0;
      std::uint64_t local = 0;  // of chunks that were here already
    };
    std::optional<XetBytes> xet_bytes;
  };

  /// @param routes  the rows that Done::route points into; must outlive this
  explicit Metrics(std::span<const Route> routes);

  void request_started() { inflight_.fetch_add(1, std::memory_order_relaxed); }
  void request_done(const Done& done);
  void connection_opened() { connections_.fetch_add(1, std::memory_order_relaxed); }
  void connection_closed() { connections_.fetch_sub(1, std::memory_order_relaxed); }
  void connection_refused() { refused_.fetch_add(1, std::memory_order_relaxed); }
  void auth_failed(AuthFailure reason) {
    auth_failures_[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
  }

  void client_transfer(const ClientTransfer& transfer);

  /// OpenMetrics text 1.0. Source: prometheus/OpenMetrics, specification/OpenMetrics.md.
  [[nodiscard]] std::string text(const Gauges& gauges) const;

 private:
  using Counter = std::atomic<std::uint64_t>;
  static constexpr std::size_t methods = 7;
  static constexpr std::array<unsigned, 28> statuses = {
      200, 201, 202, 204, 206, 301, 302, 304, 307, 400, 401, 403, 404, 405,
      408, 409, 410, 412, 413, 416, 422, 429, 500, 501, 502, 503, 504, 507};
  struct Row {
    std::array<std::array<Counter, statuses.size() + 1>, methods>
        requests{};  // last: other statuses
    std::array<Counter, duration_bounds_s.size() + 1> buckets{};
    Counter duration_us{0};
  };
  struct ClientRow {
    std::array<Counter, static_cast<std::size_t>(ClientTransfer::Outcome::count)> transfers{};
    Counter files{0}, bytes{0}, transfer_bytes{0}, dedup_bytes{0}, duration_ms{0};
  };
  void append_requests(std::string& out) const;
  void append_durations(std::string& out) const;
  static void append_jobs(std::string& out, const std::vector<Gauges::Jobs>& jobs);
  static void append_upstreams(std::string& out, const Gauges& gauges);
  void append_clients(std::string& out) const;
  [[nodiscard]] std::string_view row_name(std::size_t index) const;

  const std::span<const Route> routes_;
  std::vector<std::unique_ptr<Row>> rows_;  // one per route, and a last one for "none"
  std::array<ClientRow, static_cast<std::size_t>(ClientTransfer::Direction::count)> clients_{};
  Counter bytes_received_{0};
  Counter bytes_sent_{0};
  Counter refused_{0};
  std::atomic<std::int64_t> inflight_{0};
  std::atomic<std::int64_t> connections_{0};
  std::array<Counter, static_cast<std::size_t>(AuthFailure::count)> auth_failures_{};
};

}  // namespace waag::daemon
