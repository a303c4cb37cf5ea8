#pragma once

#include "storage/meta/repo_rows.h"

namespace waag::storage {

/// Closed and open ones may change into each other; merged is for good. Only pull requests are ever
/// merged or draft.
enum class DiscussionStatus : std::uint8_t { open = 0, closed = 1, merged = 2, draft = 3 };

/// A discussion, or a pull request: then its commits stand on refs/pr/<number>.
struct DiscussionRow {
  std::uint64_t number = 0;  // from 1 on; discussions and pull requests of a repo share them
  std::string title;
  std::string author;
  TimeMs created{};
  DiscussionStatus status{DiscussionStatus::open};
  std::uint32_t events = 0;    // rows e that belong to it
  std::uint32_t comments = 0;  // so many of them are comments
  bool is_pull = false;
  // Of pull requests only:
  std::string base;       // full name of the ref to merge into
  CommitId start;         // where that ref stood when the pull request began
  CommitId merge_commit;  // zero until it is merged
  bool operator==(const DiscussionRow&) const = default;
};

enum class EventKind : std::uint8_t { comment = 0, status_change = 1, title_change = 2 };

/// One thing that happened in a discussion. The first one is the comment that opened it.
struct EventRow {
  EventKind kind{EventKind::comment};
  std::string author;
  TimeMs at{};
  std::string text;      // comment: as it reads now; empty if hidden. title_change: the new title
  std::string old_text;  // title_change: the old title
  DiscussionStatus status{DiscussionStatus::open};  // status_change: the new one
  // Of comments only:
  bool hidden = false;  // for good: the text is gone
  std::uint32_t edits = 0;
  std::string edited_by;  // last
  TimeMs edited_at{};
  bool operator==(const EventRow&) const = default;
};

std::string encode(const DiscussionRow& row);
std::string encode(const EventRow& row);
/// Errc::corrupt unless `value` is what encode() writes.
Result<DiscussionRow> decode_discussion(std::string_view value);
Result<EventRow> decode_event(std::string_view value);

/// "refs/pr/7"
std::string pull_ref(std::uint64_t number);
/// 7 of "refs/pr/7"; nullopt if `ref` is not exactly such a name.
std::optional<std::uint64_t> pull_number(std::string_view ref);

}  // namespace waag::storage
