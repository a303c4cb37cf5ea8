#include "protocol/model/weight_summary.h"

#include <catch2/catch.hpp>

#include "tests/vectors/gguf_builder.h"

using namespace waag;
using namespace waag::model;
using waag::test::GgufBuilder;

namespace {

GgufSummary summary_of(const GgufBuilder& builder) {
  const auto& bytes = builder.header();
  const auto parsed = parse_gguf_header(bytes, bytes.size() + (1 << 20));
  REQUIRE(parsed);
  return summarise_gguf(std::get<GgufHeader>(*parsed), bytes);
}

}  // namespace

TEST_CASE("weight_summary: safetensors by type", "[protocol][model]") {
  SafetensorsHeader header;
  header.tensors = {{"a", Dtype::bf16, 0, {2, 3}, 0, 12},
                    {"b", Dtype::f32, 0, {}, 12, 16},
                    {"c", Dtype::bf16, 0, {4}, 16, 24},
                    {"d", Dtype::u16, 0, {0, 5}, 24, 24}};
  const auto counts = count_parameters(header);
  CHECK(counts == ParameterCounts{{"BF16", 10}, {"F32", 1}, {"U16", 0}});
  CHECK(total_of(counts) == 11);
  header.tensors = {{"huge", Dtype::u8, 0, {1ull << 40, 1ull << 40}, 0, 0},
                    {"more", Dtype::u8, 0, {1ull << 61}, 0, 0}};
  CHECK(count_parameters(header).at("U8") == 1ull << 62);
}

TEST_CASE("weight_summary: a GGUF file", "[protocol][model]") {
  GgufBuilder builder;
  builder.start(2, 6).pair_text("general.architecture", "llama");
  builder.pair_u32("llama.context_length", 4096).pair_text("tokenizer.chat_template", "{{x}}");
  builder.text("tokenizer.ggml.tokens").word32(9).word32(8).word64(3).text("<s>").text("</s>");
  builder.text("x").pair_u32("tokenizer.ggml.bos_token_id", 0);
  builder.pair_u32("tokenizer.ggml.eos_token_id", 1);
  builder.tensor("a", {32, 4}, 8, 0).tensor("b", {3, 5}, 1, 160);
  const auto summary = summary_of(builder);
  CHECK(summary.total == 32 * 4 + 15);
  CHECK(summary.architecture == "llama");
  CHECK(summary.context_length == 4096);
  CHECK(summary.chat_template == "{{x}}");
  CHECK(summary.bos_token == "<s>");
  CHECK(summary.eos_token == "</s>");
}

TEST_CASE("weight_summary: a GGUF file that says little", "[protocol][model]") {
  GgufBuilder builder;
  builder.start(0, 2).pair_u32("tokenizer.ggml.bos_token_id", 7);
  builder.text("tokenizer.ggml.tokens").word32(9).word32(8).word64(1).text("a");
  const auto summary = summary_of(builder);
  CHECK(summary == GgufSummary{});
}
