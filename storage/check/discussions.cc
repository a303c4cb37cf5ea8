#include "storage/meta/tables/discussions.h"

#include "storage/check/examiner.h"

namespace waag::storage::check {
namespace {

std::string about(std::uint64_t uid, std::uint64_t number) {
  return "discussion " + std::to_string(number) + " of repo " + std::to_string(uid) + ": ";
}

void check_pull(const Examiner& examiner, std::uint64_t uid, const DiscussionRow& row) {
  const auto what = about(uid, row.number);
  const bool merged = row.status == DiscussionStatus::merged;
  if (!row.is_pull) {
    if (merged || row.status == DiscussionStatus::draft)
      examiner.problem(what + "has the status of a pull request");
    return;
  }
  if (!examiner.has(keys::ref(uid, pull_ref(row.number)), what))
    examiner.problem(what + pull_ref(row.number) + " is not there");
  // That commit itself may be gone: histories are squashed and rewritten.
  if (merged == row.merge_commit.is_zero())
    examiner.problem(what + "its status and its merge commit disagree");
}

/// As many events as the row says, from 0 on without gaps, the first of them a comment.
void check_events(const Examiner& examiner, std::uint64_t uid, const DiscussionRow& row) {
  const auto what = about(uid, row.number);
  std::uint64_t events = 0;
  std::uint64_t comments = 0;
  examiner.each(keys::events_of(uid, row.number), decode_event,
                [&](std::string_view key, const EventRow& event) {
                  const bool comment = event.kind == EventKind::comment;
                  if (keys::last_number(key) != events)
                    examiner.problem(what + "event " + std::to_string(events) + " is not there");
                  if (events == 0 && !comment)
                    examiner.problem(what + "does not begin with a comment");
                  events = keys::last_number(key) + 1;
                  if (comment) ++comments;
                });
  if (events != row.events || comments != row.comments)
    examiner.problem(what + "has " + std::to_string(events) + " events and " +
                     std::to_string(comments) + " comments, its row says " +
                     std::to_string(row.events) + " and " + std::to_string(row.comments));
}

void check_counter(const Examiner& examiner, std::uint64_t uid, std::uint64_t number) {
  const auto what = about(uid, number);
  const auto last = get_row(examiner.rows, DiscussionTable::counter_key(uid), decode_counter);
  if (!examiner.good(last, what)) return;
  if (last->value_or(0) < number) examiner.problem(what + "the repo's counter has not come so far");
}

}  // namespace

void check_discussions(const Examiner& examiner) {
  examiner.each(keys::all('d'), decode_discussion,
                [&](std::string_view key, const DiscussionRow& row) {
                  const auto uid = keys::number_at(key, 1);
                  if (key != keys::discussion(uid, row.number))
                    examiner.problem(about(uid, row.number) + "under another number's key");
                  check_pull(examiner, uid, row);
                  check_events(examiner, uid, row);
                  check_counter(examiner, uid, row.number);
                });
  const auto scanned =
      examiner.rows.scan(keys::all('e'), "", [&](std::string_view key, std::string_view) {
        const auto uid = keys::number_at(key, 1);
        const auto number = keys::number_at(key, 9);
        const auto what = about(uid, number);
        if (!examiner.has(keys::discussion(uid, number), what))
          examiner.problem(what + "an event of it is there, it is not");
        return true;
      });
  examiner.good(scanned, "events");
}

}  // namespace waag::storage::check
