#include "daemon/api/common/json_body.h"
#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/auth/file_access.h"
#include "protocol/http/field.h"
#include "protocol/http/url_path.h"
#include "protocol/hub/dates.h"
#include "protocol/hub/front_matter.h"
#include "protocol/hub/json_writer.h"

/// Calls that clients make on the side and that must never break them. Source: HUB_API 4.6, 4.7.
namespace waag::daemon::api {
namespace {

constexpr std::size_t card_body_bytes_max = 16u << 20;
constexpr std::string_view form_type = "application/x-www-form-urlencoded";

Result<Response> who_am_i(storage::Store& store, const Identity& who) {
  WAAG_TRY(const auto user, store.find_user(who.user));
  WAAG_TRY(const auto token, store.find_token(who.token_id));
  hub::JsonWriter json;
  json.begin_object().field("type", "user").field("id", user.name).field("name", user.name);
  json.field("fullname", user.full_name.empty() ? user.name : user.full_name);
  json.field("email", user.email).field("emailVerified", !user.email.empty());
  json.field("canPay", false).field("isPro", false).key("periodEnd").null();
  json.field("avatarUrl", "").key("orgs").begin_array().end_array();
  json.key("auth").begin_object().field("type", "access_token").key("accessToken").begin_object();
  // Clients know "read", "write" and "fineGrained" only.
  json.field("displayName", who.token_name).field("role", who.can_write ? "write" : "read");
  json.field("createdAt", hub::format_date(token.created)).end_object().end_object().end_object();
  return json_response(json.take());
}

Task<Result<Response>> check_right(App& app, Request request, Action action) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&store = app.store, who = request.who, id, action]() -> Status {
    WAAG_TRY(const auto repo, authorised_repo(store, who, id, action));
    return need_files(store, who, repo);
  };
  WAAG_CO_CHECK(co_await offload(app.blocking, std::move(work)));
  co_return json_response(R"({"success":true})");
}

/// The card's text, as JSON or, from huggingface_hub before 1.0, as a form.
Task<Result<std::string>> read_card(Request& request) {
  const auto type = request.headers.get("Content-Type").value_or("").substr(0, form_type.size());
  if (request.body && http::equal_nocase(type, form_type)) {
    WAAG_CO_TRY(const auto text, co_await request.body->read_all(card_body_bytes_max));
    WAAG_CO_TRY(const auto pairs, http::parse_form(text));
    for (const auto& [key, value] : pairs)
      if (key == "content") co_return value;
    co_return std::string();
  }
  WAAG_CO_TRY(const auto body, co_await read_json(request, card_body_bytes_max));
  WAAG_CO_TRY(const auto content, text_field(body, "content"));
  co_return content.value_or("");
}

}  // namespace

Reply get_whoami(App& app, Request request) {
  auto work = [&store = app.store, who = request.who] { return who_am_i(store, who); };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply get_auth_check(App& app, Request request) {
  return check_right(app, std::move(request), Action::read);
}

Reply get_auth_check_write(App& app, Request request) {
  return check_right(app, std::move(request), Action::write);
}

Reply get_telemetry(App&, Request) { co_return text_response(""); }

Reply get_agent_harnesses(App&, Request) {
  co_return json_response(R"({"standardEnvVars":[],"harnesses":{}})");
}

/// JSON in all cases: anything else ends every upload of a README (HUB_API 4.7).
Reply post_validate_yaml(App&, Request request) {
  WAAG_CO_TRY(const auto content, co_await read_card(request));
  const auto problems = hub::check_card(content);
  co_return json_response(hub::card_reply(problems), problems.errors.empty() ? 200 : 400);
}

}  // namespace waag::daemon::api
