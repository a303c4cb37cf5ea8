#include <algorithm>
#include <charconv>

#include "daemon/api/common/json_body.h"
#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/auth/file_access.h"
#include "protocol/base64.h"
#include "protocol/http/field.h"
#include "protocol/http/link_header.h"
#include "protocol/http/url_path.h"
#include "protocol/hub/dates.h"
#include "protocol/hub/json_writer.h"
#include "storage/meta/tables/access.h"

/// Asking for the files of a gated repo, and deciding on it. A request lies in one of three lists:
/// pending, accepted, rejected; its owner moves it from any to any other. Source: HUB_API 4.7.
namespace waag::daemon::api {
namespace {

using storage::AccessRow;
using storage::AccessStatus;

constexpr std::size_t body_bytes_max = 64u << 10;
constexpr std::size_t page_rows_max = 1000;
/// What one user may leave behind with a request.
constexpr std::size_t form_fields_max = 50;
constexpr std::size_t form_bytes_max = 16u << 10;
constexpr std::size_t reason_bytes_max = 1000;
constexpr std::string_view form_type = "application/x-www-form-urlencoded";

std::string_view to_text(AccessStatus status) {
  if (status == AccessStatus::pending) return "pending";
  return status == AccessStatus::accepted ? "accepted" : "rejected";
}

Result<AccessStatus> parse_status(std::string_view text) {
  for (const auto status : {AccessStatus::pending, AccessStatus::accepted, AccessStatus::rejected})
    if (text == to_text(status)) return status;
  return fail(Errc::invalid_argument, "\"status\" must be one of [pending, accepted, rejected]");
}

/// A field of a form in JSON: what people type, tick or count.
Status write_answer(hub::JsonWriter& json, std::string_view name, const boost::json::value& value) {
  if (value.is_string())
    json.field(name, std::string_view(value.get_string()));
  else if (value.is_bool())
    json.field(name, value.get_bool());
  else if (value.is_int64())
    json.field(name, value.get_int64());
  else
    return fail(Errc::invalid_argument, "\"" + std::string(name) + "\" must be a plain value");
  return ok();
}

Result<std::string> bounded_form(hub::JsonWriter json, std::size_t fields) {
  if (fields == 0) return std::string();
  auto text = json.end_object().take();
  if (fields > form_fields_max || text.size() > form_bytes_max)
    return fail(Errc::invalid_argument, "the form is too large");
  return text;
}

/// What the user filled in, as a JSON object; "" if nothing.
Task<Result<std::string>> read_form(Request& request) {
  hub::JsonWriter json;
  json.begin_object();
  const auto type = request.headers.get("Content-Type").value_or("").substr(0, form_type.size());
  if (request.body && http::equal_nocase(type, form_type)) {
    WAAG_CO_TRY(const auto text, co_await request.body->read_all(body_bytes_max));
    WAAG_CO_TRY(const auto pairs, http::parse_form(text));
    for (const auto& [name, value] : pairs) json.field(name, value);
    co_return bounded_form(std::move(json), pairs.size());
  }
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  for (const auto& [name, value] : body) WAAG_CO_CHECK(write_answer(json, name, value));
  co_return bounded_form(std::move(json), body.size());
}

Result<Response> status_reply(AccessStatus status) {
  hub::JsonWriter json;
  json.begin_object().field("status", to_text(status)).end_object();
  return json_response(json.take());
}

/// Asking twice changes nothing: neither what was filled in nor what the owner decided since.
Result<Response> ask(App& app, const Identity& who, const RepoId& id, const std::string& form) {
  auto& store = app.store;
  WAAG_TRY(const auto repo, authorised_repo(store, who, id, Action::read));
  if (repo.gate == storage::Gate::none)
    return fail(Errc::invalid_argument, "This repository is not gated");
  // It is the account that asks, and hands over its address.
  if (!who.can_write || is_fine_grained(who))
    return fail(Errc::forbidden, "Asking for access needs a token that may write");
  if (passes_gate(who, repo)) return status_reply(AccessStatus::accepted);
  WAAG_TRY(const auto was, store.accesses().find(repo.uid, who.user));
  if (was && was->status == AccessStatus::rejected)
    return fail(Errc::forbidden, "Your request for access was rejected" +
                                     (was->reason.empty() ? "" : ": " + was->reason));
  if (was) return status_reply(was->status);
  AccessRow row;
  row.user = who.user;
  row.status =
      repo.gate == storage::Gate::automatic ? AccessStatus::accepted : AccessStatus::pending;
  row.asked = app.clock.now();
  row.fields = form;
  WAAG_CHECK(store.accesses().put(repo, row, std::nullopt));
  return status_reply(row.status);
}

/// The gated repo if the caller may decide on requests for it.
Result<storage::RepoRow> gated_repo(storage::Store& store, const Identity& who, const RepoId& id) {
  WAAG_TRY(auto repo, authorised_repo(store, who, id, Action::write));
  if (repo.gate == storage::Gate::none)
    return fail(Errc::invalid_argument, "This repository is not gated");
  return repo;
}

Result<storage::UserRow> known_user(storage::Store& store, std::string_view name) {
  auto user = store.find_user(name);
  if (!user && user.error().code != Errc::not_found) return user;
  if (!user || user->disabled) return fail(Errc::not_found, "No such user");
  return user;
}

/// Clients from 2.0 on name a request by its id. A user has one request per repo, so that the name
/// says which; clients take the id as it comes.
std::string request_id(std::string_view user) { return encode_base64(user); }

/// The address is what the user gave with the request; who was let in unasked gave none.
void write_request(hub::JsonWriter& json, const AccessRow& row, const storage::UserRow& user) {
  json.begin_object().field("requestId", request_id(user.name));
  json.key("user").begin_object().field("user", user.name);
  json.field("fullname", user.full_name.empty() ? user.name : user.full_name);
  if (!row.granted && !user.email.empty()) json.field("email", user.email);
  json.end_object().field("status", to_text(row.status));
  json.field("timestamp", hub::format_date(row.asked));
  if (!row.fields.empty()) json.key("fields").raw(row.fields);
  if (!row.reason.empty()) json.field("rejectionReason", row.reason);
  json.end_object();
}

Result<Response> request_reply(storage::Store& store, const AccessRow& row) {
  WAAG_TRY(const auto user, store.find_user(row.user));
  hub::JsonWriter json;
  write_request(json, row, user);
  return json_response(json.take());
}

struct Page {
  AccessStatus status{AccessStatus::pending};
  std::string after;  // user name
  std::size_t limit = page_rows_max;
};

Result<Page> page_of(const Request& request) {
  Page page;
  const auto status = request.captures.find("status");
  WAAG_TRY(page.status, parse_status(status == request.captures.end() ? "" : status->second));
  if (const auto text = request.query.get("limit")) {
    const auto* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, page.limit);
    if (error != std::errc{} || stop != end)
      return fail(Errc::invalid_argument, "\"limit\" must be a number");
    page.limit = std::clamp<std::size_t>(page.limit, 1, page_rows_max);
  }
  if (const auto cursor = request.query.get("cursor")) {
    auto after = decode_base64(*cursor);
    if (!after) return fail(Errc::invalid_argument, "Invalid cursor");
    page.after = *std::move(after);
  }
  return page;
}

Result<Response> list_requests(storage::Store& store, const Request& request, const RepoId& id) {
  WAAG_TRY(const auto repo, gated_repo(store, request.who, id));
  WAAG_TRY(const auto page, page_of(request));
  WAAG_TRY(auto rows, store.accesses().list(repo.uid, page.status, page.after, page.limit + 1));
  const bool more = rows.size() > page.limit;
  if (more) rows.pop_back();
  hub::JsonWriter json;
  json.begin_array();
  for (const auto& row : rows) {
    WAAG_TRY(const auto user, store.find_user(row.user));
    write_request(json, row, user);
  }
  json.end_array();
  auto response = json_response(json.take());
  if (more)
    response.headers.set("Link", http::next_link(request.base_url, request.target, "cursor",
                                                 encode_base64(rows.back().user)));
  return response;
}

/// What the owner of a repo decides on one user.
struct Decision {
  std::string user;
  AccessStatus status{AccessStatus::accepted};
  std::string reason;
};

Result<Decision> parse_decision(const boost::json::object& body) {
  Decision decision;
  WAAG_TRY(const auto user, text_field(body, "user"));
  WAAG_TRY(const auto id, text_field(body, "requestId"));
  WAAG_TRY(const auto status, text_field(body, "status"));
  WAAG_TRY(const auto reason, text_field(body, "rejectionReason"));
  if (user.has_value() == id.has_value())
    return fail(Errc::invalid_argument, "\"user\" or \"requestId\" is needed, and not both");
  decision.user = user.value_or("");
  if (id) {
    auto named = decode_base64(*id);
    if (!named) return fail(Errc::not_found, "There is no access request of this id");
    decision.user = *std::move(named);
  }
  WAAG_TRY(decision.status, parse_status(status.value_or("")));
  if (reason && decision.status != AccessStatus::rejected)
    return fail(Errc::invalid_argument, "\"rejectionReason\" goes with rejected only");
  if (reason && reason->size() > reason_bytes_max)
    return fail(Errc::invalid_argument, "\"rejectionReason\" is longer than 1000 bytes");
  decision.reason = reason.value_or("");
  return decision;
}

Result<Response> handle(storage::Store& store, const Identity& who, const RepoId& id,
                        const boost::json::object& body) {
  WAAG_TRY(const auto repo, gated_repo(store, who, id));
  WAAG_TRY(const auto decision, parse_decision(body));
  WAAG_TRY(const auto user, known_user(store, decision.user));
  WAAG_TRY(const auto was, store.accesses().find(repo.uid, user.name));
  if (!was) return fail(Errc::not_found, "There is no access request of this user");
  if (was->status == decision.status)
    return fail(Errc::not_found, "The access request of this user is " +
                                     std::string(to_text(was->status)) + " already");
  auto row = *was;
  row.status = decision.status;
  row.reason = decision.reason;
  WAAG_CHECK(store.accesses().put(repo, row, was));
  return request_reply(store, row);
}

Result<Response> grant(App& app, const Identity& who, const RepoId& id,
                       const boost::json::object& body) {
  auto& store = app.store;
  WAAG_TRY(const auto repo, gated_repo(store, who, id));
  WAAG_TRY(const auto name, text_field(body, "user"));
  if (!name) return fail(Errc::invalid_argument, "\"user\" is missing");
  WAAG_TRY(const auto user, known_user(store, *name));
  WAAG_TRY(const auto was, store.accesses().find(repo.uid, user.name));
  if (was && was->status == AccessStatus::accepted)
    return fail(Errc::invalid_argument, "This user has access already");
  AccessRow row;
  row.user = user.name;
  row.asked = app.clock.now();
  row.granted = true;
  if (was) row = *was;
  row.status = AccessStatus::accepted;
  row.reason.clear();
  WAAG_CHECK(store.accesses().put(repo, row, was));
  return request_reply(store, row);
}

}  // namespace

Reply post_ask_access(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  WAAG_CO_TRY(const auto form, co_await read_form(request));
  auto work = [&app, who = request.who, id, form] { return ask(app, who, id, form); };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply get_access_requests(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&store = app.store, request = std::move(request), id] {
    return list_requests(store, request, id);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply post_access_handle(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  auto work = [&store = app.store, who = request.who, id, body] {
    return handle(store, who, id, body);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply post_access_grant(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  auto work = [&app, who = request.who, id, body] { return grant(app, who, id, body); };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
