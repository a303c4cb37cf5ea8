#include "daemon/api/forum/discussion_json.h"

#include <charconv>
#include <cinttypes>
#include <cstdio>

#include "daemon/api/common/entries.h"
#include "protocol/hub/dates.h"

namespace waag::daemon {
namespace {

constexpr std::size_t number_digits = 16;
constexpr std::size_t seq_digits = 8;
/// What the Hub shows in the place of a hidden comment.
constexpr std::string_view hidden_text = "This comment has been hidden";

void write_user(hub::JsonWriter& json, std::string_view key, const std::string& name) {
  json.key(key).begin_object().field("name", name).field("type", "user").end_object();
}

void begin_event(hub::JsonWriter& json, std::string_view id, std::string_view type,
                 const std::string& author, storage::TimeMs at) {
  json.begin_object().field("id", id).field("type", type);
  write_user(json, "author", author);
  json.field("createdAt", hub::format_date(at)).key("data").begin_object();
}

void end_event(hub::JsonWriter& json) { json.end_object().end_object(); }

void write_comment(hub::JsonWriter& json, const storage::EventRow& event) {
  const bool touched = event.edits > 0 || event.hidden;
  const std::string_view text = event.hidden ? hidden_text : std::string_view(event.text);
  json.field("edited", event.edits > 0).field("hidden", event.hidden);
  if (event.hidden) json.field("hiddenBy", event.edited_by);
  json.field("numEdits", event.edits).key("latest").begin_object();
  json.field("raw", text).field("html", html_of(text));
  json.field("updatedAt", hub::format_date(touched ? event.edited_at : event.at));
  write_user(json, "author", touched ? event.edited_by : event.author);
  json.end_object();
}

void write_commit(hub::JsonWriter& json, const storage::Pulls::PushedCommit& pushed) {
  const auto oid = pushed.commit.id.hex();
  begin_event(json, oid.substr(0, number_digits + seq_digits), "commit", pushed.user, pushed.at);
  json.field("subject", title_of(pushed.commit.message)).field("oid", oid);
  end_event(json);
}

}  // namespace

std::string_view status_name(storage::DiscussionStatus status) {
  switch (status) {
    case storage::DiscussionStatus::open:
      return "open";
    case storage::DiscussionStatus::closed:
      return "closed";
    case storage::DiscussionStatus::merged:
      return "merged";
    case storage::DiscussionStatus::draft:
      return "draft";
  }
  return "open";
}

void write_discussion(hub::JsonWriter& json, const RepoId& repo,
                      const storage::DiscussionRow& row) {
  json.field("num", row.number).field("title", row.title);
  json.field("status", status_name(row.status));
  write_user(json, "author", row.author);
  json.field("createdAt", hub::format_date(row.created));
  json.field("isPullRequest", row.is_pull).field("numComments", row.comments);
  json.key("repo").begin_object().field("name", repo.full_name());
  json.field("type", to_string(repo.type)).end_object();
}

void write_event(hub::JsonWriter& json, std::uint64_t number, const storage::PlacedEvent& event) {
  const auto& row = event.row;
  const auto id = event_id(number, event.seq);
  switch (row.kind) {
    case storage::EventKind::comment:
      begin_event(json, id, "comment", row.author, row.at);
      write_comment(json, row);
      break;
    case storage::EventKind::status_change:
      begin_event(json, id, "status-change", row.author, row.at);
      json.field("status", status_name(row.status));
      break;
    case storage::EventKind::title_change:
      begin_event(json, id, "title-change", row.author, row.at);
      json.field("from", row.old_text).field("to", row.text);
      break;
  }
  end_event(json);
}

void write_events(hub::JsonWriter& json, std::uint64_t number,
                  const std::vector<storage::EventRow>& events,
                  const std::vector<storage::Pulls::PushedCommit>& commits) {
  json.begin_array();
  auto commit = commits.begin();
  for (std::uint32_t seq = 0; seq < events.size(); ++seq) {
    for (; seq > 0 && commit != commits.end() && commit->at <= events[seq].at; ++commit)
      write_commit(json, *commit);
    write_event(json, number, {seq, events[seq]});
  }
  for (; commit != commits.end(); ++commit) write_commit(json, *commit);
  json.end_array();
}

std::string event_id(std::uint64_t number, std::uint32_t seq) {
  std::string text(number_digits + seq_digits + 1, '\0');
  std::snprintf(text.data(), text.size(), "%016" PRIx64 "%08" PRIx32, number, seq);
  text.pop_back();
  return text;
}

std::optional<std::uint32_t> parse_event_id(std::uint64_t number, std::string_view id) {
  if (id.size() != number_digits + seq_digits) return std::nullopt;
  std::uint32_t seq = 0;
  const auto digits = id.substr(number_digits);
  const auto [stop, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), seq, /*base=*/16);
  if (error != std::errc{} || event_id(number, seq) != id) return std::nullopt;
  return seq;
}

std::string html_of(std::string_view text) {
  std::string html = "<p>";
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\n':
        html += "<br>\n";
        break;
      default:
        html += c;
    }
  }
  return html + "</p>";
}

}  // namespace waag::daemon
