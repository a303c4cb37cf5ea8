#include "convert/arch/gguf_keys.h"

#include <algorithm>
#include <cstdio>

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

struct Case {
  const char* model;
  const char* gguf_name;
  const char* config;
  const char* expected;  // "key type value", sorted by key
};

// What llama.cpp's converter (its conversion/*.py of 2026-08, set_gguf_parameters) writes for these
// configs, read as they stand: transformers, where it is installed, fills in defaults.
// clang-format off
const Case cases[] = {
    {"Qwen2.5-7B", "qwen2", R"({
      "architectures":["Qwen2ForCausalLM"],"hidden_size":3584,"intermediate_size":18944,
      "max_position_embeddings":32768,"model_type":"qwen2","num_attention_heads":28,
      "num_hidden_layers":28,"num_key_value_heads":4,"rms_norm_eps":1e-06,"rope_theta":1000000.0,
      "sliding_window":131072,"tie_word_embeddings":false,"vocab_size":152064})",
     R"(attention.head_count u32 28
attention.head_count_kv u32 4
attention.layer_norm_rms_epsilon f32 9.99999997e-07
block_count u32 28
context_length u32 32768
embedding_length u32 3584
feed_forward_length u32 18944
rope.freq_base f32 1000000)"},
    {"Qwen2.5-7B-yarn", "qwen2", R"({
      "architectures":["Qwen2ForCausalLM"],"hidden_size":3584,"intermediate_size":18944,
      "max_position_embeddings":32768,"model_type":"qwen2","num_attention_heads":28,
      "num_hidden_layers":28,"num_key_value_heads":4,"rms_norm_eps":1e-06,"rope_theta":1000000.0,
      "rope_scaling":{"factor":4.0,"original_max_position_embeddings":32768,"type":"yarn"},
      "tie_word_embeddings":false,"vocab_size":152064})",
     R"(attention.head_count u32 28
attention.head_count_kv u32 4
attention.layer_norm_rms_epsilon f32 9.99999997e-07
block_count u32 28
context_length u32 32768
embedding_length u32 3584
feed_forward_length u32 18944
rope.freq_base f32 1000000
rope.scaling.factor f32 4
rope.scaling.original_context_length u32 32768
rope.scaling.type str yarn)"},
    {"Qwen3-8B", "qwen3", R"({
      "architectures":["Qwen3ForCausalLM"],"head_dim":128,"hidden_size":4096,
      "intermediate_size":12288,"max_position_embeddings":40960,"model_type":"qwen3",
      "num_attention_heads":32,"num_hidden_layers":36,"num_key_value_heads":8,
      "rms_norm_eps":1e-06,"rope_scaling":null,"rope_theta":1000000,"sliding_window":null,
      "tie_word_embeddings":false,"vocab_size":151936})",
     R"(attention.head_count u32 32
attention.head_count_kv u32 8
attention.key_length u32 128
attention.layer_norm_rms_epsilon f32 9.99999997e-07
attention.value_length u32 128
block_count u32 36
context_length u32 40960
embedding_length u32 4096
feed_forward_length u32 12288
rope.freq_base f32 1000000)"},
    {"Qwen3-30B-A3B", "qwen3moe", R"({
      "architectures":["Qwen3MoeForCausalLM"],"head_dim":128,"hidden_size":2048,
      "intermediate_size":6144,"max_position_embeddings":40960,"model_type":"qwen3_moe",
      "moe_intermediate_size":768,"norm_topk_prob":true,"num_attention_heads":32,
      "num_experts":128,"num_experts_per_tok":8,"num_hidden_layers":48,"num_key_value_heads":4,
      "rms_norm_eps":1e-06,"rope_scaling":null,"rope_theta":1000000.0,"sliding_window":null,
      "tie_word_embeddings":false,"vocab_size":151936})",
     R"(attention.head_count u32 32
attention.head_count_kv u32 4
attention.key_length u32 128
attention.layer_norm_rms_epsilon f32 9.99999997e-07
attention.value_length u32 128
block_count u32 48
context_length u32 40960
embedding_length u32 2048
expert_count u32 128
expert_feed_forward_length u32 768
expert_used_count u32 8
feed_forward_length u32 6144
rope.freq_base f32 1000000)"},
    {"Qwen1.5-MoE-A2.7B", "qwen2moe", R"({
      "architectures":["Qwen2MoeForCausalLM"],"hidden_size":2048,"intermediate_size":5632,
      "max_position_embeddings":8192,"model_type":"qwen2_moe","moe_intermediate_size":1408,
      "shared_expert_intermediate_size":5632,"num_attention_heads":16,"num_experts":60,
      "num_experts_per_tok":4,"num_hidden_layers":24,"num_key_value_heads":16,
      "rms_norm_eps":1e-06,"rope_theta":1000000.0,"norm_topk_prob":false,
      "tie_word_embeddings":false,"vocab_size":151936})",
     R"(attention.head_count u32 16
attention.head_count_kv u32 16
attention.layer_norm_rms_epsilon f32 9.99999997e-07
block_count u32 24
context_length u32 8192
embedding_length u32 2048
expert_count u32 60
expert_feed_forward_length u32 1408
expert_shared_feed_forward_length u32 5632
expert_used_count u32 4
feed_forward_length u32 5632
rope.freq_base f32 1000000)"},
    {"Llama-3.1-8B", "llama", R"({
      "architectures":["LlamaForCausalLM"],"hidden_size":4096,"intermediate_size":14336,
      "max_position_embeddings":131072,"model_type":"llama","num_attention_heads":32,
      "num_hidden_layers":32,"num_key_value_heads":8,"rms_norm_eps":1e-05,
      "rope_scaling":{"factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,
      "original_max_position_embeddings":8192,"rope_type":"llama3"},
      "rope_theta":500000.0,"tie_word_embeddings":false,"vocab_size":128256})",
     R"(attention.head_count u32 32
attention.head_count_kv u32 8
attention.layer_norm_rms_epsilon f32 9.99999975e-06
block_count u32 32
context_length u32 131072
embedding_length u32 4096
feed_forward_length u32 14336
rope.dimension_count u32 128
rope.freq_base f32 500000
vocab_size u32 128256)"},
    {"Llama-2-linear", "llama", R"({
      "architectures":["LlamaForCausalLM"],"hidden_size":4096,"intermediate_size":11008,
      "max_position_embeddings":32768,"model_type":"llama","num_attention_heads":32,
      "num_hidden_layers":32,"num_key_value_heads":32,"rms_norm_eps":1e-05,
      "rope_scaling":{"factor":8.0,"type":"linear"},"tie_word_embeddings":false,
      "vocab_size":32000})",
     R"(attention.head_count u32 32
attention.head_count_kv u32 32
attention.layer_norm_rms_epsilon f32 9.99999975e-06
block_count u32 32
context_length u32 32768
embedding_length u32 4096
feed_forward_length u32 11008
rope.dimension_count u32 128
rope.scaling.factor f32 8
rope.scaling.type str linear
vocab_size u32 32000)"},
    {"Mistral-7B-v0.3", "llama", R"({
      "architectures":["MistralForCausalLM"],"head_dim":128,"hidden_size":4096,
      "intermediate_size":14336,"max_position_embeddings":32768,"model_type":"mistral",
      "num_attention_heads":32,"num_hidden_layers":32,"num_key_value_heads":8,
      "rms_norm_eps":1e-05,"rope_theta":1000000.0,"sliding_window":null,
      "tie_word_embeddings":false,"vocab_size":32768})",
     R"(attention.head_count u32 32
attention.head_count_kv u32 8
attention.key_length u32 128
attention.layer_norm_rms_epsilon f32 9.99999975e-06
attention.value_length u32 128
block_count u32 32
context_length u32 32768
embedding_length u32 4096
feed_forward_length u32 14336
rope.dimension_count u32 128
rope.freq_base f32 1000000
vocab_size u32 32768)"},
    {"Mixtral-8x7B", "llama", R"({
      "architectures":["MixtralForCausalLM"],"hidden_size":4096,"intermediate_size":14336,
      "max_position_embeddings":32768,"model_type":"mixtral","num_attention_heads":32,
      "num_experts_per_tok":2,"num_hidden_layers":32,"num_key_value_heads":8,
      "num_local_experts":8,"rms_norm_eps":1e-05,"rope_theta":1000000.0,"sliding_window":null,
      "tie_word_embeddings":false,"vocab_size":32000})",
     R"(attention.head_count u32 32
attention.head_count_kv u32 8
attention.layer_norm_rms_epsilon f32 9.99999975e-06
block_count u32 32
context_length u32 32768
embedding_length u32 4096
expert_count u32 8
expert_used_count u32 2
feed_forward_length u32 14336
rope.dimension_count u32 128
rope.freq_base f32 1000000
vocab_size u32 32000)"},
    {"DeepSeek-V2-Lite", "deepseek2", R"({
      "architectures":["DeepseekV2ForCausalLM"],"first_k_dense_replace":1,"hidden_size":2048,
      "intermediate_size":10944,"kv_lora_rank":512,"max_position_embeddings":163840,
      "model_type":"deepseek_v2","moe_intermediate_size":1408,"n_group":1,"n_routed_experts":64,
      "n_shared_experts":2,"norm_topk_prob":false,"num_attention_heads":16,
      "num_experts_per_tok":6,"num_hidden_layers":27,"num_key_value_heads":16,"q_lora_rank":null,
      "qk_nope_head_dim":128,"qk_rope_head_dim":64,"rms_norm_eps":1e-06,
      "rope_scaling":{"beta_fast":32,"beta_slow":1,"factor":40,"mscale":0.707,
      "mscale_all_dim":0.707,"original_max_position_embeddings":4096,"type":"yarn"},
      "rope_theta":10000,"routed_scaling_factor":1.0,"scoring_func":"softmax",
      "tie_word_embeddings":false,"topk_group":1,"v_head_dim":128,"vocab_size":102400})",
     R"(attention.head_count u32 16
attention.head_count_kv u32 1
attention.key_length u32 576
attention.key_length_mla u32 192
attention.kv_lora_rank u32 512
attention.layer_norm_rms_epsilon f32 9.99999997e-07
attention.value_length u32 512
attention.value_length_mla u32 128
block_count u32 27
context_length u32 163840
embedding_length u32 2048
expert_count u32 64
expert_feed_forward_length u32 1408
expert_gating_func u32 1
expert_group_count u32 1
expert_group_used_count u32 1
expert_shared_count u32 2
expert_used_count u32 6
expert_weights_scale f32 1
feed_forward_length u32 10944
leading_dense_block_count u32 1
rope.dimension_count u32 64
rope.freq_base f32 10000
rope.scaling.factor f32 40
rope.scaling.original_context_length u32 4096
rope.scaling.type str yarn
rope.scaling.yarn_beta_fast f32 32
rope.scaling.yarn_beta_slow f32 1
rope.scaling.yarn_log_multiplier f32 0.0706999972
vocab_size u32 102400)"},
    {"DeepSeek-V3", "deepseek2", R"({
      "architectures":["DeepseekV3ForCausalLM"],"first_k_dense_replace":3,"hidden_size":7168,
      "intermediate_size":18432,"kv_lora_rank":512,"max_position_embeddings":163840,
      "model_type":"deepseek_v3","moe_intermediate_size":2048,"n_group":8,"n_routed_experts":256,
      "n_shared_experts":1,"norm_topk_prob":true,"num_attention_heads":128,
      "num_experts_per_tok":8,"num_hidden_layers":61,"num_key_value_heads":128,
      "num_nextn_predict_layers":1,"q_lora_rank":1536,"qk_nope_head_dim":128,
      "qk_rope_head_dim":64,"rms_norm_eps":1e-06,
      "rope_scaling":{"beta_fast":32,"beta_slow":1,"factor":40,"mscale":1.0,
      "mscale_all_dim":1.0,"original_max_position_embeddings":4096,"type":"yarn"},
      "rope_theta":10000,"routed_scaling_factor":2.5,"scoring_func":"sigmoid",
      "tie_word_embeddings":false,"topk_group":4,"v_head_dim":128,"vocab_size":129280})",
     R"(attention.head_count u32 128
attention.head_count_kv u32 1
attention.key_length u32 576
attention.key_length_mla u32 192
attention.kv_lora_rank u32 512
attention.layer_norm_rms_epsilon f32 9.99999997e-07
attention.q_lora_rank u32 1536
attention.value_length u32 512
attention.value_length_mla u32 128
block_count u32 61
context_length u32 163840
embedding_length u32 7168
expert_count u32 256
expert_feed_forward_length u32 2048
expert_gating_func u32 2
expert_group_count u32 8
expert_group_used_count u32 4
expert_shared_count u32 1
expert_used_count u32 8
expert_weights_norm bool 1
expert_weights_scale f32 2.5
feed_forward_length u32 18432
leading_dense_block_count u32 3
rope.dimension_count u32 64
rope.freq_base f32 10000
rope.scaling.factor f32 40
rope.scaling.original_context_length u32 4096
rope.scaling.type str yarn
rope.scaling.yarn_beta_fast f32 32
rope.scaling.yarn_beta_slow f32 1
rope.scaling.yarn_log_multiplier f32 0.100000001
vocab_size u32 129280)"},
};
// clang-format on

std::string text_of(const GgufValue& value) {
  const auto real = [](float number) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.9g", static_cast<double>(number));
    return std::string(text);
  };
  if (const auto* number = std::get_if<std::uint32_t>(&value))
    return "u32 " + std::to_string(*number);
  if (const auto* number = std::get_if<float>(&value)) return "f32 " + real(*number);
  if (const auto* flag = std::get_if<bool>(&value))
    return std::string("bool ") + (*flag ? "1" : "0");
  if (const auto* text = std::get_if<std::string>(&value)) return "str " + *text;
  return "of another type";
}

Result<GgufEntries> keys_of(const std::string& text) {
  const auto config = ModelConfig::parse(text);
  if (!config) FAIL(config.error().what);
  const auto architecture = find_architecture(*config);
  if (!architecture) FAIL(architecture.error().what);
  const auto dimensions = read_dimensions(**architecture, *config);
  if (!dimensions) FAIL(dimensions.error().what);
  return architecture_keys(**architecture, *config, *dimensions);
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == std::string::npos) FAIL(from << " is not in " << text);
  return text.replace(at, from.size(), to);
}

const Case& case_of(std::string_view model) {
  return *std::ranges::find_if(cases, [&](const Case& one) { return one.model == model; });
}

const GgufValue* find(const GgufEntries& entries, std::string_view key) {
  for (const auto& entry : entries)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

}  // namespace

TEST_CASE("gguf_keys: as llama.cpp's converter writes them", "[convert][arch][keys]") {
  for (const auto& one : cases) {
    CAPTURE(one.model);
    const auto keys = keys_of(one.config);
    REQUIRE(keys);
    std::vector<std::string> lines;
    const auto prefix = std::string(one.gguf_name) + ".";
    for (const auto& [key, value] : *keys) {
      REQUIRE(key.starts_with(prefix));
      lines.push_back(key.substr(prefix.size()) + " " + text_of(value));
    }
    std::ranges::sort(lines);
    std::string text;
    for (const auto& line : lines) text += (text.empty() ? "" : "\n") + line;
    CHECK(text == one.expected);
  }
}

TEST_CASE("gguf_keys: what is refused", "[convert][arch][keys]") {
  const std::string llama = case_of("Llama-3.1-8B").config;
  const std::string mixtral = case_of("Mixtral-8x7B").config;
  const std::string yarn = case_of("Qwen2.5-7B-yarn").config;
  const std::string v3 = case_of("DeepSeek-V3").config;
  const auto refused = [](const std::string& config, const std::string& word) {
    CAPTURE(config);
    const auto keys = keys_of(config);
    REQUIRE_FALSE(keys);
    CHECK(keys.error().code == Errc::unprocessable);
    CHECK(keys.error().what.find(word) != std::string::npos);
  };
  refused(with(llama, "max_position_embeddings\":131072", "m\":1"), "max_position_embeddings");
  refused(with(llama, "rms_norm_eps", "r"), "rms_norm_eps");
  refused(with(llama, "\"llama3\"", "\"longrope\""), "longrope");
  refused(with(yarn, "\"original_max_position_embeddings\"", "\"o\""), "yarn");
  refused(with(yarn, "\"factor\":4.0,", ""), "yarn");
  refused(with(mixtral, "num_experts_per_tok\":2", "num_experts_per_tok\":9"), "per_tok");
  refused(with(mixtral, "num_experts_per_tok\":2", "num_experts_per_tok\":0"), "per_tok");
  refused(with(mixtral, "num_experts_per_tok", "n"), "per_tok");
  refused(with(v3, "\"sigmoid\"", "\"sqrtsoftplus\""), "scoring_func");
}

TEST_CASE("gguf_keys: the names and sizes of general.*", "[convert][arch][keys]") {
  Architecture architecture;
  architecture.gguf_name = "llama";
  const ModelIdentity identity{.name = "M",
                               .organization = "O",
                               .repo_url = "https://h.example/O/M",
                               .commit = std::string(40, 'a'),
                               .license = "mit",
                               .base_models = {},
                               .tags = {"t"},
                               .languages = {"en", "zh"}};
  const auto full = general_keys(architecture, identity, {}, 7'615'616'512, 0);
  REQUIRE(full.front() == GgufEntry{"general.architecture", std::string("llama")});
  using Texts = std::vector<std::string>;
  const std::vector<std::pair<const char*, GgufValue>> expected{
      {"general.type", "model"},
      {"general.name", "M"},
      {"general.organization", "O"},
      {"general.size_label", "7.6B"},
      {"general.license", "mit"},
      {"general.source.repo_url", "https://h.example/O/M"},
      {"general.base_model.count", std::uint32_t{1}},
      {"general.base_model.0.name", "M"},
      {"general.base_model.0.organization", "O"},
      {"general.base_model.0.repo_url", "https://h.example/O/M"},
      {"general.tags", Texts{"t"}},
      {"general.languages", Texts{"en", "zh"}},
      {"general.quantization_version", std::uint32_t{2}},
      {"waag.source.commit", std::string(40, 'a')}};
  for (const auto& [key, value] : expected) {
    CAPTURE(key);
    const auto* found = find(full, key);
    REQUIRE(found != nullptr);
    CHECK(*found == value);
  }
  auto derived = identity;
  derived.base_models = {"Org/Base", "Other"};
  const auto keys = general_keys(architecture, derived, {}, 1000, 0);
  CHECK(*find(keys, "general.base_model.count") == GgufValue{std::uint32_t{2}});
  CHECK(*find(keys, "general.base_model.0.name") == GgufValue{std::string("Base")});
  CHECK(*find(keys, "general.base_model.0.organization") == GgufValue{std::string("Org")});
  CHECK(find(keys, "general.base_model.0.repo_url") == nullptr);
  CHECK(*find(keys, "general.base_model.1.name") == GgufValue{std::string("Other")});
  CHECK(find(keys, "general.base_model.1.organization") == nullptr);

  ModelIdentity unknown;
  unknown.name = "M";
  const auto bare = general_keys(architecture, unknown, {}, 1000, 0);
  CHECK(bare.size() == 6);  // empty ones are not written
  for (const auto& entry : bare)
    if (const auto* text = std::get_if<std::string>(&entry.value)) CHECK_FALSE(text->empty());
}

TEST_CASE("gguf_keys: size labels", "[convert][arch][keys]") {
  CHECK(size_label(0, 0, 0) == "0.00K");
  CHECK(size_label(1, 0, 0) == "0.00K");
  CHECK(size_label(499, 0, 0) == "0.50K");
  CHECK(size_label(500, 0, 0) == "0.50K");
  CHECK(size_label(949, 0, 0) == "0.9K");
  CHECK(size_label(950, 0, 0) == "1.0K");
  CHECK(size_label(9949, 0, 0) == "10K");
  CHECK(size_label(9951, 0, 0) == "10K");
  CHECK(size_label(99499, 0, 0) == "99K");
  CHECK(size_label(99501, 0, 0) == "100K");
  CHECK(size_label(999499, 0, 0) == "999K");
  CHECK(size_label(999501, 0, 0) == "1000K");
  CHECK(size_label(1000000, 0, 0) == "1000K");
  CHECK(size_label(1000001, 0, 0) == "1.0M");
  CHECK(size_label(1049999, 0, 0) == "1.0M");
  CHECK(size_label(9499999, 0, 0) == "9.5M");
  CHECK(size_label(9500001, 0, 0) == "10M");
  CHECK(size_label(9950000, 0, 0) == "10M");
  CHECK(size_label(9960000, 0, 0) == "10M");
  CHECK(size_label(10500000, 0, 0) == "10M");
  CHECK(size_label(494032768, 0, 0) == "494M");
  CHECK(size_label(630167424, 0, 0) == "630M");
  CHECK(size_label(999999999, 0, 0) == "1000M");
  CHECK(size_label(1000000001, 0, 0) == "1.0B");
  CHECK(size_label(1235814400, 0, 0) == "1.2B");
  CHECK(size_label(1543714304, 0, 0) == "1.5B");
  CHECK(size_label(7615616512, 0, 0) == "7.6B");
  CHECK(size_label(8030261248, 0, 0) == "8.0B");
  CHECK(size_label(9500000000, 0, 0) == "10B");
  CHECK(size_label(10499999999, 0, 0) == "10B");
  CHECK(size_label(70553706496, 0, 0) == "71B");
  CHECK(size_label(671026419200, 0, 0) == "671B");
  CHECK(size_label(1000000000000, 0, 0) == "1000B");
  CHECK(size_label(1026000000001, 0, 0) == "1.0T");
  CHECK(size_label(46702792704, 5637144576, 8) == "8x7.2B");
  CHECK(size_label(30532122624, 226492416, 128) == "128x1.8B");
  CHECK(size_label(671026419200, 2554331136, 256) == "256x20B");
  CHECK(size_label(15706484224, 224919552, 64) == "64x1.5B");
}

}  // namespace waag::convert::testing
