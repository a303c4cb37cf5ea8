#include "convert/forward/facts.h"

#include <cmath>

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

using Windows = std::vector<std::uint64_t>;

Result<Facts> facts_of(const std::string& class_name, const std::string& members = "") {
  const auto config = ModelConfig::parse(
      R"({"num_hidden_layers":3,"hidden_size":8,"vocab_size":5,"num_attention_heads":2,
      "intermediate_size":6,"architectures":[")" +
      class_name + R"("])" + members + "}");
  if (!config) FAIL(config.error().what);
  return read_facts(*config);
}

Windows windows_of(const std::string& class_name, const std::string& members) {
  const auto facts = facts_of(class_name, R"(,"rms_norm_eps":1e-5)" + members);
  if (!facts) FAIL(facts.error().what);
  return facts->windows;
}

void is_refused(const std::string& class_name, const std::string& members) {
  const auto facts = facts_of(class_name, members);
  CAPTURE(members);
  REQUIRE_FALSE(facts);
  CHECK(facts.error().code == Errc::unprocessable);
}

const std::string norm = R"(,"rms_norm_eps":1e-5)";
const std::string used = R"(,"use_sliding_window":true,"sliding_window":7)";

}  // namespace

TEST_CASE("facts: of a dense model", "[convert][forward][facts]") {
  const auto facts = facts_of("LlamaForCausalLM", norm);
  REQUIRE(facts);
  CHECK(facts->epsilon == 1e-5);
  CHECK(facts->score_scale == 0.5);
  CHECK(facts->rope.frequencies == std::vector<double>{1, 0.01});
  CHECK_FALSE(facts->rope.is_paired);
  CHECK(facts->windows == Windows{0, 0, 0});
  CHECK(facts->name("B.attn_q.weight", 2) == "model.layers.2.self_attn.q_proj.weight");
  CHECK(facts_of("MixtralForCausalLM", norm)->rope.frequencies[1] == Approx(0.001));
}

TEST_CASE("facts: yarn sharpens latent attention", "[convert][forward][facts]") {
  const std::string latent = R"(,"kv_lora_rank":4,"qk_nope_head_dim":12,"qk_rope_head_dim":4,
    "v_head_dim":2)";
  const auto plain = facts_of("DeepseekV3ForCausalLM", latent);
  REQUIRE(plain);
  CHECK(plain->score_scale == 0.25);
  CHECK(plain->epsilon == 1e-6);
  CHECK(plain->rope.is_paired);
  CHECK(plain->rope.frequencies.size() == 2);
  const auto yarn = facts_of("DeepseekV3ForCausalLM", latent + R"(,"rope_scaling":{"type":"yarn",
    "factor":40,"original_max_position_embeddings":4096,"mscale":1.0,"mscale_all_dim":1.0})");
  REQUIRE(yarn);
  CHECK(yarn->score_scale == Approx(0.25 * std::pow(0.1 * std::log(40.0) + 1, 2)));
  CHECK(yarn->rope.magnitude == 1);
  is_refused("DeepseekV3ForCausalLM", latent + R"(,"rope_interleave":false)");
}

TEST_CASE("facts: windows of each architecture", "[convert][forward][facts]") {
  CHECK(windows_of("LlamaForCausalLM", used) == Windows{0, 0, 0});
  CHECK(windows_of("MistralForCausalLM", R"(,"sliding_window":7)") == Windows{7, 7, 7});
  CHECK(windows_of("MistralForCausalLM", R"(,"sliding_window":null)") == Windows{0, 0, 0});
  CHECK(windows_of("Qwen2ForCausalLM", R"(,"sliding_window":7)") == Windows{0, 0, 0});
  CHECK(windows_of("Qwen2ForCausalLM", used) == Windows{0, 0, 0});  // 28 layers see all
  CHECK(windows_of("Qwen2ForCausalLM", used + R"(,"max_window_layers":1)") == Windows{0, 7, 7});
  CHECK(windows_of("Qwen3ForCausalLM", used + R"(,"layer_types":["sliding_attention",
    "full_attention","sliding_attention"])") == Windows{7, 0, 7});
  CHECK(windows_of("Qwen3MoeForCausalLM", used) == Windows{7, 7, 7});
}

TEST_CASE("facts: what is not known is refused", "[convert][forward][facts]") {
  is_refused("LlamaForCausalLM", "");
  is_refused("LlamaForCausalLM", R"(,"rms_norm_eps":0)");
  is_refused("LlamaForCausalLM", norm + R"(,"hidden_act":"gelu")");
  is_refused("LlamaForCausalLM", norm + R"(,"rope_scaling":{"type":"dynamic","factor":2})");
  is_refused("LlamaForCausalLM", norm + R"(,"layer_types":["sliding_attention","full_attention",
    "full_attention"])");
  is_refused("MistralForCausalLM", norm + R"(,"sliding_window":0)");
  is_refused("MistralForCausalLM", norm + R"(,"sliding_window":7,"layer_types":["full_attention",
    "full_attention","full_attention"])");
  is_refused("Qwen2ForCausalLM", norm + used + R"(,"layer_types":["full_attention"])");
  is_refused("Qwen2ForCausalLM", norm + R"(,"layer_types":["full_attention","full_attention",
    "chunked_attention"])");
  is_refused("Qwen2MoeForCausalLM", norm + used);
}

}  // namespace waag::convert::testing
