#include "convert/tokenizer/special_tokens.h"

#include <catch2/catch.hpp>

#include "tests/convert/tokenizer/tokenizer_fixtures.h"

namespace waag::convert::testing {
namespace {

using Ids = std::vector<std::pair<std::string, std::uint32_t>>;
using Flags = std::vector<std::pair<std::string, bool>>;

Result<SpecialTokens> read(const boost::json::object& tokenizer, std::string_view tokenizer_config,
                           std::string_view config) {
  const auto second = json_object(tokenizer_config);
  const auto third = json_object(config);
  return read_special_tokens({&tokenizer, &second, &third}, 100);
}

/// The small tokenizer with this TemplateProcessing alone.
boost::json::object with_template(std::string_view processor) {
  auto tokenizer = small_tokenizer();
  tokenizer["post_processor"] = json_object(processor);
  return tokenizer;
}

}  // namespace

TEST_CASE("special_tokens: tokenizer_config.json first, config.json fills in",
          "[convert][tokenizer]") {
  const auto found = read(small_tokenizer(),
                          R"({"bos_token": {"content": "<|bos|>"}, "eos_token": "<|eot|>",
                              "pad_token": "not there"})",
                          R"({"bos_token_id": 99, "eos_token_id": [1, 2], "sep_token_id": 7,
                              "pad_token_id": null, "text_config": {"pad_token_id": 3},
                              "mask_token_id": 100})");
  REQUIRE(found);
  CHECK(found->ids == Ids{{"bos", 4}, {"eos", 5}, {"sep", 7}, {"pad", 3}});
  CHECK(found->added == Flags{{"bos", true}, {"sep", false}});
  CHECK(found->adds_bos());
}

TEST_CASE("special_tokens: tokenizer_config.json overrules the post-processor",
          "[convert][tokenizer]") {
  const auto found = read(small_tokenizer(),
                          R"({"bos_token": "<|bos|>", "add_bos_token": false,
                              "add_eos_token": true, "add_pad_token": true})",
                          "{}");
  REQUIRE(found);
  CHECK(found->added == Flags{{"bos", false}, {"sep", false}, {"eos", true}});
  CHECK_FALSE(found->adds_bos());
}

TEST_CASE("special_tokens: a BOS that is not the config's is not one", "[convert][tokenizer]") {
  const auto found = read(small_tokenizer(), R"({"bos_token": "<|eot|>"})", "{}");
  REQUIRE(found);
  CHECK(found->added == Flags{{"bos", false}, {"sep", false}});
}

TEST_CASE("special_tokens: the template's last token is the EOS, the config's then the EOT",
          "[convert][tokenizer]") {
  const auto tokenizer = with_template(R"({"type": "TemplateProcessing",
    "single": [{"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "<|bos|>"}}],
    "pair": [{"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "<|bos|>"}},
             {"SpecialToken": {"id": "<|bos|>"}}, {"Sequence": {"id": "B"}},
             {"SpecialToken": {"id": "<|bos|>"}}]})");
  const auto found = read(tokenizer, R"({"eos_token": "<|eot|>"})", "{}");
  REQUIRE(found);
  CHECK(found->ids == Ids{{"eos", 4}, {"sep", 4}, {"eot", 5}});
  CHECK(found->added == Flags{{"eos", true}, {"sep", true}});
}

TEST_CASE("special_tokens: without tokenizer_config.json", "[convert][tokenizer]") {
  const auto tokenizer = small_tokenizer();
  const auto config = json_object(R"({"eos_token_id": 5})");
  const auto found = read_special_tokens({&tokenizer, nullptr, &config}, 100);
  REQUIRE(found);
  CHECK(found->ids == Ids{{"eos", 5}});
  CHECK(found->added == Flags{{"bos", true}, {"sep", false}});
}

TEST_CASE("special_tokens: nothing of the expected form is nothing found", "[convert][tokenizer]") {
  const auto processor = GENERATE(
      R"({"type": "TemplateProcessing", "single": [1, {"SpecialToken": 2}], "pair": [[]]})",
      R"({"type": 3})", R"({"processors": [null, 4, {"type": "ByteLevel"}]})");
  const auto found = read(with_template(processor), R"({"bos_token": 5, "add_bos_token": "yes"})",
                          R"({"bos_token_id": "4", "eos_token_id": 1e300, "text_config": []})");
  REQUIRE(found);
  CHECK(found->ids.empty());
  CHECK(found->added.empty());
}

TEST_CASE("special_tokens: negative ids are refused", "[convert][tokenizer]") {
  auto tokenizer = small_tokenizer();
  const auto in_config = read(tokenizer, "{}", R"({"pad_token_id": -1})");
  REQUIRE_FALSE(in_config);
  CHECK(in_config.error().code == Errc::unprocessable);
  tokenizer["added_tokens"].as_array()[0].as_object()["id"] = -4;
  CHECK_FALSE(read(tokenizer, R"({"bos_token": "<|bos|>"})", "{}"));
}

}  // namespace waag::convert::testing
