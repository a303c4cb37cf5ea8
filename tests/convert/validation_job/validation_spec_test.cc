#include "convert/validation_job/validation_spec.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

namespace json = boost::json;

/// A spec that is understood, with one member replaced ("null": left out).
std::string with(const std::string& key, std::string_view value) {
  auto spec =
      json::parse(R"({"model":"/m","results":[{"target":"gguf:Q8_0","gguf":"/d/g"}]})").as_object();
  if (value == "null")
    spec.erase(key);
  else
    spec[key] = json::parse(json::string_view(value.data(), value.size()));
  return json::serialize(spec);
}

std::string error_of(const std::string& text) {
  CAPTURE(text);
  const auto spec = parse_validation_spec(text);
  REQUIRE_FALSE(spec);
  CHECK(spec.error().code == Errc::invalid_argument);
  CHECK(spec.error().what.starts_with("validate: "));
  return spec.error().what;
}

}  // namespace

TEST_CASE("validation_spec: what is left out", "[convert][validation_spec]") {
  const auto spec = parse_validation_spec(with("more", "null"));
  REQUIRE(spec);
  CHECK(spec->model == "/m");
  CHECK(spec->text.empty());
  CHECK(spec->tokens.empty());
  CHECK(spec->chunks == 16);
  CHECK(spec->context == 512);
  CHECK(spec->threads == 0);
  CHECK(spec->limits_factor == 1);
  REQUIRE(spec->results.size() == 1);
  CHECK(spec->results[0].target == "gguf:Q8_0");
  CHECK(spec->results[0].limits->target == "gguf:Q8_0");
  CHECK(spec->results[0].made.gguf == "/d/g");
}

TEST_CASE("validation_spec: what may be asked", "[convert][validation_spec]") {
  const auto spec = parse_validation_spec(
      R"({"model":"/m","text":"/t","chunks":128,"context":256,"threads":3,"limits_factor":2,
          "results":[{"target":"gguf:q4_k_m","gguf":"/g"},
                     {"target":"safetensors:int8","folder":"/f"}]})");
  REQUIRE(spec);
  CHECK(spec->text == "/t");
  CHECK(spec->chunks == 128);
  CHECK(spec->context == 256);
  CHECK(spec->threads == 3);
  CHECK(spec->limits_factor == 2);
  CHECK(spec->results[0].target == "gguf:q4_k_m");
  CHECK(spec->results[0].limits->target == "gguf:Q4_K_M");
  CHECK(spec->results[1].made.folder == "/f");
  CHECK(parse_validation_spec(with("limits_factor", "0.5"))->limits_factor == 0.5);
  CHECK(parse_validation_spec(with("tokens", "[[1,2],[3]]"))->tokens.size() == 2);
}

TEST_CASE("validation_spec: what is not understood", "[convert][validation_spec]") {
  error_of("");
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
           {"model", "null"},
           {"model", R"("m")"},
           {"more", "1"},
           {"text", R"("t")"},
           {"tokens", "[1]"},
           {"tokens", "[]"},
           {"chunks", "0"},
           {"chunks", "-1"},
           {"chunks", "2049"},
           {"context", "3"},
           {"context", "65537"},
           {"threads", "1025"},
           {"limits_factor", "0"},
           {"limits_factor", "-1"},
           {"limits_factor", "1000"},
           {"limits_factor", R"("1")"},
           {"results", "null"},
           {"results", "[]"},
           {"results", "[1]"},
           {"results", R"([{"target":"gguf:Q8_0"}])"},
           {"results", R"([{"gguf":"/g"}])"},
           {"results", R"([{"target":"gguf:Q9_9","gguf":"/g"}])"},
           {"results", R"([{"target":"Q8_0","gguf":"/g"}])"},
           {"results", R"([{"target":"gguf:Q8_0","gguf":"g"}])"},
           {"results", R"([{"target":"gguf:Q8_0","folder":"/g"}])"},
           {"results", R"([{"target":"safetensors:int8","gguf":"/g"}])"},
           {"results", R"([{"target":"gguf:Q8_0","gguf":"/g","folder":"/f"}])"},
           {"results", R"([{"target":"gguf:Q8_0","gguf":"/g","more":1}])"},
           {"results",
            R"([{"target":"gguf:Q8_0","gguf":"/g"},{"target":"gguf:q8_0","gguf":"/h"}])"},
       })
    error_of(with(key, value));
}

TEST_CASE("validation_spec: tokens are chunks", "[convert][validation_spec]") {
  const std::string tokens =
      R"({"model":"/m","tokens":[[1,2]],"results":[{"target":"gguf:Q8_0","gguf":"/g"}],)";
  error_of(tokens + R"("text":"/t"})");
  error_of(tokens + R"("chunks":1})");
  error_of(tokens + R"("context":4})");
}

}  // namespace waag::convert::testing
