#include "daemon/api/common/repo_json.h"

#include <algorithm>
#include <array>
#include <span>

#include "protocol/hub/dates.h"

namespace waag::daemon {
namespace {

constexpr std::array model_fields{"author",
                                  "baseModels",
                                  "cardData",
                                  "childrenModelCount",
                                  "config",
                                  "createdAt",
                                  "disabled",
                                  "downloads",
                                  "downloadsAllTime",
                                  "evalResults",
                                  "gated",
                                  "gguf",
                                  "inference",
                                  "inferenceProviderMapping",
                                  "lastModified",
                                  "library_name",
                                  "likes",
                                  "mask_token",
                                  "model-index",
                                  "pipeline_tag",
                                  "private",
                                  "resourceGroup",
                                  "safetensors",
                                  "sha",
                                  "siblings",
                                  "spaces",
                                  "tags",
                                  "transformersInfo",
                                  "trendingScore",
                                  "usedStorage",
                                  "widgetData",
                                  "gitalyUid",
                                  "xetEnabled"};
constexpr std::array dataset_fields{"author",
                                    "cardData",
                                    "citation",
                                    "createdAt",
                                    "description",
                                    "disabled",
                                    "downloads",
                                    "downloadsAllTime",
                                    "gated",
                                    "lastModified",
                                    "likes",
                                    "mainSize",
                                    "paperswithcode_id",
                                    "private",
                                    "resourceGroup",
                                    "sha",
                                    "siblings",
                                    "tags",
                                    "trendingScore",
                                    "usedStorage",
                                    "gitalyUid",
                                    "xetEnabled"};
constexpr std::array space_fields{
    "author",      "cardData",  "createdAt", "datasets",  "disabled",      "lastModified",
    "likes",       "models",    "private",   "region",    "resourceGroup", "runtime",
    "sdk",         "sha",       "siblings",  "subdomain", "tags",          "trendingScore",
    "usedStorage", "gitalyUid", "xetEnabled"};

std::span<const char* const> fields_of(RepoType type) {
  if (type == RepoType::dataset) return dataset_fields;
  if (type == RepoType::space) return space_fields;
  return model_fields;
}

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

void write_files(hub::JsonWriter& json, const RepoFields& fields,
                 const std::vector<storage::TreeEntry>& files) {
  const auto is_file = [](const auto& entry) {
    return entry.type == storage::TreeEntry::Type::file;
  };
  if (fields.has("siblings")) {
    json.key("siblings").begin_array();
    for (const auto& file : files)
      if (is_file(file)) write_sibling(json, file, fields.blobs());
    json.end_array();
  }
  if (fields.has("usedStorage")) {
    std::uint64_t bytes = 0;
    for (const auto& file : files)
      if (is_file(file)) bytes += file.size_bytes;
    json.field("usedStorage", bytes);
  }
}

void write_of_type(hub::JsonWriter& json, const RepoFields& fields, const storage::RepoRow& repo) {
  if (repo.id.type == RepoType::model && fields.has("spaces"))
    json.key("spaces").begin_array().end_array();
  if (repo.id.type != RepoType::space) {
    if (fields.has("downloads")) json.field("downloads", 0);
    if (fields.has("downloadsAllTime")) json.field("downloadsAllTime", 0);
    return;
  }
  if (fields.has("sdk") && !repo.sdk.empty()) json.field("sdk", repo.sdk);
  if (fields.has("subdomain")) json.field("subdomain", repo.id.ns + "-" + repo.id.name);
  if (fields.has("models")) json.key("models").begin_array().end_array();
  if (fields.has("datasets")) json.key("datasets").begin_array().end_array();
}

/// The values of `expand`.
Result<std::set<std::string, std::less<>>> asked_fields(const Query& query, RepoType type) {
  std::set<std::string, std::less<>> asked_for;
  const auto known = fields_of(type);
  for (const auto asked : query.all("expand")) {
    if (std::ranges::find(known, asked) == known.end()) {
      std::string list;
      for (const std::string_view name : known)
        list += (list.empty() ? "" : ", ") + std::string(name);
      return fail(Errc::invalid_argument, "\"expand\" must be one of [" + list + "]");
    }
    asked_for.emplace(asked);
  }
  return asked_for;
}

}  // namespace

Result<RepoFields> RepoFields::parse(const Query& query, RepoType type) {
  RepoFields fields;
  fields.blobs_ = query.flag("blobs");
  fields.without_ = {"xetEnabled"};
  WAAG_TRY(fields.only_, asked_fields(query, type));
  return fields;
}

Result<RepoFields> RepoFields::for_list(const Query& query, RepoType type) {
  RepoFields fields;
  WAAG_TRY(fields.only_, asked_fields(query, type));
  fields.without_ = {"xetEnabled", "usedStorage"};
  if (!query.flag("full")) fields.without_.insert("siblings");
  return fields;
}

bool RepoFields::has(std::string_view field) const {
  if (!only_.empty()) return only_.contains(field);
  return !without_.contains(field);
}

void write_repo(hub::JsonWriter& json, const RepoFields& fields, const storage::RepoRow& repo,
                const storage::CommitInfo* head, const std::vector<storage::TreeEntry>& files) {
  const auto name = repo.id.full_name();
  json.begin_object().field("_id", object_id_text(repo.uid)).field("id", name);
  if (repo.id.type == RepoType::model) json.field("modelId", name);
  if (fields.has("author")) json.field("author", repo.id.ns);
  if (head != nullptr && fields.has("sha")) json.field("sha", head->id.hex());
  if (head != nullptr && fields.has("lastModified"))
    json.field("lastModified", hub::format_date(head->date));
  if (fields.has("createdAt")) json.field("createdAt", hub::format_date(repo.created));
  if (fields.has("private")) json.field("private", repo.visibility == storage::Visibility::closed);
  if (fields.has("gated")) write_gate(json, repo.gate);
  if (fields.has("disabled")) json.field("disabled", repo.disabled);
  if (fields.has("likes")) json.field("likes", 0);
  if (fields.has("trendingScore")) json.field("trendingScore", 0);
  if (fields.has("tags")) json.key("tags").begin_array().end_array();
  write_of_type(json, fields, repo);
  // Uploads of huggingface_hub 0.30 to 0.35 go by LFS if this says so.
  if (fields.has("xetEnabled")) json.field("xetEnabled", false);
  write_files(json, fields, files);
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
