#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "daemon/api/handlers.h"
#include "daemon/app.h"
#include "daemon/catalog/catalog.h"
#include "protocol/hub/card/tasks.h"
#include "protocol/hub/json_writer.h"

/// Which tags there are, by what they say: filters of a hub's pages. Source: HUB_API 4.5.
namespace waag::daemon::api {
namespace {

/// Kind of tag -> tags.
using TagsByType = std::map<std::string, std::set<std::string, std::less<>>, std::less<>>;

/// Tags "kind:value" whose kind is a type of its own.
constexpr std::array model_kinds{"arxiv", "base_model", "dataset", "license", "region"};
constexpr std::array dataset_kinds{"arxiv",
                                   "benchmark",
                                   "format",
                                   "language",
                                   "library",
                                   "license",
                                   "modality",
                                   "region",
                                   "size_categories",
                                   "task_categories",
                                   "task_ids",
                                   "multilinguality",
                                   "annotations_creators",
                                   "language_creators",
                                   "source_datasets"};

/// Two lower-case letters: ISO 639-1, as cards name most languages.
bool is_language_code(std::string_view tag) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return tag.size() == 2 && is_letter(tag[0]) && is_letter(tag[1]);
}

std::string type_of_tag(const ListedRepo& listed, std::string_view tag) {
  const bool is_model = listed.repo.id.type == RepoType::model;
  const auto kind = tag.substr(0, tag.find(':'));
  const auto is_kind = [kind](std::string_view known) { return known == kind; };
  if (kind.size() < tag.size() && (is_model ? std::ranges::any_of(model_kinds, is_kind)
                                            : std::ranges::any_of(dataset_kinds, is_kind)))
    return std::string(kind);
  if (!is_model) return "other";
  if (hub::is_pipeline_tag(tag) || tag == listed.pipeline_tag) return "pipeline_tag";
  if (tag == listed.library_name) return "library";
  return is_language_code(tag) ? "language" : "other";
}

std::string tags_json(const TagsByType& tags) {
  hub::JsonWriter json;
  json.begin_object();
  for (const auto& [type, ids] : tags) {
    json.key(type).begin_array();
    for (const std::string_view id : ids) {
      const auto colon = id.find(':');
      const bool prefixed = id.starts_with(type + ":");
      json.begin_object().field("id", id);
      json.field("label", prefixed ? id.substr(colon + 1) : id).field("type", type).end_object();
    }
    json.end_array();
  }
  json.end_object();
  return json.take();
}

Result<Response> list_tags(App& app, const Request& request, RepoType type) {
  WAAG_TRY(const auto repos, app.catalog->readable(type, request.who));
  TagsByType tags;
  if (type == RepoType::model) {
    // What clients look up without asking whether there are any.
    for (const auto* always :
         {"dataset", "language", "library", "license", "other", "pipeline_tag"})
      tags[always];
  }
  for (const auto& listed : repos)
    listed->each_tag([&](std::string_view tag) { tags[type_of_tag(*listed, tag)].emplace(tag); });
  auto response = json_response(tags_json(tags));
  response.headers.set("Vary", "Authorization");
  return response;
}

Reply answer(App& app, Request request, RepoType type) {
  auto work = [&app, request = std::move(request), type] { return list_tags(app, request, type); };
  co_return co_await offload(app.blocking, std::move(work));
}

}  // namespace

Reply get_model_tags(App& app, Request request) {
  return answer(app, std::move(request), RepoType::model);
}

Reply get_dataset_tags(App& app, Request request) {
  return answer(app, std::move(request), RepoType::dataset);
}

}  // namespace waag::daemon::api
