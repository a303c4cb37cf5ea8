#include <algorithm>

#include <boost/json/parse.hpp>

#include "daemon/api/handlers.h"
#include "daemon/api/xet/access.h"
#include "daemon/api/xet/hints.h"
#include "daemon/auth/secrets/xet_url.h"
#include "daemon/http/errors.h"
#include "protocol/hub/json_writer.h"

/// Reconstructions: which ranges of which xorbs make up a file. Source: XET 5.2.
namespace waag::daemon::api {
namespace {

constexpr std::size_t batch_files_max = 1000;
constexpr std::size_t batch_body_bytes_max = 1u << 20;

/// The file if the token's repo holds it, or the caller has uploaded it for that repo. Any other
/// file is as good as missing: naming a hash grants nothing.
Result<storage::XetFile> find_file(storage::Store& store, const Request& request,
                                   const storage::RepoRow& repo, const FileHash& hash) {
  WAAG_TRY(const auto file, store.xet().find(hash));
  if (!file) return fail(Errc::not_found, "No such file");
  WAAG_TRY(const bool linked, store.repo_has_blob(repo.uid, file->id));
  if (linked) return *file;
  const auto& user = request.who.user;
  if (user.empty()) return fail(Errc::not_found, "No such file");
  WAAG_TRY(const bool uploaded, store.has_uploaded(user, repo.uid, file->id));
  if (!uploaded) return fail(Errc::not_found, "No such file");
  return *file;
}

/// Makes the URLs of one reply.
xet::FetchUrl fetch_urls(const App& app, const Request& request) {
  const auto base = cas_url(app, request) + "/data/";
  const auto expires = app.clock.now() + std::chrono::seconds(app.config.xet.url_lifetime_s);
  return [&app, &request, base, expires](const XorbHash& xorb,
                                         std::span<const xet::FetchRange> ranges) {
    XetUrlGrant grant{xorb, {}, request.xet->repo_uid, request.who.token_id};
    for (const auto& range : ranges) grant.ranges.push_back({range.wire_begin, range.wire_end - 1});
    return base + xet::xet_string(xorb) + "?" + sign_xet_url(app.href_key, grant, expires);
  };
}

/// The zero hash is that of the empty file, which everybody has.
Result<xet::Plan> plan_of(storage::Store& store, const Request& request,
                          const storage::RepoRow& repo, const FileHash& hash) {
  storage::XetFile file;
  if (!hash.is_zero()) {
    WAAG_TRY(file, find_file(store, request, repo, hash));
  }
  std::optional<http::ByteRange> range;
  if (const auto header = request.headers.get("Range")) {
    WAAG_TRY(range, xet::parse_reconstruction_range(*header, file.size_bytes));
  }
  if (file.size_bytes == 0) return xet::Plan{};
  return store.xet().plan(file.id, range);
}

enum class Version : std::uint8_t { one, two };

Result<Response> reconstruct(App& app, const Request& request, Version version) {
  WAAG_TRY(const auto hash, xet_hash_of<FileHash>(request, "file"));
  WAAG_TRY(const auto repo, open_xet_repo(app.store, request, XetNeed::files));
  WAAG_TRY(const auto plan, plan_of(app.store, request, repo, hash));
  const auto url = fetch_urls(app, request);
  auto response =
      json_response(version == Version::one ? xet::plan_json_v1(plan, url)
                                            : xet::plan_json_v2(plan, url, xet_url_ranges_max));
  response.headers.set("Cache-Control", "no-store");
  return response;
}

Task<Result<Response>> serve(App& app, Request request, Version version) {
  WAAG_CO_CHECK(check_generation(app, request));
  auto work = [&app, request = std::move(request), version]() -> Result<Response> {
    auto response = reconstruct(app, request, version);
    if (!response) return xet_error(std::move(response).error());
    return response;
  };
  co_return co_await offload(app.blocking, std::move(work));
}

/// Files that are not there are left out of the reply.
Result<Response> reconstruct_all(App& app, const Request& request,
                                 const std::vector<FileHash>& hashes) {
  WAAG_TRY(const auto repo, open_xet_repo(app.store, request, XetNeed::files));
  std::vector<xet::FilePlan> plans;
  for (const auto& hash : hashes) {
    auto plan = plan_of(app.store, request, repo, hash);
    if (plan)
      plans.push_back({hash, *std::move(plan)});
    else if (plan.error().code != Errc::not_found)
      return xet_error(std::move(plan).error());
  }
  return json_response(xet::plans_json(plans, fetch_urls(app, request)));
}

Task<Result<Response>> serve_all(App& app, Request request, std::vector<FileHash> hashes) {
  if (hashes.size() > batch_files_max)
    co_return fail(Errc::invalid_argument, "more than 1000 files");
  auto work = [&app, request = std::move(request), hashes = std::move(hashes)] {
    return reconstruct_all(app, request, hashes);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

/// [{"prefix": "default", "hash": "…"}, …]
Result<std::vector<FileHash>> parse_batch(std::string_view body) {
  boost::system::error_code bad;
  const auto value = boost::json::parse(body, bad);
  if (bad || !value.is_array())
    return fail(Errc::invalid_argument, "the request body must be a JSON array");
  std::vector<FileHash> hashes;
  for (const auto& item : value.as_array()) {
    const auto* hash = item.is_object() ? item.as_object().if_contains("hash") : nullptr;
    if (hash == nullptr || !hash->is_string())
      return fail(Errc::invalid_argument, "each item must have a \"hash\"");
    WAAG_TRY(const auto parsed, xet::parse_xet_string<FileHash>(hash->as_string()));
    hashes.push_back(parsed);
  }
  return hashes;
}

Result<Response> stat_file(storage::Store& store, const Request& request) {
  WAAG_TRY(const auto hash, xet_hash_of<FileHash>(request, "file"));
  WAAG_TRY(const auto repo, open_xet_repo(store, request, XetNeed::files));
  WAAG_TRY(const auto file, find_file(store, request, repo, hash));
  Response response;
  response.content_length = file.size_bytes;
  return response;
}

}  // namespace

Reply get_xet_reconstruction(App& app, Request request) {
  return serve(app, std::move(request), Version::one);
}

Reply get_xet_reconstruction_v2(App& app, Request request) {
  return serve(app, std::move(request), Version::two);
}

Reply get_xet_batch(App& app, Request request) {
  WAAG_CO_CHECK(check_generation(app, request));
  std::vector<FileHash> hashes;
  for (const auto text : request.query.all("file_id")) {
    WAAG_CO_TRY(const auto hash, xet::parse_xet_string<FileHash>(text));
    hashes.push_back(hash);
  }
  co_return co_await serve_all(app, std::move(request), std::move(hashes));
}

Reply post_xet_batch(App& app, Request request) {
  WAAG_CO_CHECK(check_generation(app, request));
  if (!request.body) co_return fail(Errc::invalid_argument, "the request has no body");
  WAAG_CO_TRY(const auto body, co_await request.body->read_all(batch_body_bytes_max));
  WAAG_CO_TRY(auto hashes, parse_batch(body));
  co_return co_await serve_all(app, std::move(request), std::move(hashes));
}

Reply head_xet_file(App& app, Request request) {
  WAAG_CO_CHECK(check_generation(app, request));
  auto work = [&store = app.store, request = std::move(request)] {
    return stat_file(store, request);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

/// Partial edits of huge files are not offered; clients then hash the whole file.
Reply get_xet_file_chunks(App&, Request) { co_return refusal(404, "Not offered by this hub"); }

}  // namespace waag::daemon::api
