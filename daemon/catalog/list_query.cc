#include "daemon/catalog/list_query.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "protocol/base64.h"

namespace waag::daemon {
namespace {

struct SortName {
  std::string_view name;
  SortBy sort;
};
/// Snake case is what older clients send.
constexpr std::array sort_names{
    SortName{"createdAt", SortBy::created},
    SortName{"created_at", SortBy::created},
    SortName{"lastModified", SortBy::modified},
    SortName{"last_modified", SortBy::modified},
    SortName{"downloads", SortBy::downloads},
    SortName{"likes", SortBy::likes},
    SortName{"likes30d", SortBy::likes},
    SortName{"trendingScore", SortBy::trending},
    SortName{"trending_score", SortBy::trending},
    SortName{"num_parameters", SortBy::parameters},
    SortName{"mainSize", SortBy::size},
    SortName{"main_size", SortBy::size},
    SortName{"id", SortBy::name},
};

Error bad(std::string what) { return fail(Errc::invalid_argument, std::move(what)); }

Result<SortBy> parse_sort(std::string_view text) {
  const auto found = std::ranges::find(sort_names, text, &SortName::name);
  if (found != sort_names.end()) return found->sort;
  return bad(
      "\"sort\" must be one of [createdAt, downloads, id, lastModified, likes, likes30d, mainSize, "
      "num_parameters, trendingScore]");
}

Result<std::size_t> parse_limit(std::string_view text) {
  std::size_t limit = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, limit);
  if (error != std::errc{} || stop != end) return bad("\"limit\" must be a number");
  return std::clamp<std::size_t>(limit, 1, ListQuery::limit_max);
}

/// "6B", "500M", "1.5B", "1000".
Result<std::uint64_t> parse_amount(std::string_view text) {
  constexpr double amount_max = 1e18;
  double amount = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, amount);
  const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  const double factor = unit.empty()                 ? 1
                        : unit == "K" || unit == "k" ? 1e3
                        : unit == "M" || unit == "m" ? 1e6
                        : unit == "B" || unit == "b" ? 1e9
                        : unit == "T" || unit == "t" ? 1e12
                                                     : 0;
  if (error != std::errc{} || factor == 0 || !(amount >= 0) || !(amount * factor <= amount_max))
    return bad("\"num_parameters\" must be like min:6B,max:128B");
  return static_cast<std::uint64_t>(std::llround(amount * factor));
}

Status parse_parameters(std::string_view text, ListQuery& query) {
  query.knows_parameters = true;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto part = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    if (part.starts_with("min:")) {
      WAAG_TRY(query.parameters_min, parse_amount(part.substr(4)));
    } else if (part.starts_with("max:")) {
      WAAG_TRY(query.parameters_max, parse_amount(part.substr(4)));
    } else {
      return bad("\"num_parameters\" must be like min:6B,max:128B");
    }
  }
  return ok();
}

/// A filter is a tag, or several with commas between.
void add_tags(std::string_view text, std::vector<std::string>& tags) {
  while (!text.empty()) {
    const auto comma = text.find(',');
    if (const auto tag = text.substr(0, comma); !tag.empty()) tags.emplace_back(tag);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
}

/// Programs that can run a model, by what they need of it.
void add_app(std::string_view app, ListQuery& query) {
  constexpr std::array of_gguf{"llama.cpp", "ollama",  "lmstudio", "jan",
                               "koboldcpp", "gpt4all", "llamafile"};
  constexpr std::array of_safetensors{"vllm", "sglang", "tgi", "docker-model-runner"};
  const auto is_app = [app](std::string_view name) { return name == app; };
  if (std::ranges::any_of(of_gguf, is_app)) {
    query.tags.emplace_back("gguf");
  } else if (std::ranges::any_of(of_safetensors, is_app)) {
    query.tags.emplace_back("transformers");
    query.tags.emplace_back("safetensors");
  } else {
    query.nothing = true;
  }
}

Status parse_filters(const Query& from, ListQuery& query) {
  query.author = folded(from.get("author").value_or(""));
  for (const auto text : from.all("search")) query.searches.push_back(folded(text));
  for (const auto text : from.all("filter")) add_tags(text, query.tags);
  for (const auto text : from.all("tags")) add_tags(text, query.tags);
  for (const auto app : from.all("apps")) add_app(app, query);
  query.pipeline_tag = from.get("pipeline_tag").value_or("");
  if (from.get("gated")) query.gated = from.flag("gated");
  if (const auto text = from.get("num_parameters")) WAAG_CHECK(parse_parameters(*text, query));
  for (const auto id : from.all("models")) query.models.emplace_back(id);
  for (const auto id : from.all("datasets")) query.datasets.emplace_back(id);
  // Nothing is run here, by nobody.
  if (from.get("inference") || from.get("inference_provider")) query.nothing = true;
  return ok();
}

template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  if (!text.starts_with('/')) return false;
  text.remove_prefix(1);
  return true;
}

std::uint64_t positive(storage::TimeMs time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
}

}  // namespace

Place place_of(const ListedRepo& repo, SortBy sort) {
  const auto at = [&repo](std::uint64_t rank) { return Place{rank, {}, repo.repo.uid}; };
  switch (sort) {
    case SortBy::created:
      return at(positive(repo.repo.created));
    case SortBy::modified:
      return at(positive(repo.modified));
    case SortBy::downloads:
      return at(repo.popularity.downloads);
    case SortBy::likes:
      return at(repo.popularity.likes);
    case SortBy::trending:
      return at(trending_score(repo.popularity));
    case SortBy::parameters:
      return at(repo.parameters);
    case SortBy::size:
      return at(repo.files_bytes);
    case SortBy::name:
      return {0, repo.folded_name, repo.repo.uid};
  }
  return at(0);
}

std::string encode_cursor(const Place& place) {
  return encode_base64(std::to_string(place.rank) + "/" + std::to_string(place.uid) + "/" +
                       place.name);
}

Result<Place> decode_cursor(std::string_view cursor) {
  const auto decoded = decode_base64(cursor);
  Place place;
  if (decoded) {
    std::string_view rest = *decoded;
    if (take_number(rest, place.rank) && take_number(rest, place.uid)) {
      place.name = rest;
      return place;
    }
  }
  return bad("Invalid cursor");
}

Result<ListQuery> ListQuery::parse(const Query& from, RepoType type) {
  ListQuery query;
  query.type = type;
  WAAG_CHECK(parse_filters(from, query));
  if (const auto text = from.get("sort"); text && !text->empty()) {
    WAAG_TRY(query.sort, parse_sort(*text));
  }
  query.ascending = from.get("direction") == "1";
  if (const auto text = from.get("limit")) {
    WAAG_TRY(query.limit, parse_limit(*text));
  }
  if (const auto text = from.get("cursor")) {
    WAAG_TRY(query.after, decode_cursor(*text));
  }
  return query;
}

bool ListQuery::takes(const ListedRepo& listed) const {
  if (nothing) return false;
  const auto& name = listed.folded_name;
  if (!author.empty() && !(name.starts_with(author) && name[author.size()] == '/')) return false;
  if (!pipeline_tag.empty() && listed.pipeline_tag != pipeline_tag) return false;
  if (gated && *gated != (listed.repo.gate != storage::Gate::none)) return false;
  if (knows_parameters && listed.parameters == 0) return false;
  if (listed.parameters < parameters_min) return false;
  if (parameters_max && listed.parameters > *parameters_max) return false;
  const auto occurs = [&name](const auto& part) { return name.find(part) != std::string::npos; };
  const auto has_tag = [&listed](const auto& tag) { return listed.has_tag(tag); };
  const auto uses_model = [&listed](const auto& id) { return listed.uses_model(id); };
  const auto uses_dataset = [&listed](const auto& id) { return listed.uses_dataset(id); };
  return std::ranges::all_of(searches, occurs) && std::ranges::all_of(tags, has_tag) &&
         std::ranges::all_of(models, uses_model) && std::ranges::all_of(datasets, uses_dataset);
}

}  // namespace waag::daemon
