#include "convert/forward_job/texts_spec.h"

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

using Parse = Result<TextsSpec>(std::string_view);

std::string error_of(Parse& parse, const std::string& text) {
  const auto spec = parse(text);
  CAPTURE(text);
  REQUIRE_FALSE(spec);
  CHECK(spec.error().code == Errc::invalid_argument);
  return spec.error().what;
}

const std::string comparison_text =
    R"({"model":"/m","gguf":"/d/g","tokens":[[1,2],[3]],"threads":2})";

}  // namespace

TEST_CASE("texts_spec: what is asked", "[convert][texts_spec]") {
  for (auto* const parse : {&parse_logits_spec, &parse_comparison_spec}) {
    const auto spec = parse(comparison_text);
    REQUIRE(spec);
    CHECK(spec->model == "/m");
    CHECK(spec->made.gguf == "/d/g");
    CHECK(spec->made.read_paths() == std::vector<std::filesystem::path>{"/d"});
    CHECK(spec->texts == std::vector<std::vector<std::uint32_t>>{{1, 2}, {3}});
    CHECK(spec->threads == 2);
    CHECK_FALSE(spec->is_of_all);
    const auto of_folder = parse(R"({"model":"/m","folder":"/f","tokens":[[1]]})");
    REQUIRE(of_folder);
    CHECK(of_folder->made.read_paths() == std::vector<std::filesystem::path>{"/f"});
  }
  CHECK(parse_logits_spec(R"({"model":"/m","tokens":[[1]],"of":"all"})")->is_of_all);
  CHECK(parse_logits_spec(R"({"model":"/m","tokens":[[1]]})")->made.empty());
}

TEST_CASE("texts_spec: what neither understands", "[convert][texts_spec]") {
  for (auto* const parse : {&parse_logits_spec, &parse_comparison_spec})
    for (const auto* text : {
             "",
             R"({"gguf":"/g","tokens":[[1]]})",
             R"({"gguf":"/g","model":"m","tokens":[[1]]})",
             R"({"gguf":"/g","model":"/m"})",
             R"({"gguf":"/g","model":"/m","tokens":[]})",
             R"({"gguf":"/g","model":"/m","tokens":[1]})",
             R"({"gguf":"/g","model":"/m","tokens":[[-1]]})",
             R"({"gguf":"/g","model":"/m","tokens":[["a"]]})",
             R"({"gguf":"g","model":"/m","tokens":[[1]]})",
             R"({"folder":"f","model":"/m","tokens":[[1]]})",
             R"({"gguf":"/g","folder":"/f","model":"/m","tokens":[[1]]})",
             R"({"gguf":"/g","model":"/m","tokens":[[1]],"threads":5000})",
             R"({"gguf":"/g","model":"/m","tokens":[[1]],"of":"some"})",
             R"({"gguf":"/g","model":"/m","tokens":[[1]],"more":1})",
         })
      error_of(*parse, text);
}

TEST_CASE("texts_spec: a comparison is of two, and of all places", "[convert][texts_spec]") {
  CHECK(error_of(parse_comparison_spec, R"({"model":"/m","tokens":[[1]]})") ==
        "compare: gguf or folder is missing");
  CHECK(
      error_of(parse_comparison_spec, R"({"model":"/m","gguf":"/g","tokens":[[1]],"of":"all"})") ==
      "compare: unknown member of");
}

TEST_CASE("texts_spec: the largest", "[convert][texts_spec]") {
  auto text = comparison_text;
  text.resize(texts_spec_bytes_max, ' ');
  CHECK(parse_comparison_spec(text));
  text += ' ';
  CHECK(error_of(parse_comparison_spec, text) == "compare: the spec is larger than 64 MiB");
  CHECK(error_of(parse_logits_spec, text) == "logits: the spec is larger than 64 MiB");
}

}  // namespace waag::convert::testing
