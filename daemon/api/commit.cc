#include <algorithm>
#include <set>

#include "daemon/api/common/author.h"
#include "daemon/api/common/commit_builder.h"
#include "daemon/api/common/name_warnings.h"
#include "daemon/api/common/pump.h"
#include "daemon/api/common/target.h"
#include "daemon/api/forum/texts.h"
#include "daemon/api/forum/thread.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/http/errors.h"
#include "protocol/hub/json_writer.h"

/// POST commit: a streamed list of operations becomes one commit on a branch. Source: HUB_API 5.4.
namespace waag::daemon::api {
namespace {

constexpr std::string_view branches = "refs/heads/";
constexpr std::string_view pulls = "refs/pr/";
/// Tries of a commit that other writers overtook; each try is theirs having landed.
constexpr int race_tries_max = 64;

/// Where the commit goes: a ref that exists, and may be written to.
struct Goal {
  storage::RepoRow repo;
  std::string ref;       // full name
  CommitId head;         // when the request came
  bool as_pull = false;  // as a new pull request to it
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
  const auto revision = join(request.rest);
  auto ref = writable_ref(revision);
  if (goal.as_pull) {
    WAAG_TRY(goal.repo, authorised_repo(store, request.who, id, Action::open_pull));
    WAAG_CHECK(check_open_for_discussion(goal.repo));
  } else {
    WAAG_TRY(goal.repo, authorised_ref(store, request.who, id, ref.value_or("")));
  }
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

Result<storage::CommitOutcome> commit_with_retries(storage::Store& store,
                                                   const storage::CommitRequest& request) {
  for (int tries = 1;; ++tries) {
    auto outcome = store.commit(request);
    const bool overtaken = !outcome && outcome.error().code == Errc::conflict;
    if (!overtaken || tries == race_tries_max) return outcome;
  }
}

/// None if the commit cannot be looked at: it stands, whatever its names are.
std::vector<NameWarning> warnings_of(storage::Store& store, const Goal& goal,
                                     const storage::CommitOutcome& outcome,
                                     const std::vector<storage::Change>& changes) {
  const auto snapshot = store.snapshot(goal.repo.uid, outcome.commit);
  if (!snapshot) return {};
  auto warnings = name_warnings(**snapshot, changes);
  return warnings ? *std::move(warnings) : std::vector<NameWarning>{};
}

Response success(const Request& request, const Goal& goal, const storage::CommitOutcome& outcome,
                 const std::vector<NameWarning>& warnings) {
  const auto url = repo_url(request.base_url, goal.repo.id);
  const auto oid = outcome.commit.hex();
  hub::JsonWriter json;
  json.begin_object().field("success", true).field("commitOid", oid);
  std::string output;
  for (const auto& warning : warnings) output += "Warning: " + warning.text + "\n";
  json.field("commitUrl", url + "/commit/" + oid).field("hookOutput", output);
  if (outcome.pull != 0)
    json.field("pullRequestUrl", url + "/discussions/" + std::to_string(outcome.pull));
  json.end_object();
  auto response = json_response(json.take());
  for (const auto& warning : warnings) response.headers.add("X-HF-Warning", header_text(warning));
  return response;
}

/// 404 with the text that clients know for a file that cannot be deleted.
Response no_such_file(const Goal& goal) {
  return entry_not_found(goal.head, "A file with this name doesn't exist");
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
  if (goal.as_pull)
    commit.pull = pull_of_commit(builder.header().summary, builder.header().description);
  const auto outcome = commit_with_retries(store, commit);
  if (outcome)
    return success(request, goal, *outcome, warnings_of(store, goal, *outcome, commit.changes));
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
