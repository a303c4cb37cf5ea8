#include "daemon/api/mirror/mirror_handlers.h"
#include "daemon/app.h"
#include "daemon/mirror/mirror.h"
#include "protocol/hub/dates.h"
#include "protocol/hub/json_writer.h"

/// The state of the upstreams and of what comes from them: GET /api/waag/v1/upstreams.
namespace waag::daemon::api {
namespace {

std::string_view state_name(Governor::State state) {
  if (state == Governor::State::closed) return "up";
  return state == Governor::State::open ? "down" : "probing";
}

void write_bucket(hub::JsonWriter& json, const Governor::BucketSnapshot& bucket) {
  json.begin_object().field("name", to_string(bucket.bucket)).field("calls", bucket.calls);
  json.field("limited", bucket.limited);
  if (bucket.remaining) json.field("remaining", *bucket.remaining);
  if (bucket.quota) json.field("quota", *bucket.quota);
  if (bucket.held.count() > 0) json.field("heldMs", bucket.held.count());
  json.end_object();
}

void write_hub(hub::JsonWriter& json, const HubClient& hub) {
  const auto now = hub.governor().snapshot();
  json.begin_object().field("url", hub.base_url()).field("trusted", hub.trusted());
  json.field("state", state_name(now.state)).field("calls", now.calls);
  json.field("failures", now.failures).field("failuresInARow", now.failures_in_a_row);
  json.field("bytes", now.bytes);
  if (now.until_probe.count() > 0) json.field("untilProbeMs", now.until_probe.count());
  json.key("budgets").begin_array();
  for (const auto& bucket : now.buckets) write_bucket(json, bucket);
  json.end_array().end_object();
}

/// Mirrored repos that their upstream does not have any more; they stay.
Status write_gone(hub::JsonWriter& json, storage::Store& store) {
  WAAG_TRY(const auto mirrors, store.mirrors().list());
  for (const auto& mirror : mirrors) {
    if (mirror.row.gone == storage::TimeMs{}) continue;
    const auto repo = store.find_repo_by_uid(mirror.uid);
    if (!repo) continue;  // deleted meanwhile
    json.begin_object().field("type", to_string(repo->id.type));
    json.field("id", repo->id.full_name()).field("upstream", mirror.row.upstream);
    json.field("since", hub::format_date(mirror.row.gone)).end_object();
  }
  return ok();
}

Result<Response> show(App& app) {
  hub::JsonWriter json;
  json.begin_object().key("upstreams").begin_array();
  if (app.mirror)
    for (const auto& hub : app.mirror->upstreams().all()) write_hub(json, *hub);
  json.end_array().key("fills").begin_array();
  if (app.mirror)
    for (const auto& fill : app.mirror->fills().running())
      json.begin_object()
          .field("file", fill.about)
          .field("bytes", fill.size_bytes)
          .field("bytesHere", fill.there_bytes)
          .end_object();
  json.end_array().key("gone").begin_array();
  if (app.mirror) WAAG_CHECK(write_gone(json, app.store));
  json.end_array().end_object();
  return json_response(json.take());
}

}  // namespace

Reply get_upstreams(App& app, Request) {
  auto work = [&app] { return show(app); };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
