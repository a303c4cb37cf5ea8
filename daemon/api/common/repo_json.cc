#include "daemon/api/common/repo_json.h"

#include "protocol/hub/dates.h"

namespace waag::daemon {
namespace {

/// No Space runs here.
constexpr std::string_view space_runtime =
    R"({"stage":"PAUSED","hardware":{"current":null,"requested":null},"storage":null})";

void write_sibling(hub::JsonWriter& json, const storage::TreeEntry& file, bool blobs) {
  json.begin_object().field("rfilename", file.path);
  if (blobs) {
    json.field("size", file.size_bytes).field("blobId", file.oid.hex());
    if (file.lfs) {
      json.key("lfs").begin_object().field("sha256", file.lfs->id.hex());
      json.field("size", file.lfs->size_bytes).field("pointerSize", file.lfs->pointer_bytes);
      json.end_object();
    }
  }
  json.end_object();
}

void write_siblings(hub::JsonWriter& json, const RepoFields& fields,
                    const std::vector<storage::TreeEntry>& files) {
  json.key("siblings").begin_array();
  for (const auto& file : files)
    if (file.type == storage::TreeEntry::Type::file) write_sibling(json, file, fields.blobs());
  json.end_array();
}

void write_texts(hub::JsonWriter& json, std::string_view key,
                 const std::vector<std::string>& texts) {
  json.key(key).begin_array();
  for (const auto& text : texts) json.string(text);
  json.end_array();
}

/// Fields that are left out where there is nothing to say.
class Optional {
 public:
  Optional(hub::JsonWriter& json, const RepoFields& fields) : json_(json), fields_(fields) {}
  void text(std::string_view field, const std::string& value) {
    if (!value.empty() && fields_.has(field)) json_.field(field, value);
  }
  void raw(std::string_view field, const std::string& value) {
    if (!value.empty() && fields_.has(field)) json_.key(field).raw(value);
  }

 private:
  hub::JsonWriter& json_;
  const RepoFields& fields_;
};

void write_downloads(hub::JsonWriter& json, const RepoFields& fields,
                     const Popularity& popularity) {
  if (fields.has("downloads")) json.field("downloads", popularity.downloads);
  if (fields.has("downloadsAllTime")) json.field("downloadsAllTime", popularity.downloads_all_time);
}

void write_model(hub::JsonWriter& json, const RepoFields& fields, const ShownRepo& shown) {
  const auto& about = shown.summary.about;
  Optional optional(json, fields);
  write_downloads(json, fields, shown.popularity);
  optional.text("pipeline_tag", about.pipeline_tag);
  optional.text("library_name", about.library_name);
  optional.text("mask_token", about.mask_token);
  optional.raw("config", about.config_json);
  optional.raw("transformersInfo", about.transformers_json);
  optional.raw("model-index", about.model_index_json);
  optional.raw("widgetData", about.widget_json);
  optional.raw("baseModels", about.base_models_json);
  optional.raw("safetensors", shown.summary.safetensors_json);
  optional.raw("gguf", shown.summary.gguf_json);
  if (shown.children) json.field("childrenModelCount", *shown.children);
  if (fields.has("spaces")) json.key("spaces").begin_array().end_array();
}

void write_dataset(hub::JsonWriter& json, const RepoFields& fields, const ShownRepo& shown) {
  const auto& about = shown.summary.about;
  Optional optional(json, fields);
  write_downloads(json, fields, shown.popularity);
  optional.text("description", about.description);
  optional.text("citation", about.citation);
  optional.text("paperswithcode_id", about.paperswithcode_id);
  if (fields.has("mainSize")) json.field("mainSize", shown.summary.files_bytes);
}

void write_space(hub::JsonWriter& json, const RepoFields& fields, const ShownRepo& shown) {
  const auto& about = shown.summary.about;
  const auto& id = shown.repo.id;
  Optional optional(json, fields);
  optional.text("sdk", about.sdk.empty() ? shown.repo.sdk : about.sdk);
  if (fields.has("subdomain")) json.field("subdomain", id.ns + "-" + id.name);
  if (fields.has("models")) write_texts(json, "models", about.models);
  if (fields.has("datasets")) write_texts(json, "datasets", about.datasets);
  if (fields.has("runtime")) json.key("runtime").raw(space_runtime);
}

void write_common(hub::JsonWriter& json, const RepoFields& fields, const ShownRepo& shown) {
  const auto& repo = shown.repo;
  const auto& summary = shown.summary;
  const bool has_head = !summary.commit.is_zero();
  if (fields.has("author")) json.field("author", repo.id.ns);
  if (has_head && fields.has("sha")) json.field("sha", summary.commit.hex());
  if (has_head && fields.has("lastModified"))
    json.field("lastModified", hub::format_date(summary.modified));
  if (fields.has("createdAt")) json.field("createdAt", hub::format_date(repo.created));
  if (fields.has("private")) json.field("private", repo.visibility == storage::Visibility::closed);
  if (fields.has("gated")) write_gate(json, repo.gate);
  if (fields.has("disabled")) json.field("disabled", repo.disabled);
  if (fields.has("likes")) json.field("likes", shown.popularity.likes);
  if (fields.has("trendingScore")) json.field("trendingScore", trending_score(shown.popularity));
  if (fields.has("tags")) write_texts(json, "tags", summary.about.tags);
  Optional(json, fields).raw("cardData", summary.about.card_json);
  // By this huggingface_hub 0.30 to 0.35 choose between Xet and LFS for an upload.
  if (fields.has("xetEnabled")) json.field("xetEnabled", shown.xet_enabled);
  if (shown.used_storage) json.field("usedStorage", *shown.used_storage);
  if (fields.security())
    json.key("securityRepoStatus").raw(R"({"scansDone":false,"filesWithIssues":[]})");
}

}  // namespace

void write_repo(hub::JsonWriter& json, const RepoFields& fields, const ShownRepo& shown) {
  const auto& repo = shown.repo;
  const auto name = repo.id.full_name();
  json.begin_object().field("_id", object_id_text(repo.uid)).field("id", name);
  if (repo.id.type == RepoType::model) json.field("modelId", name);
  write_common(json, fields, shown);
  switch (repo.id.type) {
    case RepoType::model:
      write_model(json, fields, shown);
      break;
    case RepoType::dataset:
      write_dataset(json, fields, shown);
      break;
    case RepoType::space:
      write_space(json, fields, shown);
      break;
  }
  if (fields.has("siblings")) write_siblings(json, fields, shown.files);
  json.end_object();
}

void write_gate(hub::JsonWriter& json, storage::Gate gate) {
  if (gate == storage::Gate::none)
    json.field("gated", false);
  else
    json.field("gated", gate == storage::Gate::automatic ? "auto" : "manual");
}

std::string object_id_text(std::uint64_t uid) {
  std::string text(24, '0');
  for (auto at = text.rbegin(); uid != 0 && at != text.rend(); ++at) {
    *at = "0123456789abcdef"[uid & 15];
    uid >>= 4;
  }
  return text;
}

}  // namespace waag::daemon
