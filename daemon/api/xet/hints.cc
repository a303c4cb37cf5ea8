#include "daemon/api/xet/hints.h"

#include "daemon/auth/permission.h"
#include "protocol/http/url_path.h"
#include "protocol/hub/json_writer.h"
#include "protocol/xet/merkle.h"

namespace waag::daemon {

std::string cas_url(const App& app, const Request& request) {
  return request.base_url + "/xet/" + xet_generation(app.href_key);
}

std::string xet_token_url(const Request& request, const RepoId& repo, XetScope scope,
                          std::string_view revision) {
  auto url = request.base_url + "/api/" + std::string(api_plural(repo.type)) + "/";
  url += repo.full_name() + (scope == XetScope::read ? "/xet-read-token/" : "/xet-write-token/");
  url += http::percent_encode(revision);
  if (scope == XetScope::pull) url += "?create_pr=1";
  return url;
}

XetAccess make_xet_access(const App& app, const Identity& who, const storage::RepoRow& repo,
                          XetScope scope) {
  XetAccess access;
  access.expires = app.clock.now() + std::chrono::seconds(app.config.xet.token_lifetime_s);
  access.token =
      mint_xet_token(app.href_key, XetGrant{who.token_id, repo.uid, scope}, access.expires);
  return access;
}

std::optional<XetScope> upload_scope(const Identity& who, const storage::RepoRow& repo) {
  if (may(who, repo, Action::write)) return XetScope::write;
  if (may(who, repo, Action::open_pull)) return XetScope::pull;
  return std::nullopt;
}

Result<std::vector<std::optional<FileHash>>> xet_hashes(
    const App& app, const storage::RepoRow& repo, const std::vector<storage::TreeEntry>& entries) {
  std::vector<std::optional<FileHash>> hashes;
  std::vector<BlobId> blobs;
  std::vector<std::size_t> places;  // of each blob
  for (std::size_t i = 0; i < entries.size() && app.config.xet.enabled; ++i) {
    if (!entries[i].lfs) continue;
    if (repo.mirrored) {
      WAAG_TRY(const bool shown, app.store.mirrors().may_show(repo.uid, entries[i].lfs->id));
      if (!shown) continue;
    }
    blobs.push_back(entries[i].lfs->id);
    places.push_back(i);
  }
  if (blobs.empty()) return hashes;
  WAAG_TRY(const auto found, app.store.xet().hashes_of(blobs));
  hashes.resize(entries.size());
  for (std::size_t i = 0; i < places.size(); ++i) hashes[places[i]] = found[i];
  return hashes;
}

void set_xet_headers(const App& app, const Request& request, const RepoId& repo,
                     std::string_view revision, const FileHash& hash, Headers& headers) {
  const auto text = xet::xet_string(hash);
  headers.set("X-Xet-Hash", text);
  headers.set("Link", "<" + xet_token_url(request, repo, XetScope::read, revision) +
                          ">; rel=\"xet-auth\", <" + cas_url(app, request) +
                          "/v1/reconstructions/" + text + ">; rel=\"xet-reconstruction-info\"");
}

bool wants_xet_info(const Request& request) {
  const auto accept = request.headers.get("Accept").value_or("");
  return request.method == Method::get && accept.find(xet_info_type) != std::string_view::npos;
}

Response xet_info_reply(const App& app, const Request& request, Headers headers) {
  hub::JsonWriter json;
  const auto text = [&headers](std::string_view name) { return headers.get(name).value_or(""); };
  const auto link = text("Link");
  // Old versions of the client read the body, new ones the headers.
  json.begin_object().field("casUrl", cas_url(app, request)).field("hash", text("X-Xet-Hash"));
  json.field("refreshUrl", link.substr(1, link.find('>') - 1));
  json.field("size", text("X-Linked-Size")).field("etag", text("X-Linked-ETag")).end_object();
  auto response = json_response(json.take());
  for (auto& [name, value] : headers.all()) response.headers.set(name, value);
  response.headers.set("Content-Type", std::string(xet_info_type));
  response.headers.set("ETag", std::string(text("X-Linked-ETag")));
  response.headers.set("Vary", "Authorization, Accept");
  return response;
}

}  // namespace waag::daemon
