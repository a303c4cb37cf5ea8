#include "daemon/api/common/author.h"
#include "daemon/api/common/json_body.h"
#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/http/errors.h"
#include "protocol/git/path.h"
#include "protocol/http/url_path.h"

/// Creating and deleting branches and tags. Source: HUB_API 5.2.
namespace waag::daemon::api {
namespace {

constexpr std::size_t body_bytes_max = 64u << 10;
constexpr std::string_view branches = "refs/heads/";
constexpr std::string_view tags = "refs/tags/";

/// The full ref name; `kind` is "branch" or "tag".
Result<std::string> full_name(std::string_view prefix, std::string_view name,
                              std::string_view kind) {
  const auto invalid = [kind] {
    return fail(Errc::invalid_argument, "Invalid reference for a " + std::string(kind));
  };
  if (name == "refs" || name.starts_with("refs/")) return invalid();
  if (!git::check_ref_name(name)) return invalid();
  return std::string(prefix) + std::string(name);
}

struct NewRef {
  std::string_view prefix;
  std::string_view kind;  // "branch" or "tag"
  std::string name;       // as asked for
  std::string start;      // revision; "" = head of main
  bool overwrite = false;
  std::string message;  // tags: annotated if there is one
};

Status place_ref(storage::Store& store, const Identity& who, std::uint64_t uid,
                 const NewRef& wanted, const std::string& name, std::optional<CommitId> expected,
                 const CommitId& target) {
  if (wanted.message.empty()) return store.move_ref(uid, name, expected, target, who.user);
  storage::NewTag tag;
  tag.repo_uid = uid;
  tag.name = wanted.name;
  tag.target = target;
  tag.user = who.user;
  tag.tagger_email = commit_email(who.user);
  tag.message = wanted.message;
  return store.create_tag(tag);
}

Result<Response> create_ref(storage::Store& store, const Identity& who, const RepoId& id,
                            const NewRef& wanted) {
  WAAG_TRY(const auto repo, authorised_repo(store, who, id, Action::write));
  WAAG_TRY(const auto start,
           resolve_revision(store, repo.uid, wanted.start.empty() ? "HEAD" : wanted.start));
  WAAG_TRY(const auto name, full_name(wanted.prefix, wanted.name, wanted.kind));
  WAAG_TRY(const auto old, store.find_ref(repo.uid, name));
  const auto taken = fail(Errc::conflict, "Reference " + name + " already exists");
  if (old && !wanted.overwrite) return taken;
  const auto expected = old ? std::optional(old->target) : std::nullopt;
  const auto moved = place_ref(store, who, repo.uid, wanted, name, expected, start.commit);
  if (!moved && moved.error().code == Errc::conflict) return taken;
  if (!moved) return moved.error();
  return json_response(R"({"success":true})");
}

Result<Response> remove_ref(storage::Store& store, const Identity& who, const RepoId& id,
                            std::string_view prefix, std::string_view name) {
  WAAG_TRY(const auto repo, authorised_repo(store, who, id, Action::write));
  const auto full = std::string(prefix) + std::string(name);
  if (full == "refs/heads/main") return fail(Errc::invalid_argument, "Cannot delete " + full);
  WAAG_TRY(const auto old, store.find_ref(repo.uid, full));
  if (!old) return revision_not_found(name);
  const auto moved = store.move_ref(repo.uid, full, old->target, std::nullopt, who.user);
  if (!moved && moved.error().code == Errc::conflict)
    return fail(Errc::conflict, "Reference " + full + " was moved meanwhile");
  if (!moved) return moved.error();
  return json_response(R"({"success":true})");
}

Reply create(App& app, Request request, RepoId id, NewRef wanted) {
  auto work = [&store = app.store, who = request.who, id = std::move(id),
               wanted = std::move(wanted)] { return create_ref(store, who, id, wanted); };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply remove(App& app, Request request, std::string_view prefix) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&store = app.store, who = request.who, id, prefix,
               name = join_segments(request.rest)] {
    return remove_ref(store, who, id, prefix, name);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace

Reply post_branch(App& app, Request request) {
  WAAG_CO_TRY(auto id, repo_of(request));
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  NewRef wanted{branches, "branch", join_segments(request.rest), "", false, ""};
  WAAG_CO_TRY(const auto start, text_field(body, "startingPoint"));
  WAAG_CO_TRY(const auto empty, bool_field(body, "emptyBranch"));
  WAAG_CO_TRY(const auto overwrite, bool_field(body, "overwrite"));
  if (empty.value_or(false))
    co_return fail(Errc::invalid_argument, "\"emptyBranch\" is not supported by this hub");
  wanted.start = start.value_or("");
  wanted.overwrite = overwrite.value_or(false);
  co_return co_await create(app, std::move(request), std::move(id), std::move(wanted));
}

Reply delete_branch(App& app, Request request) { return remove(app, std::move(request), branches); }

Reply post_tag(App& app, Request request) {
  WAAG_CO_TRY(auto id, repo_of(request));
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  WAAG_CO_TRY(const auto tag, text_field(body, "tag"));
  if (!tag) co_return fail(Errc::invalid_argument, "\"tag\" is missing");
  WAAG_CO_TRY(const auto message, text_field(body, "message"));
  NewRef wanted{tags, "tag", *tag, join_segments(request.rest), false, message.value_or("")};
  co_return co_await create(app, std::move(request), std::move(id), std::move(wanted));
}

Reply delete_tag(App& app, Request request) { return remove(app, std::move(request), tags); }

}  // namespace waag::daemon::api
