#include "convert/tokenizer/tokenizer_entries.h"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "tests/convert/tokenizer/tekken/tekken_fixture.h"
#include "tests/convert/tokenizer/tokenizer_fixtures.h"

namespace waag::convert::testing {
namespace {

using Strings = std::vector<std::string>;
using Types = std::vector<std::int32_t>;

std::string config_of(const std::string& architecture) {
  return R"({"architectures": [")" + architecture + R"("], "eos_token_id": 5})";
}

TokenizerTexts bpe_texts() {
  TokenizerTexts texts;
  texts.tokenizer_json = boost::json::serialize(small_tokenizer());
  texts.tokenizer_config = R"({"bos_token": "<|bos|>", "chat_template": "T"})";
  return texts;
}

const GgufValue* find(const GgufEntries& entries, std::string_view key) {
  for (const auto& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("tokenizer_entries: byte-level BPE, in the order of llama.cpp's converter",
          "[convert][tokenizer]") {
  const auto entries = tokenizer_entries(bpe_texts(), {7, config_of("LlamaForCausalLM")});
  REQUIRE(entries);
  const GgufEntries expected{
      {"tokenizer.ggml.model", "gpt2"},
      {"tokenizer.ggml.pre", "llama-bpe"},
      {"tokenizer.ggml.tokens", Strings{"a", "b", "ab", "\u0120", "<|bos|>", "<|eot|>", "[PAD6]"}},
      {"tokenizer.ggml.token_type", Types{1, 1, 1, 1, 3, 3, 5}},
      {"tokenizer.ggml.merges", Strings{"a b"}},
      {"tokenizer.ggml.bos_token_id", std::uint32_t{4}},
      {"tokenizer.ggml.eos_token_id", std::uint32_t{5}},
      {"tokenizer.ggml.add_bos_token", true},
      {"tokenizer.ggml.add_sep_token", false},
      {"tokenizer.chat_template", "T"}};
  CHECK(*entries == expected);
}

TEST_CASE("tokenizer_entries: SentencePiece wins where both are, in its own order",
          "[convert][tokenizer]") {
  auto texts = bpe_texts();
  texts.sentencepiece_model = small_sentencepiece_model();
  texts.tokenizer_config =
      R"({"add_bos_token": true, "add_prefix_space": false, "unk_token": "<unk>"})";
  texts.added_tokens = R"({"<new>": 7})";
  const auto config = R"({"architectures": ["MistralForCausalLM"], "bos_token_id": 1,
                          "unk_token_id": 0, "pad_token_id": 8})";
  const auto entries = tokenizer_entries(texts, {8, config});
  REQUIRE(entries);
  const GgufEntries expected{
      {"tokenizer.ggml.model", "llama"},
      {"tokenizer.ggml.pre", "default"},
      {"tokenizer.ggml.tokens",
       Strings{"<unk>", "<s>", "</s>", "<0x0A>", "<tool>", "\u2581a", "b", "<new>"}},
      {"tokenizer.ggml.scores", std::vector<float>{0, 0, 0, 0, 0, -1.5F, -2, -1000}},
      {"tokenizer.ggml.token_type", Types{2, 3, 3, 6, 1, 1, 1, 4}},
      {"tokenizer.ggml.bos_token_id", std::uint32_t{1}},
      {"tokenizer.ggml.unknown_token_id", std::uint32_t{0}},
      {"tokenizer.ggml.add_bos_token", true},
      {"tokenizer.ggml.add_sep_token", false},
      {"tokenizer.ggml.add_space_prefix", false}};
  // The BOS of tokenizer.json's template is not one that tokenizer_config.json names.
  CHECK(*entries == expected);
}

TEST_CASE("tokenizer_entries: without tokenizer.model the same, of the merges",
          "[convert][tokenizer]") {
  auto texts = bpe_texts();
  texts.tokenizer_config = "{}";
  texts.tokenizer_json = merged_tokenizer_json;
  const auto config = R"({"architectures": ["LlamaForCausalLM"], "bos_token_id": 1})";
  const auto entries = tokenizer_entries(texts, {9, config});
  if (!entries) FAIL(entries.error().what);
  texts.tokenizer_json.reset();
  texts.sentencepiece_model = merged_sentencepiece_model();
  texts.tokenizer_config = R"({"added_tokens_decoder": {
    "0": {"content": "<unk>", "special": true}, "1": {"content": "<s>", "special": true}}})";
  const auto of_model = tokenizer_entries(texts, {9, config});
  if (!of_model) FAIL(of_model.error().what);
  CHECK(*entries == *of_model);
  CHECK(*find(*entries, "tokenizer.ggml.scores") ==
        GgufValue(std::vector<float>{-1000, -1000, 0, 0, -1, -2, -3, -4, -10000}));
}

TEST_CASE("tokenizer_entries: what llama.cpp splits otherwise is told", "[convert][tokenizer]") {
  std::vector<std::string> warnings;
  const auto warn = [&](std::string_view text) { warnings.emplace_back(text); };
  auto texts = bpe_texts();
  const TokenizerOptions options{9, config_of("LlamaForCausalLM")};
  REQUIRE(tokenizer_entries(texts, options, warn));
  texts.sentencepiece_model = small_sentencepiece_model();
  REQUIRE(tokenizer_entries(texts, options, warn));
  CHECK(warnings.empty());
  *texts.sentencepiece_model += bytes_field(2, varint_field(3, 1));
  REQUIRE(tokenizer_entries(texts, options, warn));
  REQUIRE(warnings.size() == 1);
  CHECK(warnings.front().find("unigram") != std::string::npos);
}

TEST_CASE("tokenizer_entries: DeepSeek reads tokenizer.json first", "[convert][tokenizer]") {
  auto texts = bpe_texts();
  texts.sentencepiece_model = small_sentencepiece_model();
  const auto entries = tokenizer_entries(texts, {8, config_of("DeepseekV3ForCausalLM")});
  REQUIRE(entries);
  CHECK(*find(*entries, "tokenizer.ggml.model") == GgufValue("gpt2"));
}

TEST_CASE("tokenizer_entries: tekken.json alone", "[convert][tokenizer]") {
  TokenizerTexts texts;
  texts.tekken_json = boost::json::serialize(small_tekken());
  const TokenizerOptions options{265, config_of("MistralForCausalLM")};
  std::vector<std::string> warnings;
  const auto warn = [&](std::string_view text) { warnings.emplace_back(text); };
  const auto entries = tokenizer_entries(texts, options, warn);
  if (!entries) FAIL(entries.error().what);
  Strings keys;
  for (const auto& entry : *entries) keys.push_back(entry.key.substr(sizeof "tokenizer.ggml"));
  CHECK(keys == Strings{"model", "pre", "tokens", "token_type", "merges", "bos_token_id",
                        "eos_token_id", "unknown_token_id", "padding_token_id", "add_bos_token",
                        "add_eos_token"});
  CHECK(*find(*entries, "tokenizer.ggml.model") == GgufValue("gpt2"));
  CHECK(*find(*entries, "tokenizer.ggml.pre") == GgufValue("tekken"));
  CHECK(std::get<Strings>(*find(*entries, "tokenizer.ggml.tokens")).back() == "[PAD264]");
  CHECK(*find(*entries, "tokenizer.ggml.eos_token_id") == GgufValue(std::uint32_t{2}));
  CHECK(*find(*entries, "tokenizer.ggml.add_bos_token") == GgufValue(true));
  REQUIRE(warnings.size() == 1);
  CHECK(warnings.front().find("chat template") != std::string::npos);

  texts.chat_template_jinja = "J";  // read although there is no tokenizer_config.json
  const auto with_template = tokenizer_entries(texts, options, warn);
  REQUIRE(with_template);
  CHECK(*find(*with_template, "tokenizer.chat_template") == GgufValue("J"));
  texts.tokenizer_config = R"({"chat_template": "C"})";
  const auto with_settings = tokenizer_entries(texts, options, warn);
  REQUIRE(with_settings);
  CHECK(*find(*with_settings, "tokenizer.chat_template") == GgufValue("C"));
  CHECK(warnings.size() == 1);

  texts.tokenizer_json = boost::json::serialize(small_tokenizer());
  texts.tekken_json = "not looked at";
  const auto of_json = tokenizer_entries(texts, options, warn);
  REQUIRE(of_json);
  CHECK(*find(*of_json, "tokenizer.ggml.pre") != GgufValue("tekken"));
}

TEST_CASE("tokenizer_entries: what only the architecture llama has", "[convert][tokenizer]") {
  auto texts = bpe_texts();
  const auto codellama = tokenizer_entries(texts, {32016, config_of("LlamaForCausalLM")});
  REQUIRE(codellama);
  CHECK(*find(*codellama, "tokenizer.ggml.middle_token_id") == GgufValue(std::uint32_t{32009}));
  const auto granite = tokenizer_entries(texts, {49152, config_of("LlamaForCausalLM")});
  REQUIRE(granite);
  CHECK(*find(*granite, "tokenizer.ggml.add_bos_token") == GgufValue(false));
  texts.tokenizer_config = R"({"add_prefix_space": true, "bos_token": "<|bos|>"})";
  const auto qwen = tokenizer_entries(texts, {49152, config_of("Qwen2ForCausalLM")});
  REQUIRE(qwen);
  CHECK(*find(*qwen, "tokenizer.ggml.add_bos_token") == GgufValue(true));
  CHECK(find(*qwen, "tokenizer.ggml.add_space_prefix") == nullptr);
}

TEST_CASE("tokenizer_entries: what is refused, by the file's name", "[convert][tokenizer]") {
  auto texts = bpe_texts();
  TokenizerOptions options{8, config_of("LlamaForCausalLM")};
  std::string file;
  SECTION("config.json") { options.config_text = file = "config.json"; }
  SECTION("tokenizer.json") { texts.tokenizer_json = file = "tokenizer.json"; }
  SECTION("its depth") {
    file = "tokenizer.json";
    texts.tokenizer_json = R"({"a": )" + std::string(10000, '[');
  }
  SECTION("tekken.json") {
    texts.tokenizer_json.reset();
    texts.tekken_json = file = "tekken.json";
  }
  SECTION("tokenizer_config.json") { texts.tokenizer_config = file = "tokenizer_config.json"; }
  SECTION("added_tokens.json") { texts.added_tokens = file = "added_tokens.json"; }
  SECTION("chat_template.json") {
    texts.tokenizer_config = R"({"a": 1})";
    texts.chat_template_json = file = "chat_template.json";
  }
  SECTION("add_prefix_space") {
    file = "tokenizer_config.json";
    texts.tokenizer_config = R"({"add_prefix_space": 1})";
  }
  SECTION("a SentencePiece model as tokenizer.json alone, with spaces of its own") {
    file = "tokenizer.json: without its tokenizer.model, spaces";
    texts.tokenizer_json = R"({"model": {"type": "BPE", "byte_fallback": true}})";
  }
  const auto refused = tokenizer_entries(texts, options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unprocessable);
  CHECK(refused.error().what.starts_with(file));
}

}  // namespace waag::convert::testing
