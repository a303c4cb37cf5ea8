#include "daemon/api/forum/thread.h"

#include <charconv>

namespace waag::daemon {

Result<storage::DiscussionRow> find_discussion(storage::Store& store, const Request& request,
                                               const storage::RepoRow& repo) {
  const auto found = request.captures.find("number");
  std::string_view digits;
  if (found != request.captures.end()) digits = found->second;
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || stop != digits.data() + digits.size())
    return fail(Errc::not_found, "There is no such discussion");
  return store.discussions().find(repo.uid, number);
}

Status check_open_for_discussion(const storage::RepoRow& repo) {
  if (!repo.discussions_disabled) return ok();
  return fail(Errc::forbidden, "Discussions are disabled for this repo");
}

Status check_own_or_writer(const Identity& who, const storage::RepoRow& repo,
                           std::string_view author) {
  if (is_author(who, author) || may(who, repo, Action::write)) return ok();
  return fail(Errc::forbidden, "Only the author and who may write to the repo can do this");
}

}  // namespace waag::daemon
