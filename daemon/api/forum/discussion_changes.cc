#include "daemon/api/common/author.h"
#include "daemon/api/common/json_body.h"
#include "daemon/api/common/target.h"
#include "daemon/api/forum/discussion_json.h"
#include "daemon/api/forum/texts.h"
#include "daemon/api/forum/thread.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"

/// What is done to a discussion or pull request that is there. Source: HUB_API 5.8.
namespace waag::daemon::api {
namespace {

using storage::DiscussionRow;
using storage::PlacedEvent;

/// Everything that a change needs; the caller may at least read the repo with a writing token.
struct Change {
  storage::Store& store;
  const Request& request;
  const boost::json::object& body;
  storage::RepoRow repo;
  DiscussionRow row;
  storage::DiscussionTable::Act act;
};

using Apply = Result<PlacedEvent> (*)(const Change& change);

struct Kind {
  Action action;               // that the repo must allow
  std::string_view reply_key;  // under which the event is answered
  Apply apply;
};

/// {"key": event}
Response event_response(std::string_view key, std::uint64_t number, const PlacedEvent& event) {
  hub::JsonWriter json;
  json.begin_object().key(key);
  write_event(json, number, event);
  json.end_object();
  return json_response(json.take());
}

Result<Response> run(App& app, const Request& request, const RepoId& id,
                     const boost::json::object& body, const Kind& kind) {
  WAAG_TRY(auto repo, authorised_repo(app.store, request.who, id, kind.action));
  WAAG_TRY(auto row, find_discussion(app.store, request, repo));
  const auto number = row.number;
  const Change change{app.store,       request,        body,
                      std::move(repo), std::move(row), {request.who.user, app.clock.now()}};
  WAAG_TRY(const auto event, kind.apply(change));
  return event_response(kind.reply_key, number, event);
}

Reply answer(App& app, Request request, Kind kind) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  WAAG_CO_TRY(auto body, co_await read_json(request, thread_body_bytes_max));
  auto work = [&app, request = std::move(request), id, body = std::move(body), kind] {
    return run(app, request, id, body, kind);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

/// A comment that may be left out; "" if it is, or is blank.
Result<std::string> optional_comment(const boost::json::object& body) {
  WAAG_TRY(const auto text, text_field(body, "comment"));
  if (!text || text->find_first_not_of(" \t\r\n") == std::string::npos) return std::string();
  return check_comment(*text);
}

Result<PlacedEvent> comment(const Change& change) {
  // A repo without discussions takes no more words from outside; its writers may close what is
  // left.
  if (!may(change.request.who, change.repo, Action::write))
    WAAG_CHECK(check_open_for_discussion(change.repo));
  WAAG_TRY(const auto text, text_field(change.body, "comment"));
  WAAG_TRY(const auto checked, check_comment(text.value_or("")));
  return change.store.discussions().comment(change.repo.uid, change.row.number, change.act,
                                            checked);
}

/// The place of the comment in the path, if the caller may change it.
Result<std::uint32_t> own_comment(const Change& change) {
  const auto found = change.request.captures.find("comment");
  const auto seq = found == change.request.captures.end()
                       ? std::nullopt
                       : parse_event_id(change.row.number, found->second);
  if (!seq) return fail(Errc::not_found, "There is no such comment");
  WAAG_TRY(const auto event,
           change.store.discussions().find_event(change.repo.uid, change.row.number, *seq));
  WAAG_CHECK(check_own_or_writer(change.request.who, change.repo, event.author));
  return *seq;
}

Result<PlacedEvent> edit(const Change& change) {
  WAAG_TRY(const auto seq, own_comment(change));
  WAAG_TRY(const auto text, text_field(change.body, "content"));
  WAAG_TRY(const auto checked, check_comment(text.value_or("")));
  return change.store.discussions().edit(change.repo.uid, change.row.number, seq, change.act,
                                         checked);
}

Result<PlacedEvent> hide(const Change& change) {
  WAAG_TRY(const auto seq, own_comment(change));
  return change.store.discussions().hide(change.repo.uid, change.row.number, seq, change.act);
}

Result<PlacedEvent> rename(const Change& change) {
  WAAG_CHECK(check_own_or_writer(change.request.who, change.repo, change.row.author));
  WAAG_TRY(const auto text, text_field(change.body, "title"));
  WAAG_TRY(const auto title, check_title(text.value_or("")));
  return change.store.discussions().rename(change.repo.uid, change.row.number, change.act, title);
}

Result<PlacedEvent> set_status(const Change& change) {
  WAAG_CHECK(check_own_or_writer(change.request.who, change.repo, change.row.author));
  WAAG_TRY(const auto word, text_field(change.body, "status"));
  if (word != "open" && word != "closed")
    return fail(Errc::invalid_argument, "\"status\" must be one of [open, closed]");
  const auto status =
      word == "open" ? storage::DiscussionStatus::open : storage::DiscussionStatus::closed;
  WAAG_TRY(const auto text, optional_comment(change.body));
  return change.store.discussions().set_status(change.repo.uid, change.row.number, change.act,
                                               status, text);
}

Result<PlacedEvent> merge(const Change& change) {
  storage::MergeRequest wanted;
  wanted.repo_uid = change.repo.uid;
  wanted.number = change.row.number;
  wanted.act = change.act;
  wanted.author_email = commit_email(change.act.user);
  WAAG_TRY(wanted.comment, optional_comment(change.body));
  WAAG_TRY(auto outcome, change.store.pulls().merge(wanted));
  return std::move(outcome.event);
}

}  // namespace

Reply post_discussion_comment(App& app, Request request) {
  return answer(app, std::move(request), {Action::open_pull, "newMessage", comment});
}

Reply post_comment_edit(App& app, Request request) {
  return answer(app, std::move(request), {Action::open_pull, "updatedComment", edit});
}

Reply post_comment_hide(App& app, Request request) {
  return answer(app, std::move(request), {Action::open_pull, "updatedComment", hide});
}

Reply post_discussion_title(App& app, Request request) {
  return answer(app, std::move(request), {Action::open_pull, "newTitle", rename});
}

Reply post_discussion_status(App& app, Request request) {
  return answer(app, std::move(request), {Action::open_pull, "newStatus", set_status});
}

Reply post_discussion_merge(App& app, Request request) {
  return answer(app, std::move(request), {Action::write, "newStatus", merge});
}

}  // namespace waag::daemon::api
