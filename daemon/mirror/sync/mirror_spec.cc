#include "daemon/mirror/sync/mirror_spec.h"

#include <boost/json/array.hpp>

#include "daemon/api/common/json_body.h"
#include "daemon/convert/convert_spec.h"

namespace waag::daemon {
namespace {

namespace json = boost::json;

constexpr std::size_t texts_max = 256;
constexpr std::size_t text_bytes_max = 1024;
constexpr std::size_t revision_bytes_max = 512;

Error bad(std::string what) { return fail(Errc::invalid_argument, std::move(what)); }

json::array to_array(const std::vector<std::string>& texts) {
  json::array made;
  for (const auto& text : texts) made.emplace_back(text);
  return made;
}

}  // namespace

Result<std::vector<std::string>> texts_field(const json::object& from, std::string_view key) {
  std::vector<std::string> texts;
  const auto* value = from.if_contains(key);
  if (value == nullptr || value->is_null()) return texts;
  const auto* list = value->if_array();
  if (list == nullptr || list->size() > texts_max)
    return bad('"' + std::string(key) + "\" must be a list of at most 256 texts");
  for (const auto& one : *list) {
    const auto* text = one.if_string();
    if (text == nullptr || text->empty() || text->size() > text_bytes_max)
      return bad('"' + std::string(key) + "\" must be a list of texts");
    texts.emplace_back(text->data(), text->size());
  }
  return texts;
}

Result<MirrorSpec> MirrorSpec::parse(const json::object& from) {
  MirrorSpec spec;
  WAAG_TRY(const auto name, text_field(from, "repo"));
  WAAG_TRY(const auto type_name, text_field(from, "type"));
  WAAG_TRY(const auto revision, text_field(from, "revision"));
  WAAG_TRY(const auto dry_run, bool_field(from, "dry_run"));
  const auto type = parse_repo_type(type_name.value_or("model"));
  if (!type) return bad("\"type\" must be model, dataset or space");
  const auto slash = name ? name->find('/') : std::string::npos;
  if (slash == std::string::npos) return bad("\"repo\" must be namespace/name");
  const auto id = RepoId::make(*type, name->substr(0, slash), name->substr(slash + 1));
  if (!id) return bad("\"repo\" must be namespace/name");
  spec.repo = *id;
  if (revision) spec.revision = *revision;
  if (spec.revision.empty() || spec.revision.size() > revision_bytes_max)
    return bad("\"revision\" must be a branch, a tag or a commit");
  WAAG_TRY(spec.include, texts_field(from, "include"));
  WAAG_TRY(spec.exclude, texts_field(from, "exclude"));
  WAAG_TRY(spec.convert, texts_field(from, "convert"));
  if (!spec.convert.empty()) WAAG_CHECK(parse_targets(spec.convert));
  spec.dry_run = dry_run.value_or(false);
  return spec;
}

json::object MirrorSpec::to_json() const {
  json::object made{{"repo", repo.full_name()}, {"type", to_string(repo.type)}};
  made["revision"] = revision;
  if (!include.empty()) made["include"] = to_array(include);
  if (!exclude.empty()) made["exclude"] = to_array(exclude);
  if (!convert.empty()) made["convert"] = to_array(convert);
  if (dry_run) made["dry_run"] = true;
  return made;
}

}  // namespace waag::daemon
