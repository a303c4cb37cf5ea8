#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "daemon/api/common/json_body.h"
#include "daemon/api/mirror/mirror_handlers.h"
#include "daemon/app.h"
#include "daemon/jobs/jobs.h"
#include "daemon/mirror/mirror.h"
#include "daemon/mirror/schedule/schedule.h"
#include "daemon/mirror/schedule/time_window.h"
#include "protocol/hub/dates.h"
#include "protocol/hub/json_reader.h"

/// What is mirrored again and again, and when: /api/waag/v1/mirrors.
namespace waag::daemon::api {
namespace {

namespace json = boost::json;

constexpr std::size_t body_bytes_max = 64u << 10;

Error no_upstream() { return fail(Errc::not_found, "This hub has no upstream"); }

void put_date(json::object& into, std::string_view key, storage::TimeMs at) {
  if (at.count() != 0) into[key] = hub::format_date(at);
}

/// How many of the last run's jobs are in which state; old ones are forgotten.
json::object job_states(const Jobs& jobs, const MirrorRule& rule) {
  json::object states;
  for (const auto id : rule.last_jobs) {
    const auto row = jobs.find(id);
    const std::string_view name = row ? storage::job_state_name(row->state) : "forgotten";
    auto& count = states[name];
    count = count.is_int64() ? count.get_int64() + 1 : 1;
  }
  return states;
}

void put_window(json::object& into, const MirrorRule& rule, storage::TimeMs now) {
  if (rule.window.empty()) return;
  const auto window = TimeWindow::parse(rule.window);
  if (!window) return;
  const bool open = window->contains(now);
  into["windowOpen"] = open;
  if (open)
    put_date(into, "windowClosesAt", window->next_end(now));
  else
    put_date(into, "windowOpensAt", window->next_begin(now));
}

json::object rule_json(App& app, const MirrorRule& rule) {
  auto made = rule.to_json();
  put_date(made, "createdAt", rule.created);
  put_date(made, "lastRunAt", rule.last_run);
  if (const auto next = rule.next_run()) put_date(made, "nextRunAt", *next);
  put_window(made, rule, app.clock.now());
  if (!rule.last_error.empty()) made["lastError"] = rule.last_error;
  json::array ids;
  for (const auto id : rule.last_jobs) ids.emplace_back(id);
  made["lastJobs"] = std::move(ids);
  made["lastStates"] = job_states(*app.jobs, rule);
  return made;
}

Result<Response> reply_with(App& app, const Result<MirrorRule>& rule) {
  if (!rule) return rule.error();
  return json_response(json::serialize(rule_json(app, *rule)));
}

Result<Response> list_rules(App& app) {
  WAAG_TRY(const auto rules, app.mirror->schedule().list());
  json::array all;
  for (const auto& rule : rules) all.push_back(rule_json(app, rule));
  return json_response(json::serialize(all));
}

Result<Response> plan_of(App& app, const std::string& name) {
  WAAG_TRY(const auto plan, app.mirror->schedule().plan(name));
  json::object made{{"name", name}, {"dryRun", true}};
  json::array ids;
  for (const auto id : plan.jobs) ids.emplace_back(id);
  made["jobs"] = std::move(ids);
  if (!plan.error.empty()) made["error"] = plan.error;
  return json_response(json::serialize(made));
}

std::string name_of(const Request& request) { return request.captures.find("mirror")->second; }

}  // namespace

Reply get_mirrors(App& app, Request) {
  if (!app.mirror) co_return json_response("[]");
  auto work = [&app] { return list_rules(app); };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply get_mirror(App& app, Request request) {
  if (!app.mirror) co_return no_upstream();
  auto work = [&app, name = name_of(request)] {
    return reply_with(app, app.mirror->schedule().find(name));
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply post_mirror(App& app, Request request) {
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  if (!app.mirror) co_return no_upstream();
  WAAG_CO_TRY(const auto rule, MirrorRule::make(body));
  auto work = [&app, rule, owner = request.who.user] {
    return reply_with(app, app.mirror->schedule().add(rule, owner));
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply patch_mirror(App& app, Request request) {
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  if (!app.mirror) co_return no_upstream();
  auto work = [&app, name = name_of(request), body] {
    return reply_with(app, app.mirror->schedule().change(name, body));
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply delete_mirror(App& app, Request request) {
  if (!app.mirror) co_return no_upstream();
  auto work = [&app, name = name_of(request)]() -> Result<Response> {
    WAAG_CHECK(app.mirror->schedule().remove(name));
    return json_response("{}");
  };
  co_return co_await offload(app.blocking, std::move(work));
}

/// {"dry_run":true} asks for a plan. The lists that a pattern needs come from the upstream: that
/// may take a while.
Reply post_mirror_run(App& app, Request request) {
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  if (!app.mirror) co_return no_upstream();
  WAAG_CO_TRY(const auto dry_run, hub::json_bool(body, "dry_run"));
  auto work = [&app, name = name_of(request), dry_run] {
    return dry_run.value_or(false) ? plan_of(app, name)
                                   : reply_with(app, app.mirror->schedule().run(name));
  };
  co_return co_await offload(app.mirror->schedule().threads(), std::move(work));
}

}  // namespace waag::daemon::api
