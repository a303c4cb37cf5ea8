#include "daemon/mirror/sync/job_history.h"

#include <algorithm>
#include <condition_variable>
#include <thread>

#include <boost/json/array.hpp>

namespace waag::daemon {
namespace {

namespace json = boost::json;

/// How far back it is looked for the commits that a branch led to before.
constexpr std::size_t searched_commits_max = 10'000;
constexpr std::size_t history_page = 500;

/// What a revision stands for; "" if that is no branch and no tag.
Result<std::string> ref_of(storage::Store& store, std::uint64_t uid, const std::string& revision) {
  for (const auto* kind : {"", "refs/heads/", "refs/tags/"}) {
    const auto name = kind + revision;
    if (!name.starts_with("refs/")) continue;
    WAAG_TRY(const auto ref, store.find_ref(uid, name));
    if (ref) return name;
  }
  return std::string();
}

Result<std::vector<CommitId>> led_to(storage::Store& store, const RepoId& id,
                                     const std::string& revision) {
  WAAG_TRY(const auto repo, store.find_repo(id));
  if (!repo.mirrored) return std::vector<CommitId>();
  WAAG_TRY(const auto ref, ref_of(store, repo.uid, revision));
  if (ref.empty()) return std::vector<CommitId>();
  return store.mirrors().led_to(repo.uid, ref);
}

std::string count_text(std::uint64_t refs) {
  return std::to_string(refs) + (refs == 1 ? " ref" : " refs");
}

}  // namespace

/// A job whose history did not come may have moved the ref, with nobody to find out whether by a
/// forced push: that is for the first one whose history comes.
void JobHistory::note_before(const RepoId& repo, const std::string& revision,
                             const std::optional<CommitId>& before) {
  auto found = led_to(store_, repo, revision);
  if (found) earlier_ = *std::move(found);
  if (before && std::ranges::find(earlier_, *before) == earlier_.end())
    earlier_.insert(earlier_.begin(), *before);
}

void JobHistory::bring(const Found& found, const std::shared_ptr<RuleLimits>& limits) {
  context_.set_note("bringing the history");
  const auto came = fetch(found.repo.uid, limits);
  if (!came) {
    missing_ = came.error().what;
    if (came.error().code != Errc::not_found) error_ = came.error();
    return context_.set_note("without its history: " + missing_);
  }
  find_left_out(found.repo.uid);
  context_.set_note("");
  if (refs_left_out_ > 0)
    context_.set_note("without " + count_text(refs_left_out_) +
                      (refs_left_out_ == 1 ? " that breaks" : " that break") +
                      " a rule of this hub");
  auto rewritten = find_rewritten(found);
  if (rewritten) rewritten_from_ = *rewritten;
}

/// Keeps to the rule's rate, and ends with its window.
Status JobHistory::fetch(std::uint64_t uid, const std::shared_ptr<RuleLimits>& limits) {
  if (!limits) return lookup_.bring_history(uid, context_.stop_token());
  std::stop_source end;
  const std::stop_callback told(context_.stop_token(), [&end] { end.request_stop(); });
  const std::jthread watch([this, &limits, &end](const std::stop_token& over) {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    while (!over.stop_requested() && !limits->closed_until(context_.now()))
      changed.wait_for(lock, over, look_, [] { return false; });
    if (!over.stop_requested()) end.request_stop();
  });
  return lookup_.bring_history(uid, end.get_token(), limits->cap());
}

/// nullopt also if nobody knows: a history that was left out, or a long one.
Result<std::optional<CommitId>> JobHistory::find_rewritten(const Found& found) const {
  const std::optional<CommitId> none;
  auto lost = earlier_;
  std::erase(lost, found.commit);
  if (lost.empty()) return none;
  WAAG_TRY(const bool held, store_.mirrors().holds(found.repo.uid, found.commit));
  if (!held) return none;
  for (std::size_t seen = 0; seen < searched_commits_max; seen += history_page) {
    WAAG_TRY(const auto page, store_.history(found.repo.uid, found.commit, seen, history_page));
    for (const auto& commit : page) std::erase(lost, commit.id);
    if (lost.empty()) return none;
    if (page.size() < history_page) return std::optional(lost.front());
  }
  return none;
}

/// When it came: that may have been for somebody else.
void JobHistory::find_left_out(std::uint64_t uid) {
  auto row = store_.mirrors().find(uid);
  if (!row || !*row) return;
  refs_left_out_ = (*row)->refs_left_out;
  left_out_ = std::move((*row)->left_out);
}

void JobHistory::tell(json::object& result) const {
  if (!missing_.empty()) result["history"] = missing_;
  if (rewritten_from_) result["rewritten_from"] = rewritten_from_->hex();
  if (refs_left_out_ == 0) return;
  result["refs_left_out"] = refs_left_out_;
  json::array warnings;
  for (const auto& [name, reason] : left_out_)
    warnings.emplace_back(name + " is left out: " + reason);
  if (refs_left_out_ > left_out_.size())
    warnings.emplace_back("and " + count_text(refs_left_out_ - left_out_.size()) + " more");
  result["warnings"] = std::move(warnings);
}

}  // namespace waag::daemon
