#include "daemon/auth/gate.h"

#include <exception>

#include "daemon/app.h"
#include "daemon/auth/authenticator.h"
#include "daemon/auth/moved.h"
#include "daemon/auth/permission.h"
#include "daemon/auth/rate_limiter.h"
#include "daemon/auth/token.h"
#include "daemon/http/errors.h"
#include "daemon/mirror/mirror.h"
#include "daemon/observe/log.h"
#include "protocol/hub/errors.h"

namespace waag::daemon {
namespace {

/// Told 401, Ollama goes for a token to where the challenge says; where that says nothing it shows
/// an error about that alone (0.17). Of any other status it shows the text.
bool knows_no_token(const Route& route, const Request& request) {
  return route.path.starts_with("/v2/") &&
         request.headers.get("User-Agent").value_or("").starts_with("ollama/");
}

Response without_challenge(const Response& unauthenticated) {
  std::string text(unauthenticated.headers.get("X-Error-Message").value_or("Not found"));
  text += " (Ollama has no token for this hub: download the file with a client that has one, then ";
  text += "`ollama create`)";
  return refusal(403, text);
}

/// git and git-lfs ask for credentials only after a Basic challenge; elsewhere Bearer
/// (HUB_API 2.2).
void set_challenge(const Route& route, bool no_token, Response& response) {
  if (response.status != 401) return;
  if (no_token) {
    response = without_challenge(response);
    return;
  }
  const bool git = route.path.find("name.git}") != std::string_view::npos;
  response.headers.set("WWW-Authenticate", git ? "Basic realm=\"Waag\"" : "Bearer");
}

Response unauthenticated(const Identity& who) {
  if (who.had_bad_credentials) return refusal(401, hub::bad_credentials_text);
  return error_response(fail(Errc::unauthenticated, ""), who);
}

std::optional<std::string> authorization_of(const Request& request) {
  const auto value = request.headers.get("Authorization");
  if (!value) return std::nullopt;
  return std::string(*value);
}

/// Fills request.who, and request.xet if the route takes Xet tokens; a bad token of either kind is
/// a stranger's.
Task<Status> identify(App& app, const Route& route, Request& request) {
  if (route.policy == Policy::none || route.policy == Policy::signed_href) co_return ok();
  auto authorization = authorization_of(request);
  if (route.policy != Policy::xet_token) {
    WAAG_CO_TRY(request.who, co_await app.auth.identify(std::move(authorization)));
    co_return ok();
  }
  const auto text = token_of(authorization.value_or("")).value_or("");
  const auto grant = open_xet_token(app.href_key, text, app.clock.now());
  request.who.had_bad_credentials = !grant;
  if (!grant) co_return ok();
  WAAG_CO_TRY(request.who, co_await app.auth.identify_holder(grant->token_id));
  request.xet = *grant;
  co_return ok();
}

/// What the client is not told.
void log_failure(App& app, const Route& route, std::string_view request_id, const Error& error) {
  LogLine line;
  line.level = LogLevel::error;
  line.event = "handler_failed";
  line.request_id = request_id;
  line.route = route.name;
  line.err = error.what;
  app.log.write(line);
}

/// Handlers may throw what libraries throw; nothing of it reaches the client.
Task<Result<Response>> run_handler(App& app, const Route& route, Request request) {
  try {
    co_return co_await route.handler(app, std::move(request));
  } catch (const std::exception& error) {
    co_return fail(Errc::internal, error.what());
  }
}

/// What is not here and could not be asked for. Never 401 or 404: clients remember these.
Response upstream_trouble(App& app, const Route& route, const Request& request,
                          const Error& error) {
  auto response = error_response(error, request.who);
  response.headers.set("Retry-After", "5");
  if (response.status >= 500) log_failure(app, route, request.request_id, error);
  return response;
}

/// The reply to a caller who is known by now.
Task<Response> answer_known(App& app, const Route& route, Request request) {
  const Identity who = request.who;
  const bool no_token = knows_no_token(route, request);
  if (auto refused = refuse(app, route, request)) {
    set_challenge(route, no_token, *refused);
    co_return *std::move(refused);
  }
  Prepared prepared;
  if (app.mirror) prepared = co_await app.mirror->prepare(route, request);
  if (prepared.trouble) co_return upstream_trouble(app, route, request, *prepared.trouble);
  const std::string request_id = request.request_id;
  auto asked = AskedRepo::of(request);
  auto result = co_await run_handler(app, route, std::move(request));
  if (!result && result.error().code == Errc::repo_not_found) {
    auto moved = co_await redirect_if_moved(app, route, who, std::move(asked));
    if (moved) co_return *std::move(moved);
  }
  Response response = result ? *std::move(result) : error_response(result.error(), who);
  if (!result && response.status >= 500) log_failure(app, route, request_id, result.error());
  set_challenge(route, no_token, response);
  tell_age(prepared, response.headers);
  co_return response;
}

}  // namespace

Task<Response> answer(App& app, const Route& route, Request request) {
  const auto identified = co_await identify(app, route, request);
  if (!identified) co_return error_response(identified.error(), Identity{});
  const auto count = app.rate_limiter->take(bucket_of(route), request.who, request.remote);
  Response response;
  if (count && !count->allowed)
    response = error_response(fail(Errc::too_many_requests, "over the limit"), request.who);
  else
    response = co_await answer_known(app, route, std::move(request));
  if (count) tell_limit(response, *count);
  co_return response;
}

std::optional<Response> refuse(const App& app, const Route& route, const Request& request) {
  const Identity& who = request.who;
  switch (route.policy) {
    case Policy::none:
    case Policy::signed_href:
      return std::nullopt;
    case Policy::read_repo: {
      const bool bad = who.had_bad_credentials && !app.config.auth.unknown_token_is_anonymous;
      if (bad || (who.anonymous() && !app.config.auth.anonymous_read)) return unauthenticated(who);
      return std::nullopt;
    }
    case Policy::xet_token:
      if (!app.config.xet.enabled) return refusal(404, "Not found");
      if (!request.xet || who.had_bad_credentials ||
          (who.anonymous() && !app.config.auth.anonymous_read))
        return refusal(401, "Invalid or expired Xet access token");
      return std::nullopt;
    case Policy::user:
      if (who.anonymous()) return unauthenticated(who);
      return std::nullopt;
    case Policy::write_repo:
      if (who.anonymous()) return unauthenticated(who);
      return std::nullopt;
    case Policy::audit:
      if (who.anonymous()) return unauthenticated(who);
      if (!may_audit(who))
        return error_response(fail(Errc::forbidden, "for hub admins and auditors only"), who);
      return std::nullopt;
    case Policy::hub_admin:
      if (who.anonymous()) return unauthenticated(who);
      if (!who.hub_admin) return error_response(fail(Errc::forbidden, "for hub admins only"), who);
      return std::nullopt;
  }
  return unauthenticated(who);
}

}  // namespace waag::daemon
