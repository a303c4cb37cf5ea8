#include "daemon/jobs/jobs.h"

#include <algorithm>
#include <charconv>

#include "daemon/api/handlers.h"
#include "daemon/api/jobs/job_events.h"
#include "daemon/api/jobs/job_json.h"
#include "daemon/app.h"
#include "daemon/auth/permission.h"
#include "protocol/http/link_header.h"
#include "protocol/hub/json_writer.h"

/// Jobs and what happens to them, under /api/waag/v1: one's own, all for those who look after the
/// hub.
namespace waag::daemon::api {
namespace {

using storage::JobRow;
using storage::JobState;

constexpr std::size_t page_rows = 50;
constexpr std::size_t page_rows_max = 200;

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

Result<std::uint64_t> number_of(const Request& request, std::string_view key,
                                std::uint64_t otherwise) {
  const auto text = request.query.get(key);
  if (!text) return otherwise;
  const auto number = parse_number(*text);
  if (!number) return fail(Errc::invalid_argument, "\"" + std::string(key) + "\" must be a number");
  return *number;
}

Result<std::optional<JobState>> parse_state(std::optional<std::string_view> text) {
  if (!text) return std::optional<JobState>{};
  for (const auto state :
       {JobState::queued, JobState::running, JobState::done, JobState::failed, JobState::cancelled})
    if (storage::job_state_name(state) == *text) return std::optional(state);
  return fail(Errc::invalid_argument,
              "\"state\" must be queued, running, done, failed or cancelled");
}

struct Page {
  storage::JobFilter filter;
  std::uint64_t before = 0;
  std::size_t limit = page_rows;
};

Result<Page> page_of(const Request& request) {
  Page page;
  WAAG_TRY(page.filter.state, parse_state(request.query.get("state")));
  WAAG_TRY(const auto limit, number_of(request, "limit", page_rows));
  WAAG_TRY(page.before, number_of(request, "cursor", 0));
  page.limit = static_cast<std::size_t>(std::clamp<std::uint64_t>(limit, 1, page_rows_max));
  page.filter.kind = request.query.get("kind").value_or("");
  page.filter.asker = request.query.get("user").value_or("");
  const Identity& who = request.who;
  if (may_audit(who)) return page;
  page.filter.asker = who.user;
  if (is_fine_grained(who)) page.filter.token_id = who.token_id;
  return page;
}

Result<Response> list_jobs(const Jobs& jobs, const Request& request) {
  WAAG_TRY(const auto page, page_of(request));
  WAAG_TRY(auto rows, jobs.list(page.filter, page.before, page.limit + 1));
  const bool more = rows.size() > page.limit;
  if (more) rows.pop_back();
  hub::JsonWriter json;
  json.begin_array();
  for (const auto& row : rows) json.raw(job_json(row));
  json.end_array();
  auto response = json_response(json.take());
  if (more)
    response.headers.set("Link", http::next_link(request.base_url, request.target, "cursor",
                                                 std::to_string(rows.back().id)));
  return response;
}

Error no_such_job() { return fail(Errc::not_found, "No such job"); }

/// The job that the path names, if the caller sees it.
Result<std::shared_ptr<const JobFeed>> visible_job(const Jobs& jobs, const Request& request) {
  const auto id = parse_number(request.captures.find("job")->second);
  if (!id) return no_such_job();
  auto feed = jobs.watch(*id);
  if (!feed && feed.error().code != Errc::not_found) return std::move(feed).error();
  if (!feed || !sees_job(request.who, (*feed)->row())) return no_such_job();
  return feed;
}

Result<Response> cancel_job(Jobs& jobs, const Request& request) {
  WAAG_TRY(const auto feed, visible_job(jobs, request));
  const auto row = feed->row();
  if (!may_cancel_job(request.who, row))
    return fail(Errc::forbidden, "Only who asked for the job first, and hub admins, cancel it");
  WAAG_TRY(const auto now, jobs.cancel(row.id, request.who.user));
  return json_response(job_json(now));
}

}  // namespace

Reply get_jobs(App& app, Request request) {
  auto work = [&jobs = *app.jobs, request = std::move(request)] {
    return list_jobs(jobs, request);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply get_job(App& app, Request request) {
  auto work = [&jobs = *app.jobs, request = std::move(request)] {
    return visible_job(jobs, request);
  };
  WAAG_CO_TRY(const auto feed, co_await offload(app.blocking, std::move(work)));
  co_return json_response(job_json(feed->row()));
}

Reply delete_job(App& app, Request request) {
  auto work = [&jobs = *app.jobs, request = std::move(request)] {
    return cancel_job(jobs, request);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply get_job_events(App& app, Request request) {
  auto work = [&jobs = *app.jobs, request = std::move(request)] {
    return visible_job(jobs, request);
  };
  WAAG_CO_TRY(auto feed, co_await offload(app.blocking, std::move(work)));
  StreamBody body;
  body.async = std::make_shared<JobEvents>(*app.jobs, std::move(feed), JobEvents::Pace{});
  Response response;
  response.headers.set("Content-Type", "text/event-stream; charset=utf-8");
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("X-Accel-Buffering", "no");  // nginx would hold events back
  response.body = std::move(body);
  co_return response;
}

}  // namespace waag::daemon::api
