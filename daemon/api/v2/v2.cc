#include <algorithm>
#include <map>

#include "daemon/api/common/blob_reply.h"
#include "daemon/api/common/target.h"
#include "daemon/api/lfs/hrefs.h"
#include "daemon/api/v2/gguf_choice.h"
#include "daemon/api/v2/ollama_image.h"
#include "daemon/api/v2/v2_handlers.h"
#include "daemon/auth/file_access.h"
#include "daemon/catalog/catalog.h"
#include "daemon/catalog/weight_reader.h"
#include "daemon/http/errors.h"
#include "daemon/mirror/mirror.h"
#include "protocol/hash.h"
#include "protocol/hub/json_writer.h"
#include "protocol/lfs/pointer.h"

/// GGUF files of any repo as an image registry has them, for `ollama run hub/ns/name:tag` and
/// `llama-cli -hf`. Source: HUB_API 8.
namespace waag::daemon::api {
namespace {

using storage::TreeEntry;

constexpr std::uint64_t text_bytes_max = 64u << 10;
/// A GGUF file that is no LFS file is small; its hash is found by reading it.
constexpr std::uint64_t regular_bytes_max = 16u << 20;
constexpr std::string_view digest_prefix = "sha256:";

std::string_view capture(const Request& request, std::string_view name) {
  const auto found = request.captures.find(name);
  return found == request.captures.end() ? std::string_view() : std::string_view(found->second);
}

/// The head of main, as the caller may have its files.
struct Models {
  storage::RepoRow repo;
  CommitId commit;
  std::map<std::string, TreeEntry, std::less<>> files;
  std::vector<GgufChoice> choices;
};

Result<Models> open_models(App& app, const Request& request, const RepoId& id) {
  Models models;
  WAAG_TRY(models.repo, authorised_repo(app.store, request.who, id, Action::read));
  WAAG_CHECK(need_files(app.store, request.who, models.repo));
  WAAG_TRY(const auto revision, resolve_revision(app.store, models.repo.uid, "main"));
  models.commit = revision.commit;
  WAAG_TRY(const auto snapshot, app.store.snapshot(models.repo.uid, models.commit));
  WAAG_TRY(auto entries, snapshot->list("", /*recursive=*/true, "", 0));
  std::vector<std::string> paths;
  for (auto& entry : entries) {
    if (entry.type != TreeEntry::Type::file) continue;
    paths.push_back(entry.path);
    models.files.emplace(entry.path, std::move(entry));
  }
  models.choices = gguf_choices(paths);
  return models;
}

Result<bool> is_cold(const App& app, const Models& models, const TreeEntry& entry) {
  if (!app.mirror) return false;
  return app.mirror->is_cold(models.repo, entry);
}

/// The file as a layer; nullopt: its hash is not to be had.
Result<std::optional<ImageLayer>> layer_of(App& app, const Models& models, const TreeEntry& entry) {
  if (entry.lfs) return std::optional(ImageLayer{"", entry.lfs->id, entry.lfs->size_bytes});
  WAAG_TRY(const bool cold, is_cold(app, models, entry));
  if (cold || entry.size_bytes > regular_bytes_max) return std::optional<ImageLayer>();
  const auto content = read_front(app.store, entry, regular_bytes_max);
  return std::optional(ImageLayer{"", sha256(as_bytes(content)), entry.size_bytes});
}

std::string text_file(const App& app, const Models& models, std::string_view path) {
  const auto found = models.files.find(path);
  if (found == models.files.end() || found->second.size_bytes > text_bytes_max) return {};
  return read_front(app.store, found->second, text_bytes_max);
}

/// How far a model's file is looked into.
enum class Look : std::uint8_t {
  nowhere,
  here,         // what is known of it without an upstream
  at_upstream,  // and the header of one that has still to come
};

std::optional<model::GgufSummary> facts_of(App& app, const Models& models, const TreeEntry& entry,
                                           bool cold, Look look) {
  if (look == Look::nowhere) return std::nullopt;
  if (!cold) return app.catalog->weights().read(entry)->gguf;
  return app.mirror->cold_header(models.repo, models.commit, entry, look == Look::at_upstream);
}

Result<std::optional<Image>> image_of(App& app, const Models& models, const GgufChoice& choice,
                                      Look look) {
  ImageParts parts;
  const auto& entry = models.files.find(choice.path)->second;
  WAAG_TRY(const auto model, layer_of(app, models, entry));
  if (!model) return std::optional<Image>();
  parts.model = *model;
  if (!choice.mmproj.empty()) {
    WAAG_TRY(parts.projector, layer_of(app, models, models.files.find(choice.mmproj)->second));
  }
  parts.tag = choice.tag;
  WAAG_TRY(const bool cold, is_cold(app, models, entry));
  parts.facts = facts_of(app, models, entry, cold, look);
  parts.chat_template = text_file(app, models, "template");
  parts.system = text_file(app, models, "system");
  parts.params_json = text_file(app, models, "params");
  return std::optional(make_image(std::move(parts)));
}

// --- manifests ---

void write_file(hub::JsonWriter& json, const TreeEntry& entry) {
  json.begin_object().field("rfilename", entry.path).field("blobId", entry.oid.hex());
  json.field("size", entry.size_bytes);
  if (entry.lfs) {
    json.key("lfs").begin_object().field("sha256", entry.lfs->id.hex());
    json.field("size", entry.lfs->size_bytes).field("pointerSize", entry.lfs->pointer_bytes);
    json.end_object();
  }
  json.end_object();
}

/// llama.cpp before 2026-03 asks which file it is to download.
std::string file_json(const Models& models, const GgufChoice& choice) {
  hub::JsonWriter json;
  json.begin_object().key("ggufFile");
  write_file(json, models.files.find(choice.path)->second);
  if (!choice.mmproj.empty()) {
    json.key("mmprojFile");
    write_file(json, models.files.find(choice.mmproj)->second);
  }
  json.end_object();
  return json.take();
}

Result<Response> manifest(App& app, const Request& request, const RepoId& id) {
  WAAG_TRY(auto models, open_models(app, request, id));
  const bool llama = request.headers.get("User-Agent").value_or("").starts_with("llama-cpp");
  // Ollama cannot join parts.
  std::size_t left_out = 0;
  if (!llama) left_out = std::erase_if(models.choices, [](const auto& one) { return one.split; });
  const auto* choice = choose_gguf(models.choices, capture(request, "tag"));
  if (choice == nullptr) return refusal(400, unknown_tag_text(models.choices, left_out > 0));
  Response response;
  if (llama) {
    response = json_response(file_json(models, *choice));
  } else {
    const bool may_ask = app.mirror && app.mirror->may_demand(request.who);
    const auto look = may_ask ? Look::at_upstream : Look::here;
    WAAG_TRY(const auto image, image_of(app, models, *choice, look));
    if (!image) return fail(Errc::not_found, "The file is not here");
    const auto text = manifest_json(*image);
    response = json_response(text);
    response.headers.set("Content-Type", "application/vnd.docker.distribution.manifest.v2+json");
    response.headers.set("Docker-Content-Digest",
                         std::string(digest_prefix) + sha256(as_bytes(text)).hex());
  }
  response.headers.set("X-Repo-Commit", models.commit.hex());
  response.headers.set("Vary", "User-Agent, Accept, Authorization");
  return response;
}

// --- blobs ---

Headers blob_headers(const BlobId& digest, std::string location) {
  Headers headers;
  headers.set("Content-Type", "application/octet-stream");
  headers.set("Docker-Content-Digest", std::string(digest_prefix) + digest.hex());
  // Ollama 0.5 takes the body from there, without our token, also after a 200.
  headers.set("Location", std::move(location));
  headers.set("Cache-Control", "private, no-transform");
  headers.set("Content-Security-Policy", "default-src 'none'; sandbox");
  headers.set("Vary", "Authorization");
  return headers;
}

std::string signed_url(const App& app, const Request& request, const Models& models,
                       const storage::LfsInfo& lfs) {
  const HrefGrant grant{request.who.user, models.repo.uid, lfs.id, lfs.size_bytes};
  const auto expires = app.clock.now() + lfs_hrefs::lifetime;
  return request.base_url +
         sign_href(app.href_key, "GET", lfs_hrefs::object(lfs.id), grant, expires);
}

Result<Response> send_model(App& app, const Request& request, const Models& models,
                            const TreeEntry& entry) {
  BlobReply reply;
  reply.etag = entry.lfs->id.hex();
  reply.size_bytes = entry.lfs->size_bytes;
  reply.headers = blob_headers(entry.lfs->id, signed_url(app, request, models, *entry.lfs));
  reply.open = [&app, &entry] { return app.store.open_blob(entry.lfs->id); };
  WAAG_TRY(const bool cold, is_cold(app, models, entry));
  if (cold)
    reply.follow = [&](http::ByteRange range, bool rest) -> Result<std::shared_ptr<AsyncSource>> {
      WAAG_CHECK(app.mirror->may_demand(request.who));
      WAAG_TRY(auto fill, app.mirror->fill(models.repo, models.commit, entry));
      return app.mirror->follow(std::move(fill), {range.first, range.last + 1}, rest);
    };
  auto response = blob_response(request, std::move(reply));
  if (response && response->status == 200 && request.method == Method::get)
    app.catalog->downloads().served(models.repo, entry.path,
                                    request.who.anonymous() ? request.remote : request.who.user);
  return response;
}

Response send_text(const Request& request, const BlobId& digest, std::string content) {
  Response response;
  response.headers = blob_headers(digest, request.base_url + request.target);
  if (request.method == Method::head)
    response.content_length = content.size();
  else
    response.body = std::move(content);
  return response;
}

/// A small blob: a config or text of any image, or a model that is no LFS file. nullopt: none
Result<std::optional<std::string>> made_blob(App& app, const Models& models, const BlobId& digest) {
  for (const auto& choice : models.choices) {
    if (choice.split) continue;
    // A file, or its header, may have come since its manifest was asked for.
    for (const auto look : {Look::here, Look::nowhere}) {
      WAAG_TRY(const auto image, image_of(app, models, choice, look));
      if (!image) continue;
      if (image->config.digest == digest) return std::optional(image->config.content);
      for (const auto& text : image->texts)
        if (text.digest == digest) return std::optional(text.content);
      for (const auto* path : {&choice.path, &choice.mmproj}) {
        const auto entry = models.files.find(*path);
        if (entry == models.files.end() || entry->second.lfs) continue;
        auto content = read_front(app.store, entry->second, regular_bytes_max);
        if (sha256(as_bytes(content)) == digest) return std::optional(std::move(content));
      }
    }
  }
  return std::optional<std::string>();
}

Result<Response> blob(App& app, const Request& request, const RepoId& id) {
  WAAG_TRY(const auto models, open_models(app, request, id));
  auto text = capture(request, "digest");
  if (text.starts_with(digest_prefix)) text.remove_prefix(digest_prefix.size());
  const auto digest = BlobId::parse(text);
  if (!digest) return fail(Errc::invalid_argument, "a digest is sha256: and 64 hex digits");
  const auto found = std::ranges::find_if(models.files, [&](const auto& file) {
    return file.second.lfs && file.second.lfs->id == *digest;
  });
  if (found != models.files.end()) return send_model(app, request, models, found->second);
  WAAG_TRY(auto content, made_blob(app, models, *digest));
  if (!content) return fail(Errc::not_found, "There is no such blob");
  return send_text(request, *digest, *std::move(content));
}

using Answer = Result<Response> (*)(App&, const Request&, const RepoId&);

Task<Result<Response>> offloaded(App& app, Request request, Answer answer) {
  WAAG_CO_TRY(const auto id, repo_of(request));
  auto work = [&app, request = std::move(request), id, answer] { return answer(app, request, id); };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace

Reply get_v2_manifest(App& app, Request request) {
  return offloaded(app, std::move(request), manifest);
}

Reply get_v2_blob(App& app, Request request) { return offloaded(app, std::move(request), blob); }

}  // namespace waag::daemon::api
