#include "daemon/api/common/author.h"
#include "daemon/api/common/json_body.h"
#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "protocol/hub/json_writer.h"

/// Making one commit of a branch's history. Source: HUB_API 5.2.
namespace waag::daemon::api {
namespace {

constexpr std::size_t body_bytes_max = 1u << 20;

/// The full name of what is to be squashed: "main", "refs/pr/1", "refs/convert/parquet".
Result<std::string> ref_of(storage::Store& store, std::uint64_t uid, const std::string& asked) {
  const auto no_tag = fail(Errc::invalid_argument, "Cannot squash a tag: " + asked);
  if (asked.starts_with("refs/tags/")) return no_tag;
  const auto name = asked.starts_with("refs/") ? asked : "refs/heads/" + asked;
  WAAG_TRY(const auto branch, store.find_ref(uid, name));
  if (branch) return name;
  WAAG_TRY(const auto tag, store.find_ref(uid, "refs/tags/" + asked));
  if (tag) return no_tag;
  return revision_not_found(asked);
}

Result<Response> squash(storage::Store& store, const Identity& who, const RepoId& id,
                        const std::string& asked, const std::optional<std::string>& message) {
  WAAG_TRY(const auto repo, authorised_repo(store, who, id, Action::write));
  storage::SquashRequest wanted;
  WAAG_TRY(wanted.ref, ref_of(store, repo.uid, asked));
  wanted.repo_uid = repo.uid;
  wanted.user = who.user;
  wanted.author_name = who.user;
  wanted.author_email = commit_email(who.user);
  wanted.message = message.value_or("Super-squash " + asked);
  auto commit = store.squash(wanted);
  if (!commit && commit.error().code == Errc::revision_not_found) return revision_not_found(asked);
  if (!commit) return std::move(commit).error();
  hub::JsonWriter json;
  json.begin_object().field("success", true).field("commitOid", commit->hex()).end_object();
  return json_response(json.take());
}

}  // namespace

Reply post_super_squash(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  WAAG_CO_TRY(auto message, text_field(body, "message"));
  if (message && message->empty()) message.reset();
  auto work = [&store = app.store, who = request.who, id, ref = join_segments(request.rest),
               message = std::move(message)] { return squash(store, who, id, ref, message); };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
