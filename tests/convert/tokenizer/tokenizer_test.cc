#include "convert/tokenizer/tokenizer.h"

#include <fstream>

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "tests/convert/tokenizer/tekken/tekken_fixture.h"
#include "tests/convert/tokenizer/tokenizer_fixtures.h"
#include "tests/support/temp_folder.h"

namespace waag::convert::testing {

TEST_CASE("tokenizer: a folder without one, then with one", "[convert][tokenizer]") {
  const waag::testing::TempFolder folder;
  const TokenizerOptions options{6, R"({"architectures": ["LlamaForCausalLM"]})"};
  const auto none = read_tokenizer(folder.path(), options);
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Errc::not_found);

  std::ofstream(folder.path() / "tokenizer.json") << boost::json::serialize(small_tokenizer());
  const auto entries = read_tokenizer(folder.path(), options);
  REQUIRE(entries);
  CHECK(entries->front() == GgufEntry{"tokenizer.ggml.model", "gpt2"});

  std::ofstream(folder.path() / "tokenizer.model", std::ios::binary) << small_sentencepiece_model();
  const auto larger = read_tokenizer(folder.path(), {7, options.config_text});
  REQUIRE(larger);
  CHECK(larger->front() == GgufEntry{"tokenizer.ggml.model", "llama"});
}

TEST_CASE("tokenizer: a folder with Mistral's alone", "[convert][tokenizer]") {
  const waag::testing::TempFolder folder;
  std::ofstream(folder.path() / "tekken.json") << boost::json::serialize(small_tekken());
  const auto entries =
      read_tokenizer(folder.path(), {264, R"({"architectures": ["MistralForCausalLM"]})"});
  if (!entries) FAIL(entries.error().what);
  CHECK((*entries)[1] == GgufEntry{"tokenizer.ggml.pre", "tekken"});
}

}  // namespace waag::convert::testing
