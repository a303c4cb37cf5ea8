#include "daemon/api/lists/repo_fields.h"

#include <algorithm>
#include <array>
#include <span>

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

/// Only if asked for: another repo has to be looked at, or an upload decides by it.
constexpr std::array on_demand{"baseModels", "childrenModelCount", "xetEnabled"};

/// What an item of a list leaves out.
constexpr std::array heavy{"cardData",   "citation",    "config",           "downloadsAllTime",
                           "gguf",       "mask_token",  "model-index",      "paperswithcode_id",
                           "runtime",    "safetensors", "siblings",         "spaces",
                           "models",     "datasets",    "transformersInfo", "usedStorage",
                           "widgetData", "description"};

}  // namespace

Result<RepoFields> RepoFields::parse(const Query& query, RepoType type) {
  RepoFields fields;
  fields.blobs_ = query.flag("blobs");
  fields.without_ = {on_demand.begin(), on_demand.end()};
  WAAG_TRY(fields.only_, asked_fields(query, type));
  fields.security_ = query.flag("securityStatus") && fields.only_.empty();
  return fields;
}

Result<RepoFields> RepoFields::for_list(const Query& query, RepoType type) {
  RepoFields fields;
  WAAG_TRY(fields.only_, asked_fields(query, type));
  fields.without_ = {on_demand.begin(), on_demand.end()};
  fields.without_.insert(heavy.begin(), heavy.end());
  const bool full = query.flag("full");
  if (full) fields.without_.erase("siblings");
  if (full && type != RepoType::model) {
    fields.without_.erase("cardData");
    fields.without_.erase("description");
  }
  if (query.flag("cardData")) fields.without_.erase("cardData");
  if (query.flag("config")) fields.without_.erase("config");
  return fields;
}

bool RepoFields::has(std::string_view field) const {
  if (!only_.empty()) return only_.contains(field);
  return !without_.contains(field);
}

}  // namespace waag::daemon
