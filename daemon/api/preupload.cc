#include "protocol/hub/preupload.h"

#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "protocol/hub/path_rules.h"

/// Which files of an upload go as LFS. Source: HUB_API 5.3.
namespace waag::daemon::api {
namespace {

constexpr std::size_t body_bytes_max = 32u << 20;

/// A small text file of the snapshot; "" if there is none or it is too long to be rules.
Result<std::string> rules_file(storage::Store& store, const storage::Snapshot& snapshot,
                               std::string_view path) {
  const auto entry = snapshot.stat(path);
  if (!entry && entry.error().code == Errc::entry_not_found) return std::string();
  if (!entry) return entry.error();
  const bool usable = entry->type == storage::TreeEntry::Type::file && !entry->lfs &&
                      entry->size_bytes <= hub::path_rules_bytes_max;
  if (!usable) return std::string();
  WAAG_TRY(const auto reader, store.open_git_blob(entry->oid));
  std::string text(reader->size_bytes(), '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto rest = std::as_writable_bytes(std::span(text)).subspan(size);
    WAAG_TRY(const auto got, reader->read(size, rest));
    if (got == 0) return fail(Errc::corrupt, "a blob ends early");
    size += got;
  }
  return text;
}

/// Clients compare it with the hash of their file and leave equal ones out. Of a damaged file none
/// is told: its bytes are wanted again.
Result<std::optional<std::string>> present_oid(storage::Store& store,
                                               const storage::Snapshot& snapshot,
                                               const std::string& path) {
  const auto entry = snapshot.stat(path);
  if (!entry && entry.error().code == Errc::entry_not_found) return std::optional<std::string>{};
  if (!entry) return entry.error();
  if (entry->type != storage::TreeEntry::Type::file) return std::optional<std::string>{};
  WAAG_TRY(const bool damaged,
           entry->lfs ? store.is_damaged(entry->lfs->id) : store.is_damaged(entry->oid));
  if (damaged) return std::optional<std::string>{};
  return std::optional(entry->lfs ? entry->lfs->id.hex() : entry->oid.hex());
}

/// What goes to a new pull request, or to one's own, needs less than the right to write.
Result<storage::RepoRow> authorised_upload(storage::Store& store, const Request& request,
                                           const RepoId& id) {
  if (request.query.flag("create_pr"))
    return authorised_repo(store, request.who, id, Action::open_pull);
  std::string ref;
  for (const auto& segment : request.rest) ref += (ref.empty() ? "" : "/") + segment;
  return authorised_ref(store, request.who, id, ref);
}

Result<Response> plan(storage::Store& store, const Request& request, const RepoId& id,
                      const hub::PreuploadRequest& asked) {
  WAAG_TRY(const auto repo, authorised_upload(store, request, id));
  WAAG_TRY(const auto at, split_revision(store, repo.uid, request.rest));
  if (!at.path.empty()) return revision_not_found(at.revision.text + "/" + at.path);
  WAAG_TRY(const auto snapshot, store.snapshot(repo.uid, at.revision.commit));
  WAAG_TRY(const auto attributes, rules_file(store, *snapshot, ".gitattributes"));
  WAAG_TRY(const auto ignore, rules_file(store, *snapshot, ".gitignore"));
  WAAG_TRY(auto rows, hub::plan_preupload(asked, attributes, ignore));
  for (auto& row : rows) {
    WAAG_TRY(row.oid, present_oid(store, *snapshot, row.path));
  }
  return json_response(hub::preupload_reply(rows, at.revision.commit.hex()));
}

}  // namespace

Reply post_preupload(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  if (!request.body) co_return fail(Errc::invalid_argument, "the request has no body");
  WAAG_CO_TRY(const auto body, co_await request.body->read_all(body_bytes_max));
  auto work = [&store = app.store, request = std::move(request), id, body]() -> Result<Response> {
    WAAG_TRY(const auto asked, hub::parse_preupload(body));
    return plan(store, request, id, asked);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
