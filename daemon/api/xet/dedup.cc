#include "daemon/api/handlers.h"
#include "daemon/api/xet/access.h"
#include "daemon/auth/file_access.h"
#include "protocol/http/field.h"

/// Dedup queries: does the caller know a file that holds this chunk? The answer lets an upload name
/// the file's chunks in place of sending them. Source: XET 5.4, 7; RELIABILITY 3.2.1.
namespace waag::daemon::api {
namespace {

constexpr std::size_t files_max = 32;     // that hold the chunk, looked at for one to tell of
constexpr std::size_t holders_max = 100;  // repos of each
/// Clients keep an answer so long. What it names is kept longer than that.
constexpr std::chrono::hours answer_lifetime{24};

enum class Scope : std::uint8_t { repo, org, visible };

class Visible {
 public:
  Visible(storage::Store& store, const Request& request, const storage::RepoRow& repo, Scope scope)
      : store_(store), request_(request), repo_(repo), scope_(scope) {}

  /// Whether the caller may learn that the hub holds the file: some repo in scope whose files the
  /// caller may read holds it, or the caller has uploaded it for this repo.
  Result<bool> shows(const BlobId& blob) const {
    const auto& who = request_.who;
    if (!who.anonymous()) {
      WAAG_TRY(const bool uploaded, store_.has_uploaded(who.user, repo_.uid, blob));
      if (uploaded) return true;
    }
    if (scope_ == Scope::repo) return in_own_repo(blob);
    WAAG_TRY(const auto holders, store_.holders(blob, holders_max));
    for (const auto uid : holders) {
      WAAG_TRY(const bool shown, shows_repo(uid));
      if (shown) return true;
    }
    return false;
  }

 private:
  Result<bool> in_own_repo(const BlobId& blob) const {
    WAAG_TRY(const bool linked, store_.repo_has_blob(repo_.uid, blob));
    if (!linked) return false;
    return may_read_files(store_, request_.who, repo_);
  }

  Result<bool> shows_repo(std::uint64_t uid) const {
    const auto repo = store_.find_repo_by_uid(uid);
    if (!repo && repo.error().code == Errc::repo_not_found) return false;
    if (!repo) return repo.error();
    if (scope_ == Scope::org && !http::equal_nocase(repo->id.ns, repo_.id.ns)) return false;
    return may_read_files(store_, request_.who, *repo);
  }

  storage::Store& store_;
  const Request& request_;
  const storage::RepoRow& repo_;
  const Scope scope_;
};

/// A key of its own, so that two answers cannot be compared, and no plain hash is told.
storage::DedupKey make_key(const App& app) {
  storage::DedupKey key;
  app.random.fill(std::as_writable_bytes(std::span(key.key)));
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(app.clock.now());
  key.created_s = static_cast<std::uint64_t>(now.count());
  key.expires_s = static_cast<std::uint64_t>((now + answer_lifetime).count());
  return key;
}

std::optional<Scope> scope_of(std::string_view name) {
  if (name == "repo") return Scope::repo;
  if (name == "org") return Scope::org;
  if (name == "visible") return Scope::visible;
  return std::nullopt;
}

Result<Response> answer_query(const App& app, const Request& request) {
  const auto none = [] { return fail(Errc::not_found, "No such chunk"); };
  WAAG_TRY(const auto chunk, xet_hash_of<ChunkHash>(request, "chunk"));
  WAAG_TRY(const auto repo, open_xet_repo(app.store, request, XetNeed::repo));
  const auto scope = scope_of(app.config.xet.dedup_scope);
  if (!scope) return none();
  const Visible visible(app.store, request, repo, *scope);
  WAAG_TRY(const auto files, app.store.xet().files_with(chunk, files_max));
  for (const auto& file : files) {
    WAAG_TRY(const bool shown, visible.shows(file));
    if (!shown) continue;
    WAAG_TRY(const auto shard, app.store.xet().dedup_shard(file, chunk, make_key(app)));
    Response response;
    response.body = std::string(as_text(shard));
    response.headers.set("Content-Type", "application/octet-stream");
    response.headers.set("Cache-Control", "no-store");
    return response;
  }
  return none();
}

}  // namespace

Reply get_xet_chunk(App& app, Request request) {
  WAAG_CO_CHECK(check_generation(app, request));
  const auto prefix = request.captures.find("prefix");
  // The published protocol says default-merkledb; clients say default.
  if (prefix->second != "default" && prefix->second != "default-merkledb")
    co_return fail(Errc::not_found, "No such chunk");
  auto work = [&app, request = std::move(request)]() -> Result<Response> {
    auto response = answer_query(app, request);
    if (!response) return xet_error(std::move(response).error());
    return response;
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
