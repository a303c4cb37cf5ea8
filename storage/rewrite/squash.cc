#include "storage/rewrite/squash.h"

#include "storage/git/commit_object.h"
#include "storage/rewrite/prune.h"

namespace waag::storage {
namespace {

/// Moves of the repo that may come first before we give up.
constexpr int attempts_max = 16;

/// Errc::conflict if the repo was moved meanwhile.
Result<CommitId> try_squash(const Parts& parts, const SquashRequest& request) {
  Transaction transaction;
  WAAG_TRY(const auto repo, parts.repos.find_uid(request.repo_uid));
  RepoTable::expect_alive(transaction, repo);
  WAAG_TRY(const auto head, parts.refs.find(repo.uid, request.ref));
  if (!head) return fail(Errc::revision_not_found, "no ref " + request.ref);
  WAAG_TRY(const auto last, parts.objects.commit(head->target));
  const auto now = parts.clock.now();
  ObjectWriter objects(parts.rows, parts.packs);
  NewCommit commit;
  commit.tree = last->tree;
  commit.author_name = request.author_name.empty() ? request.user : request.author_name;
  commit.author_email = request.author_email;
  commit.date = now;
  commit.message = request.message;
  WAAG_TRY(const auto id, add_commit_object(objects, commit));
  WAAG_CHECK(objects.settle(transaction));
  const RefRow moved{id, {}, now};
  const RefTable::Move move{repo.uid, request.ref, head, moved, request.user, now};
  WAAG_CHECK(parts.refs.move(transaction, move));
  RefTable::add_commit(transaction, repo.uid, id);
  expect_pruning(transaction, repo.uid);
  WAAG_CHECK(parts.rows.apply(std::move(transaction)));
  return id;
}

}  // namespace

Result<CommitId> squash_ref(const Parts& parts, const SquashRequest& request) {
  if (!request.ref.starts_with("refs/") || request.ref.starts_with("refs/tags/"))
    return fail(Errc::invalid_argument, "cannot squash " + request.ref);
  const auto lock = parts.locks.lock(request.repo_uid);
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    auto squashed = try_squash(parts, request);
    if (squashed) WAAG_CHECK(prune(parts, request.repo_uid));
    if (squashed || squashed.error().code != Errc::conflict) return squashed;
  }
  return fail(Errc::unavailable, "the repo is moved all the time");
}

}  // namespace waag::storage
