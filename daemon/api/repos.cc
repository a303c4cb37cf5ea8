#include <algorithm>
#include <array>

#include <boost/json/array.hpp>

#include "daemon/api/access/settings.h"
#include "daemon/api/admin/names.h"
#include "daemon/api/common/author.h"
#include "daemon/api/common/json_body.h"
#include "daemon/api/common/repo_json.h"
#include "daemon/api/common/target.h"
#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/http/errors.h"
#include "protocol/base64.h"
#include "protocol/git/path.h"
#include "protocol/hub/path_rules.h"

/// Creating and deleting repos. Source: HUB_API 5.1, 7.3.
namespace waag::daemon::api {
namespace {

constexpr std::size_t body_bytes_max = 32u << 20;
constexpr std::size_t first_files_max = 1000;

/// One first commit's file that hf.js may send with the creation.
struct FirstFile {
  std::string path;
  std::string content;
};

struct Wanted {
  storage::NewRepo repo;
  std::vector<FirstFile> files;
};

Result<RepoId> named_repo(const boost::json::object& body, const Identity& who) {
  WAAG_TRY(const auto name, text_field(body, "name"));
  WAAG_TRY(const auto organization, text_field(body, "organization"));
  WAAG_TRY(const auto type_name, text_field(body, "type"));
  if (!name) return fail(Errc::invalid_argument, "\"name\" is missing");
  const auto type = parse_repo_type(type_name.value_or("model"));
  if (!type) return fail(Errc::invalid_argument, "\"type\" must be one of [model, dataset, space]");
  const auto slash = name->find('/');
  const bool has_namespace = slash != std::string::npos;
  const auto ns = organization ? *organization : has_namespace ? name->substr(0, slash) : who.user;
  auto id = RepoId::make(*type, ns, has_namespace ? name->substr(slash + 1) : *name);
  if (!id) return fail(Errc::invalid_argument, "Invalid repo name: " + ns + "/" + *name);
  return id;
}

Result<std::vector<FirstFile>> first_files(const boost::json::object& body) {
  std::vector<FirstFile> files;
  const auto* list = body.if_contains("files");
  if (list == nullptr || list->is_null()) return files;
  if (!list->is_array() || list->as_array().size() > first_files_max)
    return fail(Errc::invalid_argument, "\"files\" must be an array of at most 1000 files");
  for (const auto& item : list->as_array()) {
    if (!item.is_object()) return fail(Errc::invalid_argument, "\"files\" must hold objects");
    WAAG_TRY(const auto path, text_field(item.as_object(), "path"));
    WAAG_TRY(const auto content, text_field(item.as_object(), "content"));
    WAAG_TRY(const auto encoding, text_field(item.as_object(), "encoding"));
    if (!path || !content)
      return fail(Errc::invalid_argument, "a file needs \"path\" and \"content\"");
    FirstFile file;
    WAAG_TRY(file.path, git::check_file_path(*path));
    file.content = *content;
    if (encoding == "base64") {
      auto decoded = decode_base64(*content);
      if (!decoded) return fail(Errc::invalid_argument, "bad base64 in " + *path);
      file.content = *std::move(decoded);
    }
    files.push_back(std::move(file));
  }
  return files;
}

/// A Space says in its card what runs it; clients count on the card.
std::string space_card(const storage::NewRepo& repo) {
  return "---\ntitle: " + repo.id.name + "\nsdk: " + repo.sdk + "\npinned: false\n---\n\n# " +
         repo.id.name + "\n";
}

Result<Wanted> parse_wanted(const boost::json::object& body, const Identity& who) {
  Wanted wanted;
  WAAG_TRY(wanted.repo.id, named_repo(body, who));
  WAAG_CHECK(check_new_repo_name(wanted.repo.id.name));
  WAAG_TRY(const auto visibility, wanted_visibility(body));
  WAAG_TRY(const auto sdk, text_field(body, "sdk"));
  WAAG_TRY(wanted.files, first_files(body));
  if (sdk) {
    constexpr std::array sdks{"static", "gradio", "docker", "streamlit"};
    if (std::ranges::find(sdks, *sdk) == sdks.end())
      return fail(Errc::invalid_argument,
                  "\"sdk\" must be one of [static, gradio, docker, streamlit]");
  }
  wanted.repo.visibility = visibility.value_or(storage::Visibility::open);
  if (wanted.repo.id.type == RepoType::space) {
    wanted.repo.sdk = sdk.value_or("static");
    wanted.repo.readme = space_card(wanted.repo);
  }
  wanted.repo.creator = who.user;
  wanted.repo.author_name = who.user;
  wanted.repo.author_email = commit_email(who.user);
  wanted.repo.gitattributes = hub::default_gitattributes(wanted.repo.id.type);
  return wanted;
}

Status commit_first_files(App& app, const storage::RepoRow& repo, const Wanted& wanted) {
  if (wanted.files.empty()) return ok();
  storage::CommitRequest commit;
  commit.repo_uid = repo.uid;
  commit.ref = "refs/heads/main";
  commit.user = wanted.repo.creator;
  commit.author_name = wanted.repo.author_name;
  commit.author_email = wanted.repo.author_email;
  commit.date = app.clock.now();
  commit.message = "Add files";
  commit.staged = app.store.staging_area();
  for (const auto& file : wanted.files) {
    WAAG_TRY(const auto staged, commit.staged->file());
    WAAG_CHECK(staged->write(as_bytes(file.content)));
    WAAG_TRY(const auto done, staged->finish());
    storage::Change change;
    change.path = file.path;
    change.blob = done.git_id;
    commit.changes.push_back(std::move(change));
  }
  const auto outcome = app.store.commit(std::move(commit));
  if (!outcome) return outcome.error();
  return ok();
}

Response already_there(const Request& request, const RepoId& id) {
  const auto text = "You already created this " + std::string(to_string(id.type)) + " repo";
  auto response = refusal(409, text);
  hub::JsonWriter json;
  json.begin_object()
      .field("error", text)
      .field("url", repo_url(request.base_url, id))
      .end_object();
  response.body = json.take();
  return response;
}

Result<Response> create(App& app, const Request& request, const Wanted& wanted) {
  const auto repo = app.store.create_repo(wanted.repo);
  if (!repo && repo.error().code == Errc::conflict) {
    const auto found = app.store.find_repo(wanted.repo.id);
    return already_there(request, found ? found->id : wanted.repo.id);
  }
  if (!repo) return repo.error();
  if (const auto committed = commit_first_files(app, *repo, wanted); !committed) {
    const auto undone = app.store.delete_repo(repo->uid, request.who.user);
    return undone ? committed.error() : undone.error();
  }
  hub::JsonWriter json;
  json.begin_object().field("url", repo_url(request.base_url, repo->id));
  json.field("name", repo->id.full_name()).field("id", object_id_text(repo->uid)).end_object();
  return json_response(json.take());
}

}  // namespace

Reply post_repo_create(App& app, Request request) {
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  WAAG_CO_TRY(auto wanted, parse_wanted(body, request.who));
  const auto& id = wanted.repo.id;
  if (!may_create_in(request.who, id.ns))
    co_return fail(Errc::forbidden, "You don't have the rights to create a " +
                                        std::string(to_string(id.type)) +
                                        " under the namespace \"" + id.ns + "\"");
  auto work = [&app, request = std::move(request), wanted = std::move(wanted)] {
    return create(app, request, wanted);
  };
  co_return co_await offload(app.blocking, std::move(work));
}

Reply delete_repo(App& app, Request request) {
  WAAG_CO_TRY(const auto body, co_await read_json(request, body_bytes_max));
  WAAG_CO_TRY(const auto id, named_repo(body, request.who));
  auto work = [&store = app.store, who = request.who, id]() -> Status {
    WAAG_TRY(const auto repo, authorised_repo(store, who, id, Action::admin));
    return store.delete_repo(repo.uid, who.user);
  };
  WAAG_CO_CHECK(co_await offload(app.blocking, std::move(work)));
  co_return text_response("OK");
}

Reply post_repo_move(App&, Request) { co_return refusal(404, "Not supported by this hub"); }

}  // namespace waag::daemon::api
