#include "daemon/api/access/settings.h"

#include "daemon/api/common/json_body.h"
#include "daemon/api/common/repo_json.h"
#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"

/// PUT settings: who sees a repo, who gets its files, and whether it is served at all. Source:
/// HUB_API 5.1.
namespace waag::daemon::api {
namespace {

using storage::Gate;
using storage::Visibility;

constexpr std::size_t body_bytes_max = 1u << 20;

/// false, "auto" or "manual", as info shows it.
Result<std::optional<Gate>> wanted_gate(const boost::json::object& body) {
  const auto* value = body.if_contains("gated");
  if (value == nullptr || value->is_null()) return std::optional<Gate>{};
  if (value->is_bool() && !value->as_bool()) return std::optional(Gate::none);
  if (value->is_string() && value->as_string() == "auto") return std::optional(Gate::automatic);
  if (value->is_string() && value->as_string() == "manual") return std::optional(Gate::manual);
  return fail(Errc::invalid_argument, "\"gated\" must be one of [auto, manual, false]");
}

Result<Response> change_settings(storage::Store& store, const Identity& who, const RepoId& id,
                                 const storage::RepoSettings& wanted) {
  WAAG_TRY(auto repo, authorised_repo(store, who, id, Action::admin));
  if (wanted.disabled && !who.hub_admin)
    return fail(Errc::forbidden, "Only hub admins may disable or enable a repository");
  if (wanted.visibility || wanted.gate || wanted.disabled || wanted.discussions_disabled) {
    WAAG_TRY(repo, store.change_repo(repo.uid, wanted));
  }
  const bool hidden = repo.visibility == Visibility::closed;
  hub::JsonWriter json;
  json.begin_object().field("private", hidden).field("visibility", hidden ? "private" : "public");
  write_gate(json, repo.gate);
  json.field("discussionsDisabled", repo.discussions_disabled);
  json.field("disabled", repo.disabled).end_object();
  return json_response(json.take());
}

}  // namespace

Result<std::optional<Visibility>> wanted_visibility(const boost::json::object& body) {
  WAAG_TRY(const auto word, text_field(body, "visibility"));
  WAAG_TRY(const auto hidden, bool_field(body, "private"));
  if (word == "public") return std::optional(Visibility::open);
  if (word == "private" || word == "protected") return std::optional(Visibility::closed);
  if (word)
    return fail(Errc::invalid_argument,
                "\"visibility\" must be one of [public, private, protected]");
  if (!hidden) return std::optional<Visibility>{};
  return std::optional(*hidden ? Visibility::closed : Visibility::open);
}

Result<storage::RepoSettings> wanted_settings(const boost::json::object& body, bool xet_enabled) {
  storage::RepoSettings settings;
  WAAG_TRY(settings.visibility, wanted_visibility(body));
  WAAG_TRY(settings.gate, wanted_gate(body));
  WAAG_TRY(settings.disabled, bool_field(body, "disabled"));
  WAAG_TRY(settings.discussions_disabled, bool_field(body, "discussionsDisabled"));
  WAAG_TRY(const auto xet, bool_field(body, "xetEnabled"));
  if (xet.value_or(xet_enabled) != xet_enabled)
    return fail(Errc::invalid_argument, xet_enabled ? "Xet is enabled for the whole hub"
                                                    : "Xet is not enabled on this hub");
  return settings;
}

Reply put_repo_settings(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  WAAG_CO_TRY(const auto settings, wanted_settings(body, app.config.xet.enabled));
  auto work = [&store = app.store, who = request.who, id, settings] {
    return change_settings(store, who, id, settings);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
