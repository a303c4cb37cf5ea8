#include <algorithm>
#include <charconv>
#include <set>

#include "daemon/api/common/author.h"
#include "daemon/api/common/commit_builder.h"
#include "daemon/api/common/pump.h"
#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/http/errors.h"
#include "protocol/hub/json_writer.h"

/// POST commit: a streamed list of operations becomes one commit on a branch. Source: HUB_API 5.4.
namespace waag::daemon::api {
namespace {

constexpr std::string_view branches = "refs/heads/";
constexpr std::string_view pulls = "refs/pr/";
/// Tries for a number of refs/pr that nobody else takes at the same moment.
constexpr int pull_tries_max = 16;
/// Tries of a commit that other writers overtook; each try is theirs having landed.
constexpr int race_tries_max = 64;

/// Where the commit goes: a ref that exists, and may be written to.
struct Goal {
  storage::RepoRow repo;
  std::string ref;       // full name
  CommitId head;         // when the request came
  bool as_pull = false;  // onto a new refs/pr/N that starts at `head`
};

std::string join(const std::vector<std::string>& segments) {
  std::string name;
  for (const auto& segment : segments) name += (name.empty() ? "" : "/") + segment;
  return name;
}

/// The ref that a revision in the path names, if it is one that commits can go to.
std::optional<std::string> writable_ref(const std::string& revision) {
  if (revision.starts_with(branches) || revision.starts_with(pulls)) return revision;
  if (revision == "refs" || revision.starts_with("refs/")) return std::nullopt;
  if (revision == "HEAD") return "refs/heads/main";
  return std::string(branches) + revision;
}

Result<Goal> find_goal(storage::Store& store, const Request& request, const RepoId& id) {
  Goal goal;
  goal.as_pull = request.query.flag("create_pr");
  const auto action = goal.as_pull ? Action::open_pull : Action::write;
  WAAG_TRY(goal.repo, authorised_repo(store, request.who, id, action));
  const auto revision = join(request.rest);
  auto ref = writable_ref(revision);
  if (!ref || (goal.as_pull && !ref->starts_with(branches))) return revision_not_found(revision);
  WAAG_TRY(auto row, store.find_ref(goal.repo.uid, *ref));
  if (!row && revision == "None") {  // what old clients send for the default branch
    ref = "refs/heads/main";
    WAAG_TRY(row, store.find_ref(goal.repo.uid, *ref));
  }
  if (!row) return revision_not_found(revision);
  goal.ref = *std::move(ref);
  goal.head = row->target;
  return goal;
}

/// Every LFS file must be one that the caller may name here; the missing ones are listed.
Status check_lfs_files(storage::Store& store, const Identity& who, const Goal& goal,
                       const std::vector<storage::Change>& changes,
                       const std::set<BlobId>& sent_here) {
  std::string missing;
  std::set<BlobId> seen = sent_here;
  for (const auto& change : changes) {
    if (change.kind != storage::Change::Kind::put_lfs || !seen.insert(change.lfs).second) continue;
    WAAG_TRY(const bool allowed, may_name_blob(store, who, goal.repo, change.lfs));
    if (!allowed) missing += " " + change.lfs.hex();
  }
  if (missing.empty()) return ok();
  return fail(Errc::invalid_argument,
              "LFS objects were not uploaded to this repository:" + missing);
}

/// Clients may shorten parentCommit.
Result<std::optional<CommitId>> parent_of(const std::string& text, const CommitId& head) {
  if (text.empty()) return std::optional<CommitId>{};
  if (text.size() < 2 * CommitId::size_bytes) {
    if (head.hex().starts_with(text)) return std::optional(head);
    return fail(Errc::precondition_failed, "the head is not " + text);
  }
  WAAG_TRY(const auto id, CommitId::parse(text));
  return std::optional(id);
}

BlobId replay_key(const Identity& who, const Goal& goal, const CommitBuilder& builder) {
  const auto text = who.user + "\n" + goal.ref + (goal.as_pull ? "\npull\n" : "\n") +
                    builder.header().parent_commit + "\n" + builder.payload().hex();
  return sha256(as_bytes(text));
}

/// N of "refs/pr/N".
std::optional<std::uint64_t> pull_number(std::string_view ref) {
  if (!ref.starts_with(pulls)) return std::nullopt;
  std::uint64_t number = 0;
  const auto digits = ref.substr(pulls.size());
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || stop != digits.data() + digits.size()) return std::nullopt;
  return number;
}

/// Makes refs/pr/N with the next free number. @return N
Result<std::uint64_t> open_pull(storage::Store& store, const Goal& goal, std::string_view user) {
  for (int tries = 0; tries < pull_tries_max; ++tries) {
    WAAG_TRY(const auto refs, store.list_refs(goal.repo.uid));
    std::uint64_t last = 0;
    for (const auto& ref : refs) last = std::max(last, pull_number(ref.name).value_or(0));
    const auto name = std::string(pulls) + std::to_string(last + 1);
    const auto made = store.move_ref(goal.repo.uid, name, std::nullopt, goal.head, user);
    if (made) return last + 1;
    if (made.error().code != Errc::conflict) return made.error();
  }
  return fail(Errc::unavailable, "no free pull request number");
}

Result<storage::CommitOutcome> commit_with_retries(storage::Store& store,
                                                   const storage::CommitRequest& request) {
  for (int tries = 1;; ++tries) {
    auto outcome = store.commit(request);
    const bool overtaken = !outcome && outcome.error().code == Errc::conflict;
    if (!overtaken || tries == race_tries_max) return outcome;
  }
}

Response success(const Request& request, const Goal& goal, const CommitId& commit,
                 std::optional<std::uint64_t> pull) {
  const auto url = repo_url(request.base_url, goal.repo.id);
  hub::JsonWriter json;
  json.begin_object().field("success", true).field("commitOid", commit.hex());
  json.field("commitUrl", url + "/commit/" + commit.hex()).field("hookOutput", "");
  if (pull) json.field("pullRequestUrl", url + "/discussions/" + std::to_string(*pull));
  json.end_object();
  return json_response(json.take());
}

/// 404 with the text that clients know for a file that cannot be deleted.
Response no_such_file(const Goal& goal) {
  return entry_not_found(goal.head, "A file with this name doesn't exist");
}

/// The number of the pull request whose head is `commit`.
Result<std::optional<std::uint64_t>> pull_of(storage::Store& store, const Goal& goal,
                                             const CommitId& commit) {
  WAAG_TRY(const auto refs, store.list_refs(goal.repo.uid));
  for (const auto& ref : refs)
    if (ref.name.starts_with(pulls) && ref.row.target == commit) return pull_number(ref.name);
  return std::optional<std::uint64_t>{};
}

/// Commits onto a new refs/pr/N; nothing stays of it if that is refused, or if the request is a
/// replay.
Result<Response> land_pull(App& app, const Request& request, Goal goal,
                           storage::CommitRequest commit) {
  auto& store = app.store;
  const auto& user = request.who.user;
  if (commit.parent && *commit.parent != goal.head)
    return fail(Errc::precondition_failed, "the base moved");
  WAAG_TRY(const auto number, open_pull(store, goal, user));
  goal.ref = std::string(pulls) + std::to_string(number);
  commit.ref = goal.ref;
  auto outcome = commit_with_retries(store, commit);
  if (outcome && outcome->replayed) {
    WAAG_TRY(const auto first, pull_of(store, goal, outcome->commit));
    if (first) {
      WAAG_CHECK(store.move_ref(goal.repo.uid, goal.ref, goal.head, std::nullopt, user));
      return success(request, goal, outcome->commit, first);
    }
    commit.replay_key.reset();  // the first one is gone: this is a new one
    outcome = commit_with_retries(store, commit);
  }
  if (outcome) return success(request, goal, outcome->commit, number);
  WAAG_CHECK(store.move_ref(goal.repo.uid, goal.ref, goal.head, std::nullopt, user));
  if (outcome.error().code == Errc::entry_not_found) return no_such_file(goal);
  return outcome.error();
}

/// LFS files that came inline: their sender has the bytes.
Result<std::set<BlobId>> possess_inline_files(storage::Store& store, const Identity& who,
                                              const Goal& goal,
                                              const std::vector<storage::Change>& changes) {
  std::set<BlobId> sent_here;
  for (const auto& change : changes)
    if (change.kind == storage::Change::Kind::put_lfs && !change.blob.is_zero())
      sent_here.insert(change.lfs);
  for (const auto& blob : sent_here)
    WAAG_CHECK(store.record_possession(who.user, goal.repo.uid, blob));
  return sent_here;
}

Result<Response> land(App& app, const Request& request, const Goal& goal, CommitBuilder& builder) {
  auto& store = app.store;
  storage::CommitRequest commit;
  WAAG_TRY(commit.parent, parent_of(builder.header().parent_commit, goal.head));
  WAAG_TRY(const auto sent_here, possess_inline_files(store, request.who, goal, builder.changes()));
  WAAG_CHECK(check_lfs_files(store, request.who, goal, builder.changes(), sent_here));
  commit.replay_key = replay_key(request.who, goal, builder);
  commit.repo_uid = goal.repo.uid;
  commit.ref = goal.ref;
  commit.user = request.who.user;
  commit.author_name = request.who.user;
  commit.author_email = commit_email(request.who.user);
  commit.date = app.clock.now();
  commit.message = builder.message();
  commit.changes = std::move(builder.changes());
  commit.staged = builder.staged();
  if (goal.as_pull) return land_pull(app, request, goal, std::move(commit));
  const auto outcome = commit_with_retries(store, commit);
  if (outcome) return success(request, goal, outcome->commit, std::nullopt);
  if (outcome.error().code == Errc::entry_not_found) return no_such_file(goal);
  return outcome.error();
}

}  // namespace

Reply post_commit(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  if (!request.body) co_return fail(Errc::invalid_argument, "the request has no body");
  auto seek = [&store = app.store, &request, &id] { return find_goal(store, request, id); };
  WAAG_CO_TRY(auto goal, co_await offload(app.blocking, std::move(seek)));
  const auto builder = std::make_shared<CommitBuilder>(app.store);
  Sink sink = [builder](ByteView bytes) { return builder->feed(bytes); };
  WAAG_CO_CHECK(co_await pump(request.body, app.blocking, std::move(sink)));
  auto work = [&app, request = std::move(request), goal = std::move(goal),
               builder]() -> Result<Response> {
    WAAG_CHECK(builder->finish());
    return land(app, request, goal, *builder);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
