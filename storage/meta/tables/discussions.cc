#include "storage/meta/tables/discussions.h"

#include "storage/meta/tables/repos.h"

namespace waag::storage {
namespace {

/// Writers of one discussion, or openers of others in the repo, that came first before we give up.
constexpr int attempts_max = 64;

Error busy() { return fail(Errc::unavailable, "the discussion changes all the time"); }

Error no_discussion(std::uint64_t number) {
  return fail(Errc::not_found, "There is no discussion " + std::to_string(number));
}

std::string_view kind_of(const DiscussionRow& row) {
  return row.is_pull ? "pull request" : "discussion";
}

Status check_status_change(const DiscussionRow& row, DiscussionStatus status) {
  const auto refused = [&row](std::string_view is) {
    return fail(Errc::conflict, "This " + std::string(kind_of(row)) + " is " + std::string(is));
  };
  if (row.status == DiscussionStatus::merged) return refused("merged for good");
  if (row.status != status) return ok();
  return refused(status == DiscussionStatus::open ? "open already" : "closed already");
}

}  // namespace

EventRow comment_event(const DiscussionTable::Act& act, const std::string& text) {
  EventRow event;
  event.author = act.user;
  event.at = act.at;
  event.text = text;
  return event;
}

EventRow status_event(const DiscussionTable::Act& act, DiscussionStatus status) {
  EventRow event;
  event.kind = EventKind::status_change;
  event.author = act.user;
  event.at = act.at;
  event.status = status;
  return event;
}

std::string DiscussionTable::counter_key(std::uint64_t uid) {
  return keys::counter("discussions/" + std::to_string(uid));
}

Result<DiscussionTable::Stored> DiscussionTable::load(std::uint64_t uid,
                                                      std::uint64_t number) const {
  WAAG_TRY(auto value, rows_.get(keys::discussion(uid, number)));
  if (!value) return no_discussion(number);
  Stored stored;
  WAAG_TRY(stored.row, decode_discussion(*value));
  stored.value = *std::move(value);
  return stored;
}

Result<DiscussionRow> DiscussionTable::find(std::uint64_t uid, std::uint64_t number) const {
  WAAG_TRY(auto stored, load(uid, number));
  return std::move(stored.row);
}

Result<std::vector<DiscussionRow>> DiscussionTable::list(std::uint64_t uid) const {
  std::vector<DiscussionRow> found;
  WAAG_CHECK(scan_rows(rows_, keys::discussions(uid), "", decode_discussion,
                       [&](std::string_view, DiscussionRow row) {
                         found.push_back(std::move(row));
                         return true;
                       }));
  return found;
}

Result<std::vector<EventRow>> DiscussionTable::events(std::uint64_t uid,
                                                      std::uint64_t number) const {
  std::vector<EventRow> found;
  WAAG_CHECK(scan_rows(rows_, keys::events_of(uid, number), "", decode_event,
                       [&](std::string_view, EventRow row) {
                         found.push_back(std::move(row));
                         return true;
                       }));
  return found;
}

Result<EventRow> DiscussionTable::find_event(std::uint64_t uid, std::uint64_t number,
                                             std::uint32_t seq) const {
  WAAG_TRY(auto row, get_row(rows_, keys::event(uid, number, seq), decode_event));
  if (!row) return fail(Errc::not_found, "There is no such comment");
  return *std::move(row);
}

Status DiscussionTable::add(Transaction& transaction, std::uint64_t uid, DiscussionRow& row,
                            const std::string& text) const {
  WAAG_TRY(auto counter, rows_.get(counter_key(uid)));
  std::uint64_t last = 0;
  if (counter) {
    WAAG_TRY(last, decode_counter(*counter));
  }
  for (row.number = last + 1;; ++row.number) {
    WAAG_TRY(const auto taken, rows_.get(keys::ref(uid, pull_ref(row.number))));
    if (!taken) break;
  }
  row.events = 1;
  row.comments = 1;
  const auto key = keys::discussion(uid, row.number);
  transaction.expects.push_back({counter_key(uid), std::move(counter)});
  transaction.expects.push_back({key, std::nullopt});
  transaction.puts.push_back({counter_key(uid), encode_counter(row.number)});
  transaction.puts.push_back({key, encode(row)});
  transaction.puts.push_back(
      {keys::event(uid, row.number, 0), encode(comment_event({row.author, row.created}, text))});
  return ok();
}

Result<std::uint32_t> DiscussionTable::append(Transaction& transaction, std::uint64_t uid,
                                              const Stored& before, DiscussionRow after,
                                              const std::vector<EventRow>& events) {
  if (before.row.events + events.size() > discussion_events_max)
    return fail(Errc::unprocessable, "This " + std::string(kind_of(after)) + " is full: it has " +
                                         std::to_string(before.row.events) + " events");
  for (const auto& event : events) {
    if (event.kind == EventKind::comment) ++after.comments;
    transaction.puts.push_back({keys::event(uid, after.number, after.events), encode(event)});
    ++after.events;
  }
  const auto key = keys::discussion(uid, after.number);
  transaction.expects.push_back({key, before.value});
  transaction.puts.push_back({key, encode(after)});
  return after.events - 1;
}

Status DiscussionTable::apply_on_repo(std::uint64_t uid, Transaction transaction) {
  WAAG_TRY(const auto repo, RepoTable(rows_).find_uid(uid));
  RepoTable::expect_alive(transaction, repo);
  WAAG_CHECK(rows_.apply(std::move(transaction)));
  return ok();
}

Result<DiscussionRow> DiscussionTable::create(std::uint64_t uid, const Act& act,
                                              const std::string& title, const std::string& text) {
  DiscussionRow row;
  row.title = title;
  row.author = act.user;
  row.created = act.at;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    Transaction transaction;
    WAAG_CHECK(add(transaction, uid, row, text));
    const auto applied = apply_on_repo(uid, std::move(transaction));
    if (applied) return row;
    if (applied.error().code != Errc::conflict) return applied.error();
  }
  return busy();
}

/// @param step  (DiscussionRow&, std::vector<EventRow>&) -> Status: what changes, on each try anew
template <class Step>
Result<PlacedEvent> DiscussionTable::change(std::uint64_t uid, std::uint64_t number, Step step) {
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    WAAG_TRY(const auto before, load(uid, number));
    auto after = before.row;
    std::vector<EventRow> events;
    WAAG_CHECK(step(after, events));
    Transaction transaction;
    WAAG_TRY(const auto seq, append(transaction, uid, before, std::move(after), events));
    const auto applied = apply_on_repo(uid, std::move(transaction));
    if (applied) return PlacedEvent{seq, std::move(events.back())};
    if (applied.error().code != Errc::conflict) return applied.error();
  }
  return busy();
}

template <class Step>
Result<PlacedEvent> DiscussionTable::change_comment(std::uint64_t uid, std::uint64_t number,
                                                    std::uint32_t seq, Step step) {
  const auto key = keys::event(uid, number, seq);
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    WAAG_TRY(auto value, rows_.get(key));
    if (!value) return fail(Errc::not_found, "There is no such comment");
    WAAG_TRY(auto event, decode_event(*value));
    if (event.kind != EventKind::comment) return fail(Errc::not_found, "There is no such comment");
    if (event.hidden) return fail(Errc::conflict, "The comment is hidden for good");
    step(event);
    Transaction transaction;
    transaction.expects.push_back({key, std::move(value)});
    transaction.puts.push_back({key, encode(event)});
    const auto applied = apply_on_repo(uid, std::move(transaction));
    if (applied) return PlacedEvent{seq, std::move(event)};
    if (applied.error().code != Errc::conflict) return applied.error();
  }
  return busy();
}

Result<PlacedEvent> DiscussionTable::comment(std::uint64_t uid, std::uint64_t number,
                                             const Act& act, const std::string& text) {
  return change(uid, number, [&](DiscussionRow&, std::vector<EventRow>& events) {
    events.push_back(comment_event(act, text));
    return ok();
  });
}

Result<PlacedEvent> DiscussionTable::rename(std::uint64_t uid, std::uint64_t number, const Act& act,
                                            const std::string& title) {
  return change(uid, number, [&](DiscussionRow& row, std::vector<EventRow>& events) {
    EventRow event;
    event.kind = EventKind::title_change;
    event.author = act.user;
    event.at = act.at;
    event.old_text = std::exchange(row.title, title);
    event.text = title;
    events.push_back(std::move(event));
    return ok();
  });
}

Result<PlacedEvent> DiscussionTable::set_status(std::uint64_t uid, std::uint64_t number,
                                                const Act& act, DiscussionStatus status,
                                                const std::string& text) {
  return change(uid, number, [&](DiscussionRow& row, std::vector<EventRow>& events) -> Status {
    WAAG_CHECK(check_status_change(row, status));
    row.status = status;
    if (!text.empty()) events.push_back(comment_event(act, text));
    events.push_back(status_event(act, status));
    return ok();
  });
}

Result<PlacedEvent> DiscussionTable::edit(std::uint64_t uid, std::uint64_t number,
                                          std::uint32_t seq, const Act& act,
                                          const std::string& text) {
  return change_comment(uid, number, seq, [&](EventRow& event) {
    event.text = text;
    event.edited_by = act.user;
    event.edited_at = act.at;
    ++event.edits;
  });
}

Result<PlacedEvent> DiscussionTable::hide(std::uint64_t uid, std::uint64_t number,
                                          std::uint32_t seq, const Act& act) {
  return change_comment(uid, number, seq, [&](EventRow& event) {
    event.text.clear();
    event.hidden = true;
    event.edited_by = act.user;
    event.edited_at = act.at;
  });
}

}  // namespace waag::storage
