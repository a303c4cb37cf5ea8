#pragma once

#include "storage/meta/discussion_rows.h"
#include "storage/meta/tables/table.h"

namespace waag::storage {

/// Events that one discussion can have: all of them are in each reply about it.
inline constexpr std::uint32_t discussion_events_max = 1000;

/// An event and its place in the discussion.
struct PlacedEvent {
  std::uint32_t seq = 0;
  EventRow row;
};

/// Rows d (discussions and pull requests), e (what happened in them) and each repo's counter of
/// their numbers. Every change is one transaction that expects the repo to be there and the rows to
/// be as they were read. Texts have been checked by the caller. Thread-safe.
///
/// Changes answer Errc::not_found if there is no such discussion or comment, Errc::conflict if its
/// state forbids it, Errc::unprocessable if it has discussion_events_max events already.
class DiscussionTable {
 public:
  explicit DiscussionTable(RowStore& rows) : rows_(rows) {}

  Result<DiscussionRow> find(std::uint64_t uid, std::uint64_t number) const;
  /// By number.
  Result<std::vector<DiscussionRow>> list(std::uint64_t uid) const;
  /// In order; an event's index is its place.
  Result<std::vector<EventRow>> events(std::uint64_t uid, std::uint64_t number) const;
  Result<EventRow> find_event(std::uint64_t uid, std::uint64_t number, std::uint32_t seq) const;

  /// Who does something, and when.
  struct Act {
    std::string user;
    TimeMs at{};
  };
  /// Opens a discussion (no pull request) with its first comment.
  Result<DiscussionRow> create(std::uint64_t uid, const Act& act, const std::string& title,
                               const std::string& text);
  Result<PlacedEvent> comment(std::uint64_t uid, std::uint64_t number, const Act& act,
                              const std::string& text);
  Result<PlacedEvent> rename(std::uint64_t uid, std::uint64_t number, const Act& act,
                             const std::string& title);
  /// Opens or closes; a draft that is opened is published.
  /// @param text  a comment to go with it, if not empty
  Result<PlacedEvent> set_status(std::uint64_t uid, std::uint64_t number, const Act& act,
                                 DiscussionStatus status, const std::string& text);
  Result<PlacedEvent> edit(std::uint64_t uid, std::uint64_t number, std::uint32_t seq,
                           const Act& act, const std::string& text);
  /// Removes a comment's text for good.
  Result<PlacedEvent> hide(std::uint64_t uid, std::uint64_t number, std::uint32_t seq,
                           const Act& act);

  // --- parts of a larger transaction ---
  /// Gives `row` the next number of the repo and puts it, with its first comment, on `transaction`.
  /// A number whose pull ref is taken is passed over.
  Status add(Transaction& transaction, std::uint64_t uid, DiscussionRow& row,
             const std::string& text) const;
  /// A discussion, and its row as it is stored: what a change of it expects.
  struct Stored {
    DiscussionRow row;
    std::string value;
  };
  Result<Stored> load(std::uint64_t uid, std::uint64_t number) const;
  /// Puts `after` and `events` behind those that it has on `transaction`, which fails if the
  /// discussion is not as in `before` any more. @return the place of the last of them
  static Result<std::uint32_t> append(Transaction& transaction, std::uint64_t uid,
                                      const Stored& before, DiscussionRow after,
                                      const std::vector<EventRow>& events);
  static std::string counter_key(std::uint64_t uid);

 private:
  template <class Step>
  Result<PlacedEvent> change(std::uint64_t uid, std::uint64_t number, Step step);
  template <class Step>
  Result<PlacedEvent> change_comment(std::uint64_t uid, std::uint64_t number, std::uint32_t seq,
                                     Step step);
  Status apply_on_repo(std::uint64_t uid, Transaction transaction);

  RowStore& rows_;
};

/// A comment, for DiscussionTable::append.
EventRow comment_event(const DiscussionTable::Act& act, const std::string& text);
EventRow status_event(const DiscussionTable::Act& act, DiscussionStatus status);

}  // namespace waag::storage
