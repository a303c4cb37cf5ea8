#include "daemon/api/jobs/job_json.h"

#include <algorithm>

#include "daemon/auth/permission.h"
#include "protocol/hub/dates.h"
#include "protocol/hub/json_writer.h"

namespace waag::daemon {
namespace {

void date_field(hub::JsonWriter& json, std::string_view name, storage::TimeMs at) {
  if (at.count() != 0) json.field(name, hub::format_date(at));
}

bool is_asker(const Identity& who, const storage::JobAsker& asker) {
  if (!is_author(who, asker.user)) return false;
  return !is_fine_grained(who) || who.token_id == asker.token_id;
}

}  // namespace

std::string progress_json(const storage::JobProgress& progress) {
  hub::JsonWriter json;
  json.begin_object();
  json.field("doneBytes", progress.done_bytes).field("totalBytes", progress.total_bytes);
  json.field("doneFiles", progress.done_files).field("totalFiles", progress.total_files);
  if (!progress.note.empty()) json.field("note", progress.note);
  json.end_object();
  return json.take();
}

std::string job_json(const storage::JobRow& row) {
  hub::JsonWriter json;
  json.begin_object().field("id", row.id).field("kind", row.kind);
  json.field("state", storage::job_state_name(row.state)).field("priority", row.priority);
  json.key("spec").raw(row.spec.empty() ? "{}" : row.spec);
  if (!row.askers.empty()) json.field("user", row.askers.front().user);
  date_field(json, "createdAt", row.created);
  date_field(json, "startedAt", row.started);
  date_field(json, "finishedAt", row.finished);
  date_field(json, "notBefore", row.not_before);
  json.field("attempts", row.attempts);
  if (row.cancelling) json.field("cancelling", true);
  if (!row.error.empty()) json.field("error", row.error);
  if (!row.result.empty()) json.key("result").raw(row.result);
  json.key("progress").raw(progress_json(row.progress));
  json.end_object();
  return json.take();
}

bool sees_job(const Identity& who, const storage::JobRow& row) {
  if (may_audit(who)) return true;
  return std::ranges::any_of(row.askers, [&](const auto& asker) { return is_asker(who, asker); });
}

bool may_cancel_job(const Identity& who, const storage::JobRow& row) {
  if (who.hub_admin) return true;
  return who.can_write && !row.askers.empty() && is_asker(who, row.askers.front());
}

}  // namespace waag::daemon
