#include "protocol/lfs/batch.h"

#include <array>
#include <map>
#include <set>

#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/api/lfs/hrefs.h"
#include "daemon/api/lfs/uploads.h"
#include "daemon/api/xet/hints.h"
#include "daemon/auth/file_access.h"
#include "daemon/mirror/mirror.h"

/// POST info/lfs/objects/batch: who may move which object, and where to. Source: HUB_API 5.5.
namespace waag::daemon::api {
namespace {

constexpr std::size_t body_bytes_max = 4u << 20;
/// Above it clients that can send parts are asked to: a broken transfer then costs one part.
constexpr std::uint64_t single_bytes_max = 512u << 20;

std::string make_uuid(storage::Random& random) {
  std::array<std::byte, 16> bytes{};
  random.fill(bytes);
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};  // RFC 9562: version 4,
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};  // and the variant
  auto text = to_hex(bytes);
  for (const std::size_t at : {8u, 13u, 18u, 23u}) text.insert(at, 1, '-');
  return text;
}

class Batch {
 public:
  Batch(App& app, const Request& request, const storage::RepoRow& repo,
        const lfs::BatchRequest& asked)
      : app_(app), request_(request), repo_(repo), asked_(asked) {
    const auto agent = request.headers.get("User-Agent").value_or("");
    // The multipart agent of git-lfs wants parts for every object of a multipart reply.
    const bool any_size = agent.starts_with("git-lfs");
    const bool able = asked.operation == lfs::Operation::upload && asked.accepts("multipart");
    for (const auto& object : asked.objects)
      if (able && object.size_bytes > single_bytes_max)
        parts_above_ = any_size ? 0 : single_bytes_max;
    const bool upload = asked.operation == lfs::Operation::upload;
    if (upload && app.config.xet.enabled && asked.accepts("xet")) xet_ = xet_action();
  }

  /// Before answer(). What of the objects of a download this repo has; what a mirrored one's
  /// upstream has still to send counts, as it comes when it is asked for.
  Status find_objects() {
    if (asked_.operation == lfs::Operation::upload) return ok();
    std::set<BlobId> missing;
    for (const auto& object : asked_.objects) {
      WAAG_TRY(const bool linked, app_.store.repo_has_blob(repo_.uid, object.oid));
      std::optional<std::uint64_t> size;
      if (linked) {
        WAAG_TRY(size, app_.store.blob_size(object.oid));
      }
      if (size)
        held_[object.oid] = *size;
      else
        missing.insert(object.oid);
    }
    if (!app_.mirror || !repo_.mirrored || missing.empty()) return ok();
    WAAG_TRY(const auto places, app_.mirror->find(repo_, std::move(missing)));
    for (const auto& [oid, place] : places) held_[oid] = place.entry.size_bytes;
    return ok();
  }

  [[nodiscard]] std::string_view transfer() const {
    return xet_ ? "xet" : parts_above_ ? "multipart" : "basic";
  }

  Result<lfs::BatchObject> answer(const lfs::Object& object) const {
    if (asked_.operation == lfs::Operation::upload) return upload(object);
    return download(object);
  }

 private:
  /// "Present" only if the caller may already use the object in this very repo: anything else would
  /// tell what other repos hold.
  Result<lfs::BatchObject> upload(const lfs::Object& object) const {
    lfs::BatchObject reply;
    reply.object = object;
    auto& store = app_.store;
    WAAG_TRY(const bool linked, store.repo_has_blob(repo_.uid, object.oid));
    WAAG_TRY(const bool uploaded, store.has_uploaded(request_.who.user, repo_.uid, object.oid));
    if (linked || uploaded) {
      WAAG_TRY(const auto held, store.blob_size(object.oid));
      WAAG_TRY(const bool damaged, store.is_damaged(object.oid));  // then it is asked for again
      if (held == object.size_bytes && !damaged) return reply;
      if (held && held != object.size_bytes) {
        reply.error = lfs::ObjectError{422, "the object has another size"};
        return reply;
      }
    }
    if (xet_) {
      reply.upload = *xet_;
      return reply;
    }
    const auto grant = grant_of(object, object.size_bytes);
    reply.upload = parts_above_ && object.size_bytes > *parts_above_ ? in_parts(object, grant)
                                                                     : in_one(object, grant);
    reply.verify = action("POST", lfs_hrefs::verify(object.oid), grant);
    return reply;
  }

  [[nodiscard]] lfs::BatchObject download(const lfs::Object& object) const {
    lfs::BatchObject reply;
    reply.object = object;
    const auto held = held_.find(object.oid);
    if (held == held_.end()) {
      reply.error = lfs::ObjectError{404, "Object does not exist"};
      return reply;
    }
    reply.object.size_bytes = held->second;
    reply.download = action("GET", lfs_hrefs::object(object.oid), grant_of(object, held->second));
    return reply;
  }

  /// The same for all objects: where to renew an access token, and a first one. Source: XET 6.3.
  [[nodiscard]] std::optional<lfs::Action> xet_action() const {
    const auto scope = upload_scope(request_.who, repo_);
    if (!scope) return std::nullopt;
    constexpr std::string_view branches = "refs/heads/";
    auto revision =
        asked_.ref.starts_with(branches) ? asked_.ref.substr(branches.size()) : asked_.ref;
    if (revision.empty()) revision = "main";
    const auto access = make_xet_access(app_, request_.who, repo_, *scope);
    lfs::Action action;
    action.href = xet_token_url(request_, repo_.id, *scope, revision);
    action.header = {
        {"X-Xet-Cas-Url", cas_url(app_, request_)},
        {"X-Xet-Access-Token", access.token},
        {"X-Xet-Token-Expiration", std::to_string(access.expires.count() / 1000)},
        {"X-Xet-Session-Id", make_uuid(app_.random)},
    };
    action.expires_in_s = app_.config.xet.token_lifetime_s;
    return action;
  }

  [[nodiscard]] HrefGrant grant_of(const lfs::Object& object, std::uint64_t size_bytes) const {
    return {request_.who.user, repo_.uid, object.oid, size_bytes};
  }

  [[nodiscard]] std::string href(std::string_view method, std::string_view path,
                                 const HrefGrant& grant) const {
    const auto expires = app_.clock.now() + lfs_hrefs::lifetime;
    return request_.base_url + sign_href(app_.href_key, method, path, grant, expires);
  }

  [[nodiscard]] lfs::Action action(std::string_view method, std::string_view path,
                                   const HrefGrant& grant) const {
    lfs::Action action;
    action.href = href(method, path, grant);
    action.expires_in_s = static_cast<std::uint64_t>(lfs_hrefs::lifetime.count());
    return action;
  }

  [[nodiscard]] lfs::Action in_one(const lfs::Object& object, const HrefGrant& grant) const {
    return action("PUT", lfs_hrefs::object(object.oid), grant);
  }

  [[nodiscard]] lfs::Action in_parts(const lfs::Object& object, const HrefGrant& whole) const {
    const auto id = Uploads::id_of(app_.href_key, whole);
    const auto part_bytes = lfs::part_bytes(object.size_bytes);
    const auto count = lfs::part_count(object.size_bytes, part_bytes);
    std::vector<std::string> hrefs;
    hrefs.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto bytes = std::min(part_bytes, object.size_bytes - i * part_bytes);
      hrefs.push_back(href("PUT", lfs_hrefs::part(id, i + 1), grant_of(object, bytes)));
    }
    auto action =
        lfs::multipart_upload(href("POST", lfs_hrefs::upload(id), whole), part_bytes, hrefs);
    action.expires_in_s = static_cast<std::uint64_t>(lfs_hrefs::lifetime.count());
    return action;
  }

  App& app_;
  const Request& request_;
  const storage::RepoRow& repo_;
  const lfs::BatchRequest& asked_;
  std::optional<std::uint64_t> parts_above_;  // objects larger than that go in parts
  std::optional<lfs::Action> xet_;            // uploads go by Xet
  std::map<BlobId, std::uint64_t> held_;      // sizes of what can be downloaded
};

Result<Response> answer_batch(App& app, const Request& request, const RepoId& id,
                              std::string_view body) {
  WAAG_TRY(const auto asked, lfs::parse_batch(body));
  const bool upload = asked.operation == lfs::Operation::upload;
  WAAG_TRY(const auto repo,
           authorised_repo(app.store, request.who, id, upload ? Action::open_pull : Action::read));
  if (!upload) WAAG_CHECK(need_files(app.store, request.who, repo));
  Batch batch(app, request, repo, asked);
  WAAG_CHECK(batch.find_objects());
  std::vector<lfs::BatchObject> objects;
  objects.reserve(asked.objects.size());
  for (const auto& object : asked.objects) {
    WAAG_TRY(auto reply, batch.answer(object));
    objects.push_back(std::move(reply));
  }
  auto response = json_response(lfs::batch_reply(batch.transfer(), objects));
  response.headers.set("Content-Type", "application/vnd.git-lfs+json");
  response.headers.set("Cache-Control", "no-store");
  return response;
}

}  // namespace

Reply post_lfs_batch(App& app, Request request) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  if (!request.body) co_return fail(Errc::invalid_argument, "the request has no body");
  WAAG_CO_TRY(auto body, co_await request.body->read_all(body_bytes_max));
  auto work = [&app, request = std::move(request), id, body = std::move(body)] {
    return answer_batch(app, request, id, body);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
