#include "storage/repo/committer.h"

#include "protocol/hub/lfs_rules.h"
#include "storage/git/commit_object.h"
#include "storage/meta/keys.h"
#include "storage/repo/change_plan.h"

namespace waag::storage {
namespace {

/// Writers past the repo's lock (another road to its refs) that may come first before we give up.
constexpr int attempts_max = 16;
/// Expired replay rows looked at by each commit. Keys are hashes, so each commit cleans a random
/// stretch, and more than one row goes for each that comes.
constexpr int expired_replays_max = 8;
constexpr std::string_view attributes_name = ".gitattributes";

std::string encode_replay(const Replay& replay) {
  ByteWriter out;
  out.raw(replay.commit.view());
  out.fixed(static_cast<std::uint64_t>(replay.at.count()));
  if (replay.pull != 0) out.fixed(replay.pull);
  return plain_row(out.str());
}

/// A clock that was set back must not make a replay live longer than its time.
bool is_live(const Replay& replay, TimeMs now) {
  return now - replay.at < replay_time && replay.at - now < replay_time;
}

class Committing {
 public:
  Committing(const Parts& parts, const CommitRequest& request)
      : parts_(parts), request_(request), staged_(*request.staged) {}

  /// One try on the head as it is now. Errc::conflict if another writer came first.
  Result<CommitOutcome> attempt(const ChangePlan& plan) {
    Transaction transaction;
    WAAG_TRY(const auto repo, parts_.repos.find_uid(request_.repo_uid));
    RepoTable::expect_alive(transaction, repo);
    WAAG_TRY(const auto head, parts_.refs.find(repo.uid, request_.ref));
    if (!head) return fail(Errc::revision_not_found, "no ref " + request_.ref);
    now_ = parts_.clock.now();
    WAAG_TRY(const auto replay, expect_replay(transaction));
    if (replay) {
      WAAG_CHECK(staged_.objects().publish_repairs());
      return CommitOutcome{replay->commit, true, replay->pull};
    }
    if (request_.parent && *request_.parent != head->target)
      return fail(Errc::precondition_failed, "head is " + head->target.hex());

    WAAG_TRY(const auto commit, build(plan, head->target));
    WAAG_CHECK(staged_.settle(transaction));
    WAAG_TRY(const auto pull, move_ref(*head, commit, transaction));
    WAAG_CHECK(add_rows(plan, commit, pull, transaction));
    WAAG_CHECK(parts_.rows.apply(std::move(transaction)));
    staged_.settled();
    return CommitOutcome{commit, false, pull};
  }

 private:
  /// LFS files that no rule of .gitattributes covers get one: clones need it.
  Status cover_lfs_files(const ChangePlan& plan, TreeEdit& tree) const {
    const auto paths = plan.lfs_paths();
    if (paths.empty()) return ok();
    const auto file = tree.root_file(attributes_name);
    if (!file) return file.error().code == Errc::unprocessable ? ok() : Status(file.error());
    std::string rules;
    if (*file) {
      const auto body = read_small_blob(**file);
      if (!body) return body.error().code == Errc::not_found ? ok() : Status(body.error());
      rules = as_text(*body);
    }
    auto covered = hub::cover_lfs_paths(rules, paths);
    if (!covered) return ok();
    WAAG_TRY(const auto blob, staged_.objects().add(git::ObjectKind::blob, *std::move(covered)));
    return tree.put(attributes_name, blob, TreeEdit::Content::file);
  }

  /// Staged for this commit or in the store; Errc::not_found if it is stored as chunks.
  Result<Bytes> read_small_blob(const GitId& id) const {
    if (const auto* at = staged_.objects().place(id)) return parts_.packs.read(*at);
    return read_object(parts_.rows, parts_.packs, id, git::ObjectKind::blob);
  }

  Result<CommitId> build(const ChangePlan& plan, const CommitId& head) const {
    WAAG_TRY(const auto parent, parts_.objects.commit(head));
    TreeEdit tree(parts_.objects, parent->tree);
    WAAG_CHECK(plan.lay_on(tree));
    WAAG_CHECK(cover_lfs_files(plan, tree));
    NewCommit commit;
    WAAG_TRY(commit.tree, tree.write(staged_.objects()));
    commit.parent = head;
    commit.author_name = request_.author_name.empty() ? request_.user : request_.author_name;
    commit.author_email = request_.author_email;
    commit.date = request_.date == TimeMs{} ? now_ : request_.date;
    commit.message = request_.message;
    return add_commit_object(staged_.objects(), commit);
  }

  /// The ref itself, or a new pull request's. @return that one's number, 0 if there is none
  Result<std::uint64_t> move_ref(const RefRow& head, const CommitId& commit,
                                 Transaction& transaction) const {
    const auto uid = request_.repo_uid;
    const RefRow moved{commit, {}, now_};
    if (!request_.pull) {
      const RefTable::Move move{uid, request_.ref, head, moved, request_.user, now_};
      WAAG_CHECK(parts_.refs.move(transaction, move));
      return std::uint64_t{0};
    }
    DiscussionRow row;
    row.title = request_.pull->title;
    row.author = request_.user;
    row.created = now_;
    row.is_pull = true;
    row.base = request_.ref;
    row.start = head.target;
    WAAG_CHECK(parts_.discussions.add(transaction, uid, row, request_.pull->text));
    const auto name = pull_ref(row.number);
    const RefTable::Move move{uid, name, std::nullopt, moved, request_.user, now_};
    WAAG_CHECK(parts_.refs.move(transaction, move));
    return row.number;
  }

  Status add_rows(const ChangePlan& plan, const CommitId& commit, std::uint64_t pull,
                  Transaction& transaction) const {
    const auto uid = request_.repo_uid;
    RefTable::add_commit(transaction, uid, commit);
    for (const auto& blob : plan.links) {
      WAAG_TRY(const bool linked, parts_.links.has(uid, blob));
      if (!linked) LinkTable::add(transaction, uid, blob);
    }
    transaction.puts.insert(transaction.puts.end(), plan.pointer_rows.begin(),
                            plan.pointer_rows.end());
    if (request_.replay_key)
      transaction.puts.push_back(
          {keys::replay(uid, *request_.replay_key), encode_replay({commit, now_, pull})});
    return ok();
  }

  /// What the same request made a moment ago; if there is nothing, `transaction` fails in case it
  /// appears, and lets some expired rows go.
  Result<std::optional<Replay>> expect_replay(Transaction& transaction) const {
    std::optional<Replay> none;
    if (!request_.replay_key) return none;
    const auto key = keys::replay(request_.repo_uid, *request_.replay_key);
    WAAG_TRY(const auto value, parts_.rows.get(key));
    if (value) {
      WAAG_TRY(const auto replay, decode_replay(*value));
      if (is_live(replay, now_)) return std::optional(replay);
    }
    transaction.expects.push_back({key, value});
    int looked_at = 0;
    WAAG_CHECK(scan_rows(parts_.rows, keys::replays(request_.repo_uid), key, decode_replay,
                         [&](std::string_view other, const Replay& replay) {
                           if (other != key && !is_live(replay, now_))
                             transaction.dels.emplace_back(other);
                           return ++looked_at < expired_replays_max;
                         }));
    return none;
  }

  const Parts& parts_;
  const CommitRequest& request_;
  StagingArea& staged_;
  TimeMs now_{};
};

}  // namespace

Result<Replay> decode_replay(std::string_view value) {
  WAAG_TRY(const auto field, decode_plain_row(value));
  ByteReader in(as_bytes(field));
  Replay replay;
  const auto commit = in.raw(CommitId::size_bytes);
  replay.at = TimeMs(static_cast<std::int64_t>(in.fixed<std::uint64_t>()));
  if (!in.at_end()) replay.pull = in.fixed<std::uint64_t>();
  if (!in.ok() || !in.at_end()) return fail(Errc::corrupt, "not the row of a replay");
  WAAG_TRY(replay.commit, CommitId::from(commit));
  return replay;
}

Result<CommitOutcome> commit_changes(const Parts& parts, const CommitRequest& request) {
  // Tags name one commit for good; only branches, pull requests and the like grow.
  if (!request.ref.starts_with("refs/") || request.ref.starts_with("refs/tags/"))
    return fail(Errc::invalid_argument, "cannot commit to " + request.ref);
  WAAG_TRY(const auto plan, plan_changes(parts, request));
  const auto lock = parts.locks.lock(request.repo_uid);
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    auto outcome = Committing(parts, request).attempt(plan);
    if (outcome || outcome.error().code != Errc::conflict) return outcome;
  }
  return fail(Errc::unavailable, "ref " + request.ref + " moves all the time");
}

}  // namespace waag::storage
