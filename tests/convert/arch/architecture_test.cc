#include "convert/arch/architecture.h"

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

ModelConfig config_of(const std::string& class_name, const std::string& members) {
  auto config = ModelConfig::parse(R"({"architectures":[")" + class_name + R"("])" + members + "}");
  if (!config) FAIL(config.error().what);
  return *std::move(config);
}

Result<Dimensions> dimensions_of(const std::string& class_name, const std::string& members) {
  const auto config = config_of(class_name, members);
  const auto architecture = find_architecture(config);
  if (!architecture) FAIL(architecture.error().what);
  return read_dimensions(**architecture, config);
}

const std::string llama_8b = R"(,"num_hidden_layers":32,"hidden_size":4096,"vocab_size":128256,
  "num_attention_heads":32,"num_key_value_heads":8,"intermediate_size":14336)";
const std::string v3 = R"(,"num_hidden_layers":61,"hidden_size":7168,"vocab_size":129280,
  "num_attention_heads":128,"num_key_value_heads":128,"intermediate_size":18432,
  "moe_intermediate_size":2048,"n_routed_experts":256,"n_shared_experts":1,"q_lora_rank":1536,
  "kv_lora_rank":512,"qk_nope_head_dim":128,"qk_rope_head_dim":64,"v_head_dim":128)";

}  // namespace

TEST_CASE("architecture: dimensions of a dense model", "[convert][arch][architecture]") {
  const auto of = dimensions_of("LlamaForCausalLM", llama_8b);
  REQUIRE(of);
  CHECK(of->blocks == 32);
  CHECK(of->head == 128);
  CHECK_FALSE(of->is_tied);
  CHECK(of->experts == 0);
  CHECK(of->of('1') == 1);
  CHECK(of->of('V') == 128256);
  CHECK(of->of('h') == 4096);
  CHECK(of->of('d') == 128);
  CHECK(of->of('Q') == 4096);
  CHECK(of->of('K') == 1024);
  CHECK(of->of('f') == 14336);
  const auto tied =
      dimensions_of("LlamaForCausalLM", llama_8b + R"(,"head_dim":64,"tie_word_embeddings":true)");
  REQUIRE(tied);
  CHECK(tied->is_tied);
  CHECK(tied->of('Q') == 2048);
  CHECK(tied->of('K') == 512);
}

TEST_CASE("architecture: dimensions of experts", "[convert][arch][architecture]") {
  const auto mixtral = dimensions_of("MixtralForCausalLM", llama_8b + R"(,"num_local_experts":8)");
  REQUIRE(mixtral);
  CHECK(mixtral->of('E') == 8);
  CHECK(mixtral->of('m') == 14336);  // as wide as intermediate_size says
  const auto qwen = dimensions_of("Qwen2MoeForCausalLM",
                                  llama_8b + R"(,"num_experts":60,"moe_intermediate_size":1408,
                                  "shared_expert_intermediate_size":5632)");
  REQUIRE(qwen);
  CHECK(qwen->of('E') == 60);
  CHECK(qwen->of('m') == 1408);
  CHECK(qwen->of('s') == 5632);
}

TEST_CASE("architecture: dimensions of latent attention", "[convert][arch][architecture]") {
  const auto of = dimensions_of("DeepseekV3ForCausalLM", v3);
  REQUIRE(of);
  CHECK(of->key_heads == 1);
  CHECK(of->of('q') == 1536);
  CHECK(of->of('c') == 512);
  CHECK(of->of('a') == 576);
  CHECK(of->of('A') == 128 * 192);
  CHECK(of->of('B') == 128 * 256);
  CHECK(of->of('O') == 128 * 128);
  CHECK(of->of('s') == 2048);
  CHECK_FALSE(dimensions_of("DeepseekV3ForCausalLM", llama_8b));
}

TEST_CASE("architecture: what is not known or has more than text",
          "[convert][arch][architecture]") {
  const auto unknown = find_architecture(config_of("GrokForCausalLM", ""));
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Errc::unprocessable);
  for (const auto* known : {"GrokForCausalLM", "LlamaForCausalLM", "Qwen3MoeForCausalLM"})
    CHECK(unknown.error().what.find(known) != std::string::npos);
  const auto member = GENERATE(R"(,"vision_config":{})", R"(,"audio_config":{})");
  CHECK_FALSE(find_architecture(config_of("LlamaForCausalLM", member)));
}

TEST_CASE("architecture: configs that lack or contradict something",
          "[convert][arch][architecture]") {
  for (const auto* name : {"num_hidden_layers", "hidden_size", "vocab_size", "num_attention_heads",
                           "intermediate_size"}) {
    auto text = llama_8b;
    text.replace(text.find(name), 1, "_");
    CAPTURE(name);
    const auto of = dimensions_of("LlamaForCausalLM", text);
    REQUIRE_FALSE(of);
    CHECK(of.error().code == Errc::unprocessable);
    CHECK(of.error().what.find(name) != std::string::npos);
  }
  const auto with = [](const std::string& from, const std::string& to) {
    auto text = llama_8b;
    text.replace(text.find(from), from.size(), to);
    return dimensions_of("LlamaForCausalLM", text);
  };
  CHECK_FALSE(with(R"("num_hidden_layers":32)", R"("num_hidden_layers":4097)"));
  CHECK_FALSE(with(R"("num_key_value_heads":8)", R"("num_key_value_heads":7)"));
  CHECK_FALSE(with(R"("num_key_value_heads":8)", R"("num_key_value_heads":0)"));
  CHECK_FALSE(with(R"("hidden_size":4096)", R"("hidden_size":4097)"));
  CHECK_FALSE(with(R"("hidden_size":4096)", R"("hidden_size":32)"));  // heads of one element
  CHECK_FALSE(with(R"("hidden_size":4096)", R"("hidden_size":4096,"head_dim":127)"));
  CHECK_FALSE(with(R"("hidden_size":4096)", R"("hidden_size":4096,"head_dim":0)"));
  CHECK(with(R"("hidden_size":4096)", R"("hidden_size":4098,"head_dim":128)"));
}

TEST_CASE("architecture: products of hostile numbers do not wrap",
          "[convert][arch][architecture]") {
  auto text = v3;
  for (const auto& [from, to] :
       {std::pair("num_attention_heads\":128", "num_attention_heads\":2147483647"),
        std::pair("qk_nope_head_dim\":128", "qk_nope_head_dim\":2147483647"),
        std::pair("v_head_dim\":128", "v_head_dim\":2147483647"),
        std::pair("n_shared_experts\":1", "n_shared_experts\":2147483647"),
        std::pair("\"moe_intermediate_size\":2048", "\"moe_intermediate_size\":2147483647")})
    text.replace(text.find(from), std::string_view(from).size(), to);
  const auto of = dimensions_of("DeepseekV3ForCausalLM", text);
  REQUIRE(of);
  CHECK(of->of('B') == 2147483647ull * (2147483647ull + 2147483647ull));
  CHECK(of->of('s') == 2147483647ull * 2147483647ull);
}

TEST_CASE("architecture: names of the source", "[convert][arch][architecture]") {
  const auto name = [](const std::string& class_name, std::string_view target) {
    const auto config = config_of(class_name, "");
    return source_name(**find_architecture(config), target, 3, 12);
  };
  CHECK(name("LlamaForCausalLM", "output.weight") == "lm_head.weight");
  CHECK(name("LlamaForCausalLM", "B.attn_k.bias") == "model.layers.3.self_attn.k_proj.bias");
  CHECK(name("LlamaForCausalLM", "B.attn_q_norm.weight").empty());
  CHECK(name("MixtralForCausalLM", "B.ffn_up_exps.weight") ==
        "model.layers.3.block_sparse_moe.experts.12.w3.weight");
  CHECK(name("Qwen3MoeForCausalLM", "B.ffn_down_exps.weight") ==
        "model.layers.3.mlp.experts.12.down_proj.weight");
  CHECK(name("DeepseekV3ForCausalLM", "B.attn_v_b.weight") ==
        "model.layers.3.self_attn.kv_b_proj.weight");
}

}  // namespace waag::convert::testing
