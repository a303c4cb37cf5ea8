#include "daemon/api/common/json_body.h"
#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/auth/file_access.h"
#include "protocol/hub/json_writer.h"

/// lfs-files/duplicate: before a commit that copies LFS files from another repo. Source: XET 6.3;
/// huggingface_hub, hf_api.py, _duplicate_lfs_files.
namespace waag::daemon::api {
namespace {

constexpr std::size_t body_bytes_max = 1u << 20;
constexpr std::size_t files_max = 1000;

struct Asked {
  RepoId target;
  std::vector<std::string> files;  // SHA-256, as sent
};

Result<RepoId> parse_target(const boost::json::object& body) {
  const auto* target = body.if_contains("target");
  if (target == nullptr || !target->is_object())
    return fail(Errc::invalid_argument, "\"target\" must be an object");
  WAAG_TRY(const auto type_name, text_field(target->as_object(), "type"));
  WAAG_TRY(const auto name, text_field(target->as_object(), "name"));
  WAAG_TRY(const auto type, parse_repo_type(type_name.value_or("model")));
  const auto slash = name.value_or("").find('/');
  if (slash == std::string::npos)
    return fail(Errc::invalid_argument, "\"name\" must be namespace/name");
  const auto id = RepoId::make(type, name->substr(0, slash), name->substr(slash + 1));
  if (!id) return fail(Errc::repo_not_found, "no repo can have this name");
  return id;
}

Result<Asked> parse_asked(const boost::json::object& body) {
  Asked asked;
  WAAG_TRY(asked.target, parse_target(body));
  const auto* files = body.if_contains("files");
  if (files == nullptr || !files->is_array() || files->as_array().size() > files_max)
    return fail(Errc::invalid_argument, "\"files\" must be an array of at most 1000 files");
  for (const auto& file : files->as_array()) {
    if (!file.is_object()) return fail(Errc::invalid_argument, "\"files\" must hold objects");
    WAAG_TRY(auto sha256, text_field(file.as_object(), "sha256"));
    if (!sha256) return fail(Errc::invalid_argument, "each file must have a \"sha256\"");
    asked.files.push_back(*std::move(sha256));
  }
  return asked;
}

/// @return why it cannot be done; "" if it was
Result<std::string> duplicate(storage::Store& store, const Identity& who,
                              const storage::RepoRow& source, const storage::RepoRow& target,
                              const std::string& sha256) {
  const auto id = BlobId::parse(sha256);
  if (!id) return std::string("not a SHA-256");
  WAAG_TRY(const bool linked, store.repo_has_blob(source.uid, *id));
  if (!linked) return std::string("the source repository has no such file");
  WAAG_CHECK(store.record_possession(who.user, target.uid, *id));
  return std::string();
}

Result<Response> duplicate_all(storage::Store& store, const Identity& who, const RepoId& id,
                               const Asked& asked) {
  WAAG_TRY(const auto source, authorised_repo(store, who, id, Action::read));
  WAAG_CHECK(need_files(store, who, source));
  // A commit to a pull request may follow.
  WAAG_TRY(const auto target, authorised_repo(store, who, asked.target, Action::open_pull));
  hub::JsonWriter json;
  json.begin_object().key("failed").begin_array();
  for (const auto& sha256 : asked.files) {
    WAAG_TRY(const auto why, duplicate(store, who, source, target, sha256));
    if (why.empty()) continue;
    json.begin_object().field("sha256", sha256).field("error", why).end_object();
  }
  json.end_array().end_object();
  return json_response(json.take());
}

}  // namespace

Reply post_lfs_duplicate(App& app, Request request) {
  if (!app.config.xet.enabled) co_return fail(Errc::not_found, "This hub has no Xet server");
  WAAG_CO_TRY(const auto id, repo_of(request));
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  WAAG_CO_TRY(auto asked, parse_asked(body));
  auto work = [&store = app.store, who = request.who, id, asked = std::move(asked)] {
    return duplicate_all(store, who, id, asked);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace waag::daemon::api
