#include "daemon/catalog/list_query.h"

#include <catch2/catch.hpp>

#include "protocol/base64.h"

using namespace waag;
using namespace waag::daemon;

namespace {

Result<ListQuery> parse(std::initializer_list<std::pair<const char*, const char*>> pairs) {
  Query query;
  for (const auto& [key, value] : pairs) query.add(key, value);
  return ListQuery::parse(query, RepoType::model);
}

ListedRepo listed(const std::string& ns, const std::string& name, Summary summary = {}) {
  storage::RepoRow row;
  row.uid = 7;
  row.id = {RepoType::model, ns, name};
  row.created = storage::TimeMs(5);
  return ListedRepo(row, summary, {3, 4, 2});
}

}  // namespace

TEST_CASE("list_query: both spellings of orders", "[daemon][catalog]") {
  const auto [text, sort] = GENERATE(table<const char*, SortBy>({
      {"createdAt", SortBy::created},
      {"created_at", SortBy::created},
      {"lastModified", SortBy::modified},
      {"last_modified", SortBy::modified},
      {"downloads", SortBy::downloads},
      {"likes", SortBy::likes},
      {"likes30d", SortBy::likes},
      {"trendingScore", SortBy::trending},
      {"trending_score", SortBy::trending},
      {"num_parameters", SortBy::parameters},
      {"mainSize", SortBy::size},
      {"id", SortBy::name},
  }));
  CHECK(parse({{"sort", text}})->sort == sort);
  CHECK_FALSE(parse({{"sort", text}, {"direction", "-1"}})->ascending);
  CHECK(parse({{"sort", text}, {"direction", "1"}})->ascending);
}

TEST_CASE("list_query: what is refused", "[daemon][catalog]") {
  const auto [key, value] = GENERATE(table<const char*, const char*>({
      {"sort", "nonsense"},
      {"limit", "x"},
      {"limit", "-1"},
      {"cursor", "!"},
      {"cursor", "YWJj"},
      {"num_parameters", "6B"},
      {"num_parameters", "min:x"},
      {"num_parameters", "min:6Q"},
      {"num_parameters", "min:-6"},
      {"num_parameters", "max:nan"},
      {"num_parameters", "max:1e300B"},
  }));
  CAPTURE(key, value);
  const auto query = parse({{key, value}});
  REQUIRE_FALSE(query);
  CHECK(query.error().code == Errc::invalid_argument);
}

TEST_CASE("list_query: bounds", "[daemon][catalog]") {
  CHECK(parse({})->limit == ListQuery::limit_max);
  CHECK(parse({{"limit", "0"}})->limit == 1);
  CHECK(parse({{"limit", "20"}})->limit == 20);
  CHECK(parse({{"limit", "99999"}})->limit == ListQuery::limit_max);
}

TEST_CASE("list_query: cursors lead back to their place", "[daemon][catalog]") {
  for (const auto& place : {Place{0, "", 0}, Place{~0ull, "", 7}, Place{0, "ada/a/b", 9}})
    CHECK(*decode_cursor(encode_cursor(place)) == place);
  CHECK(place_of(listed("Ada", "Tiny"), SortBy::name) == Place{0, "ada/tiny", 7});
  CHECK(place_of(listed("Ada", "Tiny"), SortBy::created) == Place{5, "", 7});
  CHECK(place_of(listed("Ada", "Tiny"), SortBy::trending) == Place{5, "", 7});
}

TEST_CASE("list_query: what it takes", "[daemon][catalog]") {
  Summary summary;
  summary.about.tags = {"gguf", "license:mit"};
  summary.about.pipeline_tag = "fill-mask";
  summary.parameters = 7'000'000'000;
  const auto repo = listed("Ada", "Tiny-Bert", summary);
  const auto takes = [&repo](auto... pairs) { return parse({pairs...})->takes(repo); };
  using Pair = std::pair<const char*, const char*>;
  CHECK(takes(Pair{"author", "ADA"}));
  CHECK_FALSE(takes(Pair{"author", "ad"}));
  CHECK_FALSE(takes(Pair{"author", "ada/tiny-bert"}));
  CHECK(takes(Pair{"search", "BERT"}, Pair{"search", "ada/"}));
  CHECK_FALSE(takes(Pair{"search", "bert"}, Pair{"search", "x"}));
  CHECK(takes(Pair{"filter", "gguf"}, Pair{"filter", "license:mit"}));
  CHECK(takes(Pair{"filter", "gguf,license:mit"}));
  CHECK_FALSE(takes(Pair{"filter", "gguf"}, Pair{"filter", "onnx"}));
  CHECK(takes(Pair{"pipeline_tag", "fill-mask"}));
  CHECK_FALSE(takes(Pair{"pipeline_tag", "gguf"}));
  CHECK(takes(Pair{"gated", "False"}));
  CHECK_FALSE(takes(Pair{"gated", "true"}));
  CHECK(takes(Pair{"num_parameters", "min:6B,max:7000M"}));
  CHECK_FALSE(takes(Pair{"num_parameters", "min:7.1B"}));
  CHECK_FALSE(takes(Pair{"num_parameters", "max:6B"}));
  CHECK(takes(Pair{"apps", "ollama"}));
  CHECK_FALSE(takes(Pair{"apps", "vllm"}));
  CHECK_FALSE(takes(Pair{"apps", "unheard-of"}));
  CHECK_FALSE(takes(Pair{"inference", "warm"}));
  CHECK_FALSE(takes(Pair{"models", "a/b"}));
  CHECK_FALSE(parse({{"num_parameters", "max:6B"}})->takes(listed("a", "unknown")));
}
