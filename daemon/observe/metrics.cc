#include "daemon/observe/metrics.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <unistd.h>

#include "daemon/version.h"

namespace waag::daemon {
namespace {

constexpr std::string_view method_names[] = {"GET",    "HEAD",    "POST", "PUT",
                                             "DELETE", "OPTIONS", "PATCH"};
constexpr std::string_view direction_names[] = {"upload", "download"};
constexpr std::string_view outcome_names[] = {"ok", "error", "cancelled", "other"};
constexpr std::string_view failure_names[] = {"bad_credentials", "expired", "forbidden"};

template <class... Args>
void line(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
  out += '\n';
}

void head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  line(out, "# HELP {} {}", name, help);
  line(out, "# TYPE {} {}", name, type);
}

std::uint64_t load(const std::atomic<std::uint64_t>& counter) {
  return counter.load(std::memory_order_relaxed);
}

/// Resident memory in bytes. Source: proc(5), /proc/self/statm, second field in pages.
std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  if (!(statm >> total >> resident)) return 0;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

Metrics::Metrics(std::span<const Route> routes) : routes_(routes) {
  rows_.reserve(routes.size() + 1);
  for (std::size_t i = 0; i <= routes.size(); ++i) rows_.push_back(std::make_unique<Row>());
}

void Metrics::request_done(const Done& done) {
  constexpr auto relaxed = std::memory_order_relaxed;
  const auto index =
      done.route ? static_cast<std::size_t>(done.route - routes_.data()) : routes_.size();
  Row& row = *rows_[std::min(index, routes_.size())];
  const auto status = std::ranges::lower_bound(statuses, done.status);
  const bool listed = status != statuses.end() && *status == done.status;
  const auto code = listed ? static_cast<std::size_t>(status - statuses.begin()) : statuses.size();
  row.requests[static_cast<std::size_t>(done.method)][code].fetch_add(1, relaxed);
  const double seconds = std::chrono::duration<double>(done.duration).count();
  const auto bound = std::ranges::lower_bound(duration_bounds_s, seconds);
  row.buckets[static_cast<std::size_t>(bound - duration_bounds_s.begin())].fetch_add(1, relaxed);
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(done.duration).count();
  row.duration_us.fetch_add(static_cast<std::uint64_t>(us), relaxed);
  bytes_received_.fetch_add(done.bytes_received, relaxed);
  bytes_sent_.fetch_add(done.bytes_sent, relaxed);
  inflight_.fetch_sub(1, relaxed);
}

void Metrics::client_transfer(const ClientTransfer& transfer) {
  constexpr auto relaxed = std::memory_order_relaxed;
  auto& row = clients_[static_cast<std::size_t>(transfer.direction)];
  row.transfers[static_cast<std::size_t>(transfer.outcome)].fetch_add(1, relaxed);
  row.files.fetch_add(transfer.files, relaxed);
  row.bytes.fetch_add(transfer.bytes, relaxed);
  row.transfer_bytes.fetch_add(transfer.transfer_bytes, relaxed);
  row.dedup_bytes.fetch_add(transfer.dedup_bytes, relaxed);
  row.duration_ms.fetch_add(transfer.duration_ms, relaxed);
}

std::string_view Metrics::row_name(std::size_t index) const {
  return index < routes_.size() ? routes_[index].name : std::string_view("none");
}

void Metrics::append_requests(std::string& out) const {
  head(out, "waag_http_requests", "counter", "Requests answered.");
  for (std::size_t i = 0; i < rows_.size(); ++i)
    for (std::size_t m = 0; m < methods; ++m)
      for (std::size_t s = 0; s <= statuses.size(); ++s) {
        const auto count = load(rows_[i]->requests[m][s]);
        if (count == 0) continue;
        const auto code = s < statuses.size() ? fmt::format("{}", statuses[s]) : "other";
        line(out, "waag_http_requests_total{{route=\"{}\",method=\"{}\",code=\"{}\"}} {}",
             row_name(i), method_names[m], code, count);
      }
}

void Metrics::append_durations(std::string& out) const {
  constexpr std::string_view name = "waag_http_request_duration_seconds";
  head(out, name, "histogram", "From the request's head to the last byte of its reply.");
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = *rows_[i];
    std::uint64_t count = 0;
    for (const auto& bucket : row.buckets) count += load(bucket);
    if (count == 0) continue;
    std::uint64_t sum = 0;
    for (std::size_t b = 0; b < duration_bounds_s.size(); ++b) {
      sum += load(row.buckets[b]);
      line(out, "{}_bucket{{route=\"{}\",le=\"{}\"}} {}", name, row_name(i), duration_bounds_s[b],
           sum);
    }
    line(out, "{}_bucket{{route=\"{}\",le=\"+Inf\"}} {}", name, row_name(i), count);
    line(out, "{}_sum{{route=\"{}\"}} {:.6f}", name, row_name(i),
         static_cast<double>(load(row.duration_us)) / 1e6);
    line(out, "{}_count{{route=\"{}\"}} {}", name, row_name(i), count);
  }
}

void Metrics::append_clients(std::string& out) const {
  const auto each = [&](std::string_view name, std::string_view help, auto value) {
    head(out, name, "counter", help);
    for (std::size_t d = 0; d < clients_.size(); ++d)
      line(out, "{}_total{{direction=\"{}\"}} {}", name, direction_names[d], value(clients_[d]));
  };
  constexpr std::string_view transfers = "waag_xet_client_transfers";
  head(out, transfers, "counter", "Xet transfers that clients report as over.");
  for (std::size_t d = 0; d < clients_.size(); ++d)
    for (std::size_t o = 0; o < clients_[d].transfers.size(); ++o)
      line(out, "{}_total{{direction=\"{}\",outcome=\"{}\"}} {}", transfers, direction_names[d],
           outcome_names[o], load(clients_[d].transfers[o]));
  each("waag_xet_client_files", "Files of these transfers.",
       [](const ClientRow& row) { return load(row.files); });
  each("waag_xet_client_file_bytes", "Bytes of these files.",
       [](const ClientRow& row) { return load(row.bytes); });
  each("waag_xet_client_transfer_bytes", "Bytes that crossed the network for them.",
       [](const ClientRow& row) { return load(row.transfer_bytes); });
  each("waag_xet_client_dedup_bytes", "Bytes of uploads that the hub had already.",
       [](const ClientRow& row) { return load(row.dedup_bytes); });
  each("waag_xet_client_seconds", "Time that these transfers took.",
       [](const ClientRow& row) { return static_cast<double>(load(row.duration_ms)) / 1e3; });
}

void Metrics::append_upstreams(std::string& out, const Gauges& gauges) {
  if (gauges.upstreams.empty()) return;
  head(out, "waag_fills", "gauge", "Files on their way from an upstream.");
  line(out, "waag_fills {}", gauges.fills);
  if (gauges.xet_bytes) {
    head(out, "waag_xet_fill_bytes", "counter",
         "Bytes of files on their way, by the road they took.");
    line(out, "waag_xet_fill_bytes_total{{road=\"plain\"}} {}", gauges.xet_bytes->plain);
    line(out, "waag_xet_fill_bytes_total{{road=\"xet\"}} {}", gauges.xet_bytes->xet);
    line(out, "waag_xet_fill_bytes_total{{road=\"local\"}} {}", gauges.xet_bytes->local);
  }
  const auto each = [&](std::string_view name, std::string_view kind, std::string_view about,
                        std::string_view ending, auto value) {
    head(out, name, kind, about);
    for (const auto& row : gauges.upstreams)
      line(out, "{}{}{{upstream=\"{}\"}} {}", name, ending, row.url, value(row));
  };
  using Row = Gauges::Upstream;
  each("waag_upstream_down", "gauge", "1 while the upstream is not called.", "",
       [](const Row& row) { return row.down ? 1 : 0; });
  each("waag_upstream_calls", "counter", "Calls to the upstream.", "_total",
       [](const Row& row) { return row.calls; });
  each("waag_upstream_failures", "counter", "Calls that had no good answer.", "_total",
       [](const Row& row) { return row.failures; });
  each("waag_upstream_limited", "counter", "Answers that asked for fewer calls.", "_total",
       [](const Row& row) { return row.limited; });
  each("waag_upstream_bytes", "counter", "Bytes of files that came from the upstream.", "_total",
       [](const Row& row) { return row.bytes; });
}

void Metrics::append_jobs(std::string& out, const std::vector<Gauges::Jobs>& jobs) {
  head(out, "waag_jobs", "gauge", "Jobs that are not over.");
  for (const auto& row : jobs)
    if (!row.over)
      line(out, "waag_jobs{{kind=\"{}\",state=\"{}\"}} {}", row.kind, row.state, row.count);
  head(out, "waag_jobs_over", "counter", "Jobs that have ended, and how.");
  for (const auto& row : jobs)
    if (row.over)
      line(out, "waag_jobs_over_total{{kind=\"{}\",state=\"{}\"}} {}", row.kind, row.state,
           row.count);
}

std::string Metrics::text(const Gauges& gauges) const {
  std::string out;
  head(out, "waag_build", "info", "The running version.");
  line(out, "waag_build_info{{version=\"{}\"}} 1", program_version);
  append_requests(out);
  append_durations(out);
  head(out, "waag_http_inflight", "gauge", "Requests being answered now.");
  line(out, "waag_http_inflight {}", inflight_.load(std::memory_order_relaxed));
  head(out, "waag_http_connections", "gauge", "Open connections.");
  line(out, "waag_http_connections {}", connections_.load(std::memory_order_relaxed));
  head(out, "waag_http_connections_refused", "counter", "Connections over the limit.");
  line(out, "waag_http_connections_refused_total {}", load(refused_));
  head(out, "waag_http_received_bytes", "counter", "Request bytes, heads included.");
  line(out, "waag_http_received_bytes_total {}", load(bytes_received_));
  head(out, "waag_http_sent_bytes", "counter", "Response bytes, heads included.");
  line(out, "waag_http_sent_bytes_total {}", load(bytes_sent_));
  head(out, "waag_auth_failures", "counter", "Refused credentials and rights.");
  for (std::size_t i = 0; i < auth_failures_.size(); ++i)
    line(out, "waag_auth_failures_total{{reason=\"{}\"}} {}", failure_names[i],
         load(auth_failures_[i]));
  head(out, "waag_store_bytes", "gauge", "Bytes as users see them, and as they lie on disk.");
  line(out, "waag_store_bytes{{kind=\"logical\"}} {}", gauges.store_logical_bytes);
  line(out, "waag_store_bytes{{kind=\"physical\"}} {}", gauges.store_physical_bytes);
  head(out, "waag_store_free_bytes", "gauge", "Free bytes of the disk under the store.");
  line(out, "waag_store_free_bytes {}", gauges.store_free_bytes);
  head(out, "waag_store_repos", "gauge", "Repositories.");
  line(out, "waag_store_repos {}", gauges.repos);
  head(out, "waag_process_resident_bytes", "gauge", "Resident memory of the daemon.");
  line(out, "waag_process_resident_bytes {}", resident_bytes());
  append_clients(out);
  append_jobs(out, gauges.jobs);
  append_upstreams(out, gauges);
  out += "# EOF\n";
  return out;
}

}  // namespace waag::daemon
