#include "convert/arch/tables.h"

// Source: FORMATS 2.3 and 2.4. A letter of a shape is explained in architecture.cc.

namespace waag::convert {
namespace {

using enum RowRule;

constexpr std::array common{
    TensorRule{"model.embed_tokens.weight", "token_embd.weight", "Vh"},
    TensorRule{"model.norm.weight", "output_norm.weight", "h"},
    TensorRule{"lm_head.weight", "output.weight", "Vh"},
    TensorRule{"L.input_layernorm.weight", "B.attn_norm.weight", "h"},
    TensorRule{"L.post_attention_layernorm.weight", "B.ffn_norm.weight", "h"},
    TensorRule{"L.self_attn.rotary_emb.inv_freq", "", "", dropped},
    TensorRule{"L.self_attn.masked_bias", "", "", dropped},
    TensorRule{"model.rotary_emb.inv_freq", "", "", dropped},
};

constexpr std::array dense_feed{
    TensorRule{"L.mlp.gate_proj.weight", "B.ffn_gate.weight", "fh"},
    TensorRule{"L.mlp.up_proj.weight", "B.ffn_up.weight", "fh"},
    TensorRule{"L.mlp.down_proj.weight", "B.ffn_down.weight", "hf"},
};

// Rotary halves stay halves.
constexpr std::array attention{
    TensorRule{"L.self_attn.q_proj.weight", "B.attn_q.weight", "Qh"},
    TensorRule{"L.self_attn.k_proj.weight", "B.attn_k.weight", "Kh"},
    TensorRule{"L.self_attn.v_proj.weight", "B.attn_v.weight", "Kh"},
    TensorRule{"L.self_attn.q_proj.bias", "B.attn_q.bias", "Q"},
    TensorRule{"L.self_attn.k_proj.bias", "B.attn_k.bias", "K"},
    TensorRule{"L.self_attn.v_proj.bias", "B.attn_v.bias", "K"},
    TensorRule{"L.self_attn.o_proj.weight", "B.attn_output.weight", "hQ"},
    TensorRule{"L.self_attn.o_proj.bias", "B.attn_output.bias", "h"},
};

// Rotary halves become pairs: llama.cpp rotates this architecture's heads that way.
constexpr std::array paired_attention{
    TensorRule{"L.self_attn.q_proj.weight", "B.attn_q.weight", "Qh", query_pairs},
    TensorRule{"L.self_attn.k_proj.weight", "B.attn_k.weight", "Kh", key_pairs},
    TensorRule{"L.self_attn.v_proj.weight", "B.attn_v.weight", "Kh"},
    TensorRule{"L.self_attn.q_proj.bias", "B.attn_q.bias", "Q", query_pairs},
    TensorRule{"L.self_attn.k_proj.bias", "B.attn_k.bias", "K", key_pairs},
    TensorRule{"L.self_attn.v_proj.bias", "B.attn_v.bias", "K"},
    TensorRule{"L.self_attn.o_proj.weight", "B.attn_output.weight", "hQ"},
    TensorRule{"L.self_attn.o_proj.bias", "B.attn_output.bias", "h"},
};

constexpr std::array head_norms{
    TensorRule{"L.self_attn.q_norm.weight", "B.attn_q_norm.weight", "d"},
    TensorRule{"L.self_attn.k_norm.weight", "B.attn_k_norm.weight", "d"},
};

constexpr std::array mixtral_experts{
    TensorRule{"L.block_sparse_moe.gate.weight", "B.ffn_gate_inp.weight", "Eh"},
    TensorRule{"L.block_sparse_moe.experts.E.w1.weight", "B.ffn_gate_exps.weight", "mh", experts},
    TensorRule{"L.block_sparse_moe.experts.E.w3.weight", "B.ffn_up_exps.weight", "mh", experts},
    TensorRule{"L.block_sparse_moe.experts.E.w2.weight", "B.ffn_down_exps.weight", "hm", experts},
};

// Experts apart, and as newer transformers fuse them (FORMATS 2.4).
constexpr std::array mlp_experts{
    TensorRule{"L.mlp.gate.weight", "B.ffn_gate_inp.weight", "Eh"},
    TensorRule{"L.mlp.experts.E.gate_proj.weight", "B.ffn_gate_exps.weight", "mh", experts},
    TensorRule{"L.mlp.experts.E.up_proj.weight", "B.ffn_up_exps.weight", "mh", experts},
    TensorRule{"L.mlp.experts.E.down_proj.weight", "B.ffn_down_exps.weight", "hm", experts},
    TensorRule{"L.mlp.experts.gate_up_proj", "B.ffn_gate_exps.weight", "Emh", fused_gate},
    TensorRule{"L.mlp.experts.gate_up_proj", "B.ffn_up_exps.weight", "Emh", fused_up},
    TensorRule{"L.mlp.experts.down_proj", "B.ffn_down_exps.weight", "Ehm"},
};

constexpr std::array qwen_shared_expert{
    TensorRule{"L.mlp.shared_expert.gate_proj.weight", "B.ffn_gate_shexp.weight", "sh"},
    TensorRule{"L.mlp.shared_expert.up_proj.weight", "B.ffn_up_shexp.weight", "sh"},
    TensorRule{"L.mlp.shared_expert.down_proj.weight", "B.ffn_down_shexp.weight", "hs"},
    TensorRule{"L.mlp.shared_expert_gate.weight", "B.ffn_gate_inp_shexp.weight", "1h"},
};

constexpr std::array latent_attention{
    TensorRule{"L.self_attn.q_proj.weight", "B.attn_q.weight", "Ah"},
    TensorRule{"L.self_attn.q_a_proj.weight", "B.attn_q_a.weight", "qh"},
    TensorRule{"L.self_attn.q_a_layernorm.weight", "B.attn_q_a_norm.weight", "q"},
    TensorRule{"L.self_attn.q_b_proj.weight", "B.attn_q_b.weight", "Aq"},
    TensorRule{"L.self_attn.kv_a_proj_with_mqa.weight", "B.attn_kv_a_mqa.weight", "ah"},
    TensorRule{"L.self_attn.kv_a_layernorm.weight", "B.attn_kv_a_norm.weight", "c"},
    TensorRule{"L.self_attn.kv_b_proj.weight", "B.attn_k_b.weight", "Bc", latent_key},
    TensorRule{"L.self_attn.kv_b_proj.weight", "B.attn_v_b.weight", "Bc", latent_value},
    TensorRule{"L.self_attn.o_proj.weight", "B.attn_output.weight", "hO"},
    TensorRule{"L.mlp.gate.e_score_correction_bias", "B.exp_probs_b.bias", "E"},
    TensorRule{"L.mlp.shared_experts.gate_proj.weight", "B.ffn_gate_shexp.weight", "sh"},
    TensorRule{"L.mlp.shared_experts.up_proj.weight", "B.ffn_up_shexp.weight", "sh"},
    TensorRule{"L.mlp.shared_experts.down_proj.weight", "B.ffn_down_shexp.weight", "hs"},
};

using Rules = std::span<const TensorRule>;
constexpr std::array<Rules, 4> llama{common, paired_attention, dense_feed, mixtral_experts};
constexpr std::array<Rules, 3> qwen2{common, attention, dense_feed};
constexpr std::array<Rules, 5> qwen2_moe{common, attention, dense_feed, mlp_experts,
                                         qwen_shared_expert};
constexpr std::array<Rules, 4> qwen3{common, attention, head_norms, dense_feed};
constexpr std::array<Rules, 5> qwen3_moe{common, attention, head_norms, dense_feed, mlp_experts};
constexpr std::array<Rules, 4> deepseek{common, latent_attention, dense_feed, mlp_experts};

constexpr std::string_view ffn_gate = "ffn_gate.weight|ffn_gate_exps.weight";
constexpr std::string_view ffn_up = "ffn_up.weight|ffn_up_exps.weight";
constexpr std::string_view ffn_down = "ffn_down.weight|ffn_down_exps.weight";
constexpr std::string_view ffn_route = "ffn_gate.weight|ffn_gate_inp.weight";

constexpr std::array plain_needs{std::string_view("attn_norm.weight"),
                                 std::string_view("ffn_norm.weight"),
                                 std::string_view("attn_q.weight"),
                                 std::string_view("attn_k.weight"),
                                 std::string_view("attn_v.weight"),
                                 std::string_view("attn_output.weight"),
                                 ffn_gate,
                                 ffn_up,
                                 ffn_down,
                                 ffn_route};
constexpr std::array qwen3_needs{std::string_view("attn_norm.weight"),
                                 std::string_view("ffn_norm.weight"),
                                 std::string_view("attn_q.weight"),
                                 std::string_view("attn_k.weight"),
                                 std::string_view("attn_v.weight"),
                                 std::string_view("attn_q_norm.weight"),
                                 std::string_view("attn_k_norm.weight"),
                                 std::string_view("attn_output.weight"),
                                 ffn_gate,
                                 ffn_up,
                                 ffn_down,
                                 ffn_route};
constexpr std::array latent_needs{std::string_view("attn_norm.weight"),
                                  std::string_view("ffn_norm.weight"),
                                  std::string_view("attn_q.weight|attn_q_a.weight"),
                                  std::string_view("attn_q.weight|attn_q_b.weight"),
                                  std::string_view("attn_q.weight|attn_q_a_norm.weight"),
                                  std::string_view("attn_kv_a_mqa.weight"),
                                  std::string_view("attn_kv_a_norm.weight"),
                                  std::string_view("attn_k_b.weight"),
                                  std::string_view("attn_v_b.weight"),
                                  std::string_view("attn_output.weight"),
                                  ffn_gate,
                                  ffn_up,
                                  ffn_down,
                                  ffn_route};

using Scores = RoutingRule::Scores;
using Weights = RoutingRule::Weights;
using Groups = RoutingRule::Groups;

// How each is run. Source: FORMATS 6.1, 6.5; transformers 5, the configuration_*.py and
// modeling_*.py of each, whose defaults these are.
constexpr RoutingRule mixtral_routing{.weights = Weights::sum_to_one};
// norm_topk_prob is read nowhere there; where it is true, DeepSeek's own code does otherwise.
constexpr RoutingRule deepseek_v2_routing{.weights = Weights::as_scored, .groups = Groups::by_best};
constexpr RoutingRule deepseek_v3_routing{
    .scores = Scores::sigmoid, .groups = Groups::by_best_two, .is_normalized = true, .scale = 2.5};

constexpr Architecture llama_of(std::string_view class_name, WindowRule window = WindowRule::none,
                                RoutingRule routing = {}, double theta = 10000) {
  return {.class_name = class_name,
          .gguf_name = "llama",
          .rules = llama,
          .block_needs = plain_needs,
          .has_rope_dimension = true,
          .window = window,
          .routing = routing,
          .theta = theta};
}

constexpr Architecture deepseek_of(std::string_view class_name, RoutingRule routing) {
  return {.class_name = class_name,
          .gguf_name = "deepseek2",
          .rules = deepseek,
          .block_needs = latent_needs,
          .is_latent = true,
          .has_rope_dimension = true,
          .routing = routing};
}

constexpr std::array known{
    deepseek_of("DeepseekV2ForCausalLM", deepseek_v2_routing),
    deepseek_of("DeepseekV3ForCausalLM", deepseek_v3_routing),
    llama_of("LlamaForCausalLM"),
    llama_of("MistralForCausalLM", WindowRule::all),
    llama_of("MixtralForCausalLM", WindowRule::all, mixtral_routing, 1e6),
    Architecture{.class_name = "Qwen2ForCausalLM",
                 .gguf_name = "qwen2",
                 .rules = qwen2,
                 .block_needs = plain_needs,
                 .window = WindowRule::from_block},
    Architecture{.class_name = "Qwen2MoeForCausalLM",
                 .gguf_name = "qwen2moe",
                 .rules = qwen2_moe,
                 .block_needs = plain_needs,
                 .window = WindowRule::listed},
    Architecture{.class_name = "Qwen3ForCausalLM",
                 .gguf_name = "qwen3",
                 .rules = qwen3,
                 .block_needs = qwen3_needs,
                 .has_head_keys = true,
                 .window = WindowRule::from_block},
    Architecture{.class_name = "Qwen3MoeForCausalLM",
                 .gguf_name = "qwen3moe",
                 .rules = qwen3_moe,
                 .block_needs = qwen3_needs,
                 .has_head_keys = true,
                 .window = WindowRule::all_if_used},
};

}  // namespace

std::span<const Architecture> architectures() { return known; }

}  // namespace waag::convert
