#include "convert/validation_job/evaluation.h"

#include <catch2/catch.hpp>

#include "convert/validate/evaluation_text.h"
#include "protocol/hash.h"
#include "tests/convert/tiny_model.h"

namespace waag::convert::testing {
namespace {

std::string hash_of(std::string_view text) { return sha256(as_bytes(text)).hex(); }

/// A model of 64 positions, and a tokenizer that has the bytes a to d.
struct Model {
  Model() {
    TinyModel::llama().write(folder);
    folder.write("tokenizer.json", tiny_tokenizer());
    spec.model = folder.path();
  }
  Result<Evaluation> read() {
    const auto source = SourceModel::open(folder.path());
    REQUIRE(source);
    return read_evaluation(spec, *source);
  }
  /// Gives a text of its own.
  void give(std::string_view text) {
    folder.write("text", std::string(text));
    spec.text = folder.path() / "text";
  }

  waag::testing::ModelFolder folder;
  ValidationSpec spec;
};

}  // namespace

TEST_CASE("evaluation: tokens are chunks as they are", "[convert][validation]") {
  Model model;
  model.spec.tokens = {{1, 2, 3}, {4}};
  const auto found = model.read();
  REQUIRE(found);
  CHECK(found->id == "tokens");
  CHECK(found->sha256.empty());
  CHECK(found->tokenizer_sha256.empty());
  CHECK(found->context == 3);
  CHECK(found->chunks == model.spec.tokens);
  CHECK(found->tokens() == 4);
}

TEST_CASE("evaluation: a text is split by the model's tokenizer", "[convert][validation]") {
  Model model;
  model.give("abcdabcdab");
  model.spec.context = 4;
  const auto found = model.read();
  if (!found) FAIL(found.error().what);
  CHECK(found->id == "given");
  CHECK(found->sha256 == hash_of("abcdabcdab"));
  CHECK(found->tokenizer_sha256 == hash_of(tiny_tokenizer()));
  CHECK(found->context == 4);
  CHECK(found->chunks == std::vector<std::vector<std::uint32_t>>{{3, 2, 4, 3}});
}

TEST_CASE("evaluation: no chunk is longer than what the model takes", "[convert][validation]") {
  Model model;
  std::string text;
  for (int i = 0; i < 100; ++i) text += "dc";
  model.give(text);
  const auto found = model.read();
  if (!found) FAIL(found.error().what);
  CHECK(found->context == 64);
  CHECK(found->chunks.size() == 3);
}

TEST_CASE("evaluation: a text that is too short, or is not there", "[convert][validation]") {
  Model model;
  model.give("dcdcdc");
  const auto short_one = model.read();
  REQUIRE_FALSE(short_one);
  CHECK(short_one.error().code == Errc::unprocessable);
  CHECK(short_one.error().what == "the text has 6 tokens, fewer than one chunk of 64");
  model.spec.text = model.folder.path() / "none";
  CHECK(model.read().error().code == Errc::not_found);
}

TEST_CASE("evaluation: without a text it is ours", "[convert][validation]") {
  Model model;  // whose tokenizer leaves out what it has no token for
  const auto found = model.read();
  if (!found) FAIL(found.error().what);
  CHECK(found->id == evaluation_text_id);
  CHECK(found->sha256 == hash_of(evaluation_text()));
  CHECK(found->chunks.size() == 16);
  CHECK(found->tokens() == 16 * 64);
}

}  // namespace waag::convert::testing
