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

void begin_repo(hub::JsonWriter& json, const RepoId& id) {
  json.begin_object().field("type", to_string(id.type)).field("id", id.full_name());
}

/// "gone": mirrored repos that their upstream does not have any more; they stay. "leftOut": those
/// that lack refs of their upstream, which break a rule here; with one of the refs.
void write_repos(hub::JsonWriter& json, storage::Store& store,
                 const std::vector<storage::MirroredRepo>& mirrors) {
  std::vector<std::pair<RepoId, const storage::MirrorRow*>> lacking;
  json.key("gone").begin_array();
  for (const auto& [uid, row] : mirrors) {
    const bool gone = row.gone != storage::TimeMs{};
    if (!gone && row.left_out.empty()) continue;
    const auto repo = store.find_repo_by_uid(uid);
    if (!repo) continue;  // deleted meanwhile
    if (!row.left_out.empty()) lacking.emplace_back(repo->id, &row);
    if (!gone) continue;
    begin_repo(json, repo->id);
    json.field("upstream", row.upstream).field("since", hub::format_date(row.gone)).end_object();
  }
  json.end_array().key("leftOut").begin_array();
  for (const auto& [id, row] : lacking) {
    begin_repo(json, id);
    json.field("refs", row->refs_left_out).field("ref", row->left_out.front().name);
    json.field("reason", row->left_out.front().reason).end_object();
  }
  json.end_array();
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
  json.end_array();
  std::vector<storage::MirroredRepo> mirrors;
  if (app.mirror) {
    WAAG_TRY(mirrors, app.store.mirrors().list());
  }
  write_repos(json, app.store, mirrors);
  json.end_object();
  return json_response(json.take());
}

}  // namespace

Reply get_upstreams(App& app, Request) {
  auto work = [&app] { return show(app); };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
