#include <algorithm>

#include "daemon/api/common/json_body.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/observe/metrics.h"

/// What clients report of their transfers becomes metrics. Source: XET 5.8; xet-core,
/// xet_data/src/telemetry/payload.rs.
namespace waag::daemon::api {
namespace {

constexpr std::size_t body_bytes_max = 1u << 20;
/// A report of more than that is no report: counters must not be bent by one made-up number.
constexpr std::uint64_t number_max = 1ull << 50;

std::uint64_t number_of(const boost::json::object& metrics, std::string_view name) {
  const auto* value = metrics.if_contains(name);
  boost::system::error_code bad;
  const auto number = value == nullptr ? 0 : value->to_number<std::uint64_t>(bad);
  return bad || number > number_max ? 0 : number;
}

std::string_view text_of(const boost::json::object& metrics, std::string_view name) {
  const auto* value = metrics.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->as_string())
                                                : std::string_view();
}

/// Only of the last report of a transfer: it holds the sums.
std::optional<ClientTransfer> transfer_of(const boost::json::object& body) {
  const auto event = text_of(body, "event");
  const auto* found = body.if_contains("metrics");
  const bool upload = event == "xet_upload_summary";
  if ((!upload && event != "xet_download_summary") || found == nullptr || !found->is_object())
    return std::nullopt;
  const auto& metrics = found->as_object();
  using Outcome = ClientTransfer::Outcome;
  const auto outcome = text_of(metrics, "outcome");
  ClientTransfer transfer;
  transfer.direction =
      upload ? ClientTransfer::Direction::upload : ClientTransfer::Direction::download;
  transfer.outcome = outcome == "ok"          ? Outcome::ok
                     : outcome == "error"     ? Outcome::error
                     : outcome == "cancelled" ? Outcome::cancelled
                                              : Outcome::other;
  transfer.files = number_of(metrics, "n_files");
  transfer.bytes = number_of(metrics, "total_bytes");
  transfer.transfer_bytes = number_of(metrics, "transfer_bytes_completed");
  transfer.dedup_bytes = number_of(metrics, "dedup_bytes");
  transfer.duration_ms = number_of(metrics, "duration_ms");
  return transfer;
}

}  // namespace

/// Whatever generation is named, or none: the token is this store's.
Reply post_xet_telemetry(App& app, Request request) {
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  if (const auto transfer = transfer_of(body)) app.metrics.client_transfer(*transfer);
  co_return json_response("{}");
}

}  // namespace waag::daemon::api
