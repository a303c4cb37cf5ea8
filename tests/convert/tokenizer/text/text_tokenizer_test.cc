#include "convert/tokenizer/text/text_tokenizer.h"

#include <fstream>

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "tests/convert/tokenizer/tekken/tekken_fixture.h"
#include "tests/convert/tokenizer/tokenizer_fixtures.h"
#include "tests/support/temp_folder.h"

namespace waag::convert::testing {
namespace {

using Tokens = std::vector<std::uint32_t>;
using waag::testing::TempFolder;

class Model {
 public:
  Model& write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() / name, std::ios::binary) << text;
    return *this;
  }
  Model& write(const std::string& name, const boost::json::object& object) {
    return write(name, boost::json::serialize(object));
  }
  [[nodiscard]] Result<TextTokenizer> open() const { return TextTokenizer::open(folder_.path()); }

 private:
  TempFolder folder_;
};

}  // namespace

TEST_CASE("text_tokenizer: of tokenizer.json", "[convert][tokenizer][text]") {
  Model model;
  model.write("tokenizer.json", small_tokenizer())
      .write("tokenizer_config.json", R"({"bos_token": "<|bos|>"})")
      .write("tekken.json", "not looked at");
  const auto tokenizer = model.open();
  REQUIRE(tokenizer);
  CHECK(*tokenizer->tokens("ab") == Tokens{2});
  CHECK(tokenizer->bos() == 4);
  CHECK(tokenizer->sha256().size() == 64);
}

TEST_CASE("text_tokenizer: whether a BOS is put in front", "[convert][tokenizer][text]") {
  Model model;
  model.write("tokenizer.json", small_tokenizer());
  const auto unknown = model.open();
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Errc::unprocessable);
  model.write("config.json", R"({"bos_token_id": 5})");
  CHECK(model.open()->bos() == 5);
  model.write("tokenizer_config.json", R"({"add_bos_token": false})");
  CHECK(model.open()->bos() == std::nullopt);
}

TEST_CASE("text_tokenizer: of tokenizer.model", "[convert][tokenizer][text]") {
  Model model;
  model.write("tokenizer.model", merged_sentencepiece_model())
      .write("tekken.json", "not looked at");
  const auto tokenizer = model.open();
  REQUIRE(tokenizer);
  CHECK(*tokenizer->tokens("abb") == Tokens{5, 4});
  CHECK(tokenizer->bos() == 1);
  model.write("tokenizer_config.json", R"({"bos_token": "<s>", "add_bos_token": false})");
  CHECK(model.open()->bos() == std::nullopt);
  model.write("tokenizer.json", merged_tokenizer_json).write("config.json", "{}");
  CHECK(model.open()->sha256() != tokenizer->sha256());
}

TEST_CASE("text_tokenizer: of tekken.json", "[convert][tokenizer][text]") {
  Model model;
  const auto tokenizer = model.write("tekken.json", small_tekken()).open();
  REQUIRE(tokenizer);
  CHECK(*tokenizer->tokens(" the") == Tokens{263});
  CHECK(tokenizer->bos() == 1);
}

TEST_CASE("text_tokenizer: the hash of what defines it", "[convert][tokenizer][text]") {
  auto other = small_tokenizer();
  Model model;
  const std::string settings = R"({"add_bos_token": false})";
  model.write("tokenizer_config.json", settings).write("tokenizer.json", other);
  const auto before = model.open()->sha256();
  CHECK(model.open()->sha256() == before);
  other["version"] = "1.0";
  CHECK(model.write("tokenizer.json", other).open()->sha256() != before);
}

TEST_CASE("text_tokenizer: texts that are refused", "[convert][tokenizer][text]") {
  Model model;
  model.write("tekken.json", small_tekken());
  const auto tokenizer = model.open();
  REQUIRE(tokenizer);
  const auto odd = tokenizer->tokens("a\xff");
  REQUIRE_FALSE(odd);
  CHECK(odd.error().code == Errc::unprocessable);
  const auto large = tokenizer->tokens(std::string(text_bytes_max + 1, 'a'));
  REQUIRE_FALSE(large);
  CHECK(large.error().code == Errc::too_large);
}

TEST_CASE("text_tokenizer: no tokenizer, or a malformed one", "[convert][tokenizer][text]") {
  Model model;
  const auto none = model.open();
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Errc::not_found);
  model.write("tokenizer.json", "{");
  const auto cut = model.open();
  REQUIRE_FALSE(cut);
  CHECK(cut.error().code == Errc::unprocessable);
  CHECK(cut.error().what.starts_with("tokenizer.json"));
}

}  // namespace waag::convert::testing
