#include "storage/merge/pulls.h"

#include <algorithm>

#include "storage/git/commit_object.h"
#include "storage/merge/merge_base.h"
#include "storage/merge/tree_merge.h"

namespace waag::storage {
namespace {

/// Writers past the repo's lock that may come first before we give up.
constexpr int attempts_max = 16;
/// Conflicting files that an error names.
constexpr std::size_t named_conflicts_max = 20;

Error refused(std::string why) { return fail(Errc::conflict, std::move(why)); }

Status check_mergeable(const DiscussionRow& row) {
  if (!row.is_pull) return refused("This discussion is no pull request");
  switch (row.status) {
    case DiscussionStatus::open:
      return ok();
    case DiscussionStatus::draft:
      return refused("This pull request is a draft: publish it first");
    case DiscussionStatus::closed:
      return refused("This pull request is closed");
    case DiscussionStatus::merged:
      return refused("This pull request is merged already");
  }
  return refused("This pull request cannot be merged");
}

Error conflicting(const std::vector<std::string>& paths) {
  std::string text = "Merge conflicts in: ";
  const auto named = std::min(paths.size(), named_conflicts_max);
  for (std::size_t i = 0; i < named; ++i) text += (i == 0 ? "" : ", ") + paths[i];
  if (named < paths.size()) text += " and " + std::to_string(paths.size() - named) + " more";
  return refused(std::move(text));
}

}  // namespace

Result<DiscussionRow> Pulls::open(std::uint64_t uid, const DiscussionTable::Act& act,
                                  const std::string& title, const std::string& text) const {
  const auto lock = parts_.locks.lock(uid);
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    Transaction transaction;
    WAAG_TRY(const auto repo, parts_.repos.find_uid(uid));
    RepoTable::expect_alive(transaction, repo);
    WAAG_TRY(const auto head, parts_.refs.find(uid, head_branch));
    if (!head) return fail(Errc::revision_not_found, "the repo has no main branch");
    DiscussionRow row;
    row.title = title;
    row.author = act.user;
    row.created = act.at;
    row.status = DiscussionStatus::draft;
    row.is_pull = true;
    row.base = head_branch;
    row.start = head->target;
    WAAG_CHECK(parts_.discussions.add(transaction, uid, row, text));
    const auto name = pull_ref(row.number);
    const RefTable::Move move{uid,      name,  std::nullopt, RefRow{head->target, {}, act.at},
                              act.user, act.at};
    WAAG_CHECK(parts_.refs.move(transaction, move));
    const auto applied = parts_.rows.apply(std::move(transaction));
    if (applied) return row;
    if (applied.error().code != Errc::conflict) return applied.error();
  }
  return fail(Errc::unavailable, "discussions are opened all the time");
}

/// The newest commit that both have; where the two lost their common history (one of them was
/// squashed), the one at which the pull request began.
Result<std::optional<CommitId>> Pulls::fork_point(std::uint64_t uid, const DiscussionRow& pull,
                                                  const CommitId& base,
                                                  const CommitId& head) const {
  WAAG_TRY(const auto common, merge_base(parts_.objects, base, head));
  if (common) return common;
  WAAG_TRY(const bool known, parts_.refs.knows(uid, pull.start));
  return known ? std::optional(pull.start) : std::nullopt;
}

Result<PullState> Pulls::examine(std::uint64_t uid, const DiscussionRow& pull) const {
  PullState state;
  if (pull.status == DiscussionStatus::merged) {
    WAAG_TRY(const bool known, parts_.refs.knows(uid, pull.merge_commit));
    if (!known) return state;  // a rewritten history has no such commit any more
    state.to = pull.merge_commit;
    WAAG_TRY(const auto merged, parts_.objects.commit(pull.merge_commit));
    if (!merged->parents.empty()) state.from = merged->parents.front();
    return state;
  }
  WAAG_TRY(const auto head, parts_.refs.find(uid, pull_ref(pull.number)));
  if (!head) return state;
  state.to = head->target;
  WAAG_TRY(const auto base, parts_.refs.find(uid, pull.base));
  if (!base) {  // its branch was deleted: what it changed can still be told
    WAAG_TRY(const bool known, parts_.refs.knows(uid, pull.start));
    if (known) state.from = pull.start;
    return state;
  }
  WAAG_TRY(state.from, fork_point(uid, pull, base->target, head->target));
  if (!state.from) return state;
  WAAG_TRY(const auto from, parts_.objects.commit(*state.from));
  WAAG_TRY(const auto ours, parts_.objects.commit(base->target));
  WAAG_TRY(const auto theirs, parts_.objects.commit(head->target));
  WAAG_TRY(auto merge, merge_trees(parts_.objects, from->tree, ours->tree, theirs->tree, nullptr));
  state.conflicts = std::move(merge.conflicts);
  return state;
}

Result<std::vector<FileChange>> Pulls::changes(const PullState& state, std::size_t limit) const {
  if (!state.from || !state.to) return std::vector<FileChange>{};
  WAAG_TRY(const auto from, parts_.objects.commit(*state.from));
  WAAG_TRY(const auto to, parts_.objects.commit(*state.to));
  return tree_changes(parts_.objects, from->tree, to->tree, limit);
}

Result<std::vector<Pulls::PushedCommit>> Pulls::commits(std::uint64_t uid,
                                                        const DiscussionRow& pull,
                                                        std::size_t limit) const {
  std::vector<PushedCommit> found;
  std::unordered_set<CommitId> seen;
  WAAG_TRY(const auto log, parts_.refs.log(uid, pull_ref(pull.number)));
  for (auto move = log.rbegin(); move != log.rend(); ++move) {
    // A move may bring several commits: the line down to where the ref stood before.
    CommitId at = move->to;
    while (!at.is_zero() && at != move->from && at != pull.start && found.size() < limit &&
           seen.insert(at).second) {
      WAAG_TRY(const bool known, parts_.refs.knows(uid, at));
      if (!known) break;
      WAAG_TRY(const auto commit, parts_.objects.commit(at));
      found.push_back({*commit, move->user, move->at});
      at = commit->parents.empty() ? CommitId{} : commit->parents.front();
    }
  }
  std::ranges::reverse(found);
  return found;
}

Result<MergeOutcome> Pulls::merge(const MergeRequest& request) const {
  WAAG_CHECK(reserve_.check());
  const auto lock = parts_.locks.lock(request.repo_uid);
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    WAAG_TRY(auto outcome, try_merge(request));
    if (outcome) return *std::move(outcome);
  }
  return fail(Errc::unavailable, "the refs of the pull request move all the time");
}

Result<CommitId> Pulls::add_merge_commit(const MergeRequest& request, const DiscussionRow& pull,
                                         const CommitId& base, const CommitId& head,
                                         ObjectWriter& objects) const {
  WAAG_TRY(const auto from, fork_point(request.repo_uid, pull, base, head));
  if (!from) return refused("This pull request shares no history with " + pull.base);
  if (*from == head) return refused("This pull request has no changes to merge");
  WAAG_TRY(const auto common, parts_.objects.commit(*from));
  WAAG_TRY(const auto ours, parts_.objects.commit(base));
  WAAG_TRY(const auto theirs, parts_.objects.commit(head));
  WAAG_TRY(const auto merge,
           merge_trees(parts_.objects, common->tree, ours->tree, theirs->tree, &objects));
  if (!merge.conflicts.empty()) return conflicting(merge.conflicts);
  NewCommit commit;
  commit.tree = merge.tree;
  commit.parent = base;
  commit.merged = head;
  commit.author_name = request.act.user;
  commit.author_email = request.author_email;
  commit.date = request.act.at;
  commit.message = pull.title + " (#" + std::to_string(pull.number) + ")";
  return add_commit_object(objects, commit);
}

/// One try on everything as it is now; nullopt if another writer came first.
Result<std::optional<MergeOutcome>> Pulls::try_merge(const MergeRequest& request) const {
  const auto uid = request.repo_uid;
  Transaction transaction;
  WAAG_TRY(const auto repo, parts_.repos.find_uid(uid));
  RepoTable::expect_alive(transaction, repo);
  WAAG_TRY(const auto pull, parts_.discussions.load(uid, request.number));
  WAAG_CHECK(check_mergeable(pull.row));
  WAAG_TRY(const auto base, parts_.refs.find(uid, pull.row.base));
  WAAG_TRY(const auto head, parts_.refs.find(uid, pull_ref(request.number)));
  if (!base || !head) return refused("The pull request's branch is gone");
  transaction.expects.push_back({keys::ref(uid, pull_ref(request.number)), encode(*head)});

  ObjectWriter objects(parts_.rows, parts_.packs);
  MergeOutcome outcome;
  WAAG_TRY(outcome.commit,
           add_merge_commit(request, pull.row, base->target, head->target, objects));
  WAAG_CHECK(objects.settle(transaction));
  const RefTable::Move move{uid,
                            pull.row.base,
                            base,
                            RefRow{outcome.commit, {}, request.act.at},
                            request.act.user,
                            request.act.at};
  WAAG_CHECK(parts_.refs.move(transaction, move));
  RefTable::add_commit(transaction, uid, outcome.commit);
  auto after = pull.row;
  after.status = DiscussionStatus::merged;
  after.merge_commit = outcome.commit;
  std::vector<EventRow> events;
  if (!request.comment.empty()) events.push_back(comment_event(request.act, request.comment));
  outcome.event.row = status_event(request.act, DiscussionStatus::merged);
  events.push_back(outcome.event.row);
  WAAG_TRY(outcome.event.seq,
           DiscussionTable::append(transaction, uid, pull, std::move(after), events));
  const auto applied = parts_.rows.apply(std::move(transaction));
  if (applied) return std::optional(std::move(outcome));
  if (applied.error().code == Errc::conflict) return std::optional<MergeOutcome>{};
  return applied.error();
}

}  // namespace waag::storage
