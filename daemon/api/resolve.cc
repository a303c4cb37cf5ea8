#include "daemon/api/common/blob_reply.h"
#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/api/xet/hints.h"
#include "daemon/app.h"
#include "daemon/auth/file_access.h"
#include "daemon/catalog/catalog.h"
#include "daemon/mirror/mirror.h"
#include "protocol/http/disposition.h"
#include "protocol/http/url_path.h"
#include "protocol/lfs/pointer.h"

/// resolve, resolve-cache and raw: one file of one revision. Source: HUB_API 3.1, 3.2.
namespace waag::daemon::api {
namespace {

enum class View : std::uint8_t { file, pointer };

std::string cache_control(const Reading& reading) {
  // A shared cache would hand a gated file to anybody.
  const bool hidden = reading.repo.visibility == storage::Visibility::closed ||
                      reading.repo.gate != storage::Gate::none;
  if (!reading.revision.pinned)
    return hidden ? "private, no-cache, no-transform" : "no-cache, no-transform";
  return std::string(hidden ? "private" : "public") + ", max-age=31536000, immutable, no-transform";
}

std::string pinned_url(const Request& request, const Reading& reading) {
  return repo_url(request.base_url, reading.repo.id) + "/resolve/" + reading.revision.commit.hex() +
         "/" + http::percent_encode(reading.path, http::Slash::keep);
}

/// Which bytes of an entry are meant.
struct Chosen {
  std::string etag;
  std::uint64_t size_bytes = 0;
};

Chosen choose(const storage::TreeEntry& entry, View view) {
  if (!entry.lfs) return {entry.oid.hex(), entry.size_bytes};
  if (view == View::pointer) return {entry.oid.hex(), entry.lfs->pointer_bytes};
  return {entry.lfs->id.hex(), entry.lfs->size_bytes};
}

Headers file_headers(const Request& request, const Reading& reading,
                     const storage::TreeEntry& entry, View view, const Chosen& chosen) {
  Headers headers;
  headers.set("X-Repo-Commit", reading.revision.commit.hex());
  if (view == View::file) {
    headers.set("X-Linked-Size", std::to_string(chosen.size_bytes));
    if (entry.lfs) headers.set("X-Linked-ETag", "\"" + chosen.etag + "\"");
    if (!reading.revision.pinned && request.method == Method::head)
      headers.set("Location", pinned_url(request, reading));
  }
  if (!request.query.flag("noContentDisposition")) {
    const bool download = request.query.flag("download");
    const auto kind = download ? http::Disposition::attachment : http::Disposition::inline_;
    headers.set("Content-Disposition", http::content_disposition(kind, reading.path));
  }
  const bool as_pointer = view == View::pointer && entry.lfs;
  headers.set("Content-Type", std::string(as_pointer ? "text/plain; charset=utf-8"
                                                     : content_type_of(reading.path)));
  headers.set("Cache-Control", cache_control(reading));
  headers.set("Content-Security-Policy", "default-src 'none'; sandbox");
  headers.set("Vary", "Authorization");
  return headers;
}

/// Also for files that are not read through Xet here and now: the client decides.
Status add_xet(const App& app, const Request& request, const Reading& reading,
               const storage::TreeEntry& entry, Headers& headers) {
  WAAG_TRY(const auto hashes, xet_hashes(app, reading.repo, {entry}));
  if (!hashes.empty() && hashes.front())
    set_xet_headers(app, request, reading.repo.id, reading.revision.commit.hex(), *hashes.front(),
                    headers);
  return ok();
}

/// A file that its upstream has still to send.
auto following(App& app, const Request& request, const Reading& reading,
               const storage::TreeEntry& entry) {
  return [&app, &request, &reading, &entry](http::ByteRange range,
                                            bool rest) -> Result<std::shared_ptr<AsyncSource>> {
    WAAG_CHECK(app.mirror->may_demand(request.who));
    WAAG_TRY(auto fill, app.mirror->fill(reading.repo, reading.revision.commit, entry));
    return app.mirror->follow(std::move(fill), {range.first, range.last + 1}, rest);
  };
}

Result<Response> send_file(App& app, const Request& request, const RepoId& id, View view) {
  auto& store = app.store;
  WAAG_TRY(auto reading, open_reading(store, request.who, id, request.rest));
  WAAG_CHECK(need_files(store, request.who, reading.repo));
  const auto entry = reading.snapshot->stat(reading.path);
  if (!entry && entry.error().code != Errc::entry_not_found) return entry.error();
  if (!entry || entry->type == storage::TreeEntry::Type::directory)
    return entry_not_found(reading.revision.commit);
  const auto chosen = choose(*entry, view);
  BlobReply reply;
  reply.etag = chosen.etag;
  reply.size_bytes = chosen.size_bytes;
  reply.headers = file_headers(request, reading, *entry, view, chosen);
  // Of an LFS file the pointer is always here.
  bool cold = false;
  if (app.mirror && (view == View::file || !entry->lfs)) {
    WAAG_TRY(cold, app.mirror->is_cold(reading.repo, *entry));
  }
  if (view == View::file && !cold)
    WAAG_CHECK(add_xet(app, request, reading, *entry, reply.headers));
  if (wants_xet_info(request) && reply.headers.get("X-Xet-Hash"))
    return xet_info_reply(app, request, std::move(reply.headers));
  reply.open = [&store, &entry, view] {
    if (entry->lfs && view == View::file) return store.open_blob(entry->lfs->id);
    return store.open_git_blob(entry->oid);
  };
  if (app.mirror && view == View::file)
    reply.from_the_start = app.mirror->went_wrong(reading.repo, *entry);
  if (cold) reply.follow = following(app, request, reading, *entry);
  auto response = blob_response(request, std::move(reply));
  if (response && response->status == 200 && view == View::file)
    app.catalog->downloads().served(reading.repo, reading.path,
                                    request.who.anonymous() ? request.remote : request.who.user);
  return response;
}

Task<Result<Response>> serve(App& app, Request request, View view) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&app, request = std::move(request), id, view] {
    return send_file(app, request, id, view);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace

Reply get_resolve(App& app, Request request) { return serve(app, std::move(request), View::file); }

Reply get_raw(App& app, Request request) { return serve(app, std::move(request), View::pointer); }

}  // namespace waag::daemon::api
