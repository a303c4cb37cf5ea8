#include "convert/arch/architecture.h"

#include "convert/arch/tables.h"

namespace waag::convert {
namespace {

Status refuse_what_is_out(const ModelConfig& config) {
  if (config.has("vision_config") || config.has("audio_config"))
    return fail(Errc::unprocessable,
                "models with a vision or audio tower are not converted: " + config.architecture());
  return ok();
}

/// Width of one expert's feed-forward part, and of the shared ones together.
Status read_experts(const Architecture& architecture, const ModelConfig& config, Dimensions& out) {
  WAAG_TRY(const auto count, config.uint({"num_local_experts", "num_experts", "n_routed_experts"}));
  out.experts = count.value_or(0);
  if (out.experts == 0) return ok();
  WAAG_TRY(const auto width, config.uint({"moe_intermediate_size"}));
  out.expert_feed = width.value_or(out.feed);
  WAAG_TRY(const auto shared, config.uint({"shared_expert_intermediate_size"}));
  out.shared_feed = shared.value_or(0);
  if (architecture.is_latent) {
    WAAG_TRY(const auto shared_count, config.uint({"n_shared_experts"}));
    if (__builtin_mul_overflow(shared_count.value_or(0), out.expert_feed, &out.shared_feed))
      return fail(Errc::unprocessable, "config.json: n_shared_experts is too large");
  }
  return ok();
}

Status read_latent(const ModelConfig& config, Dimensions& out) {
  WAAG_TRY(const auto query_rank, config.uint({"q_lora_rank"}));
  out.query_rank = query_rank.value_or(0);
  WAAG_TRY(out.latent_rank, config.required({"kv_lora_rank"}));
  WAAG_TRY(out.nope, config.required({"qk_nope_head_dim"}));
  WAAG_TRY(out.rope, config.required({"qk_rope_head_dim"}));
  WAAG_TRY(out.value, config.required({"v_head_dim"}));
  out.head = out.nope + out.rope;
  return ok();
}

Status read_heads(const ModelConfig& config, Dimensions& out) {
  WAAG_TRY(const auto key_heads, config.uint({"num_key_value_heads"}));
  out.key_heads = key_heads.value_or(out.heads);
  if (out.key_heads == 0 || out.heads % out.key_heads != 0)
    return fail(Errc::unprocessable,
                "config.json: num_attention_heads is no multiple of num_key_value_heads");
  WAAG_TRY(const auto head, config.uint({"head_dim"}));
  if (!head && out.hidden % out.heads != 0)
    return fail(Errc::unprocessable, "config.json: hidden_size is no multiple of the heads");
  out.head = head.value_or(out.hidden / out.heads);
  if (out.head == 0 || out.head % 2 != 0)
    return fail(Errc::unprocessable, "config.json: a head must have an even number of elements");
  return ok();
}

/// More blocks than any model has; a bound on the loops over them.
constexpr std::uint64_t blocks_max = 4096;

}  // namespace

std::uint64_t Dimensions::of(char letter) const {
  switch (letter) {
    case '1':
      return 1;
    case 'V':
      return vocabulary;
    case 'h':
      return hidden;
    case 'd':
      return head;
    case 'Q':
      return heads * head;
    case 'K':
      return key_heads * head;
    case 'f':
      return feed;
    case 'E':
      return experts;
    case 'm':
      return expert_feed;
    case 's':
      return shared_feed;
    case 'q':
      return query_rank;
    case 'c':
      return latent_rank;
    case 'a':
      return latent_rank + rope;
    case 'A':
      return heads * (nope + rope);
    case 'B':
      return heads * (nope + value);
    case 'O':
      return heads * value;
    default:
      return 0;
  }
}

Result<const Architecture*> find_architecture(const ModelConfig& config) {
  WAAG_CHECK(refuse_what_is_out(config));
  std::string known;
  for (const auto& architecture : architectures()) {
    if (architecture.class_name == config.architecture()) return &architecture;
    known += (known.empty() ? "" : ", ") + std::string(architecture.class_name);
  }
  return fail(Errc::unprocessable,
              "unknown architecture " + config.architecture() + "; known are " + known);
}

std::string source_name(const Architecture& architecture, std::string_view target,
                        std::uint64_t block, std::uint64_t expert) {
  for (const auto& rules : architecture.rules)
    for (const auto& rule : rules) {
      if (rule.target != target || rule.rows == RowRule::dropped) continue;
      std::string name(rule.source);
      if (name.starts_with("L.")) name.replace(0, 2, "model.layers." + std::to_string(block) + ".");
      if (const auto at = name.find(".E."); at != std::string::npos)
        name.replace(at + 1, 1, std::to_string(expert));
      return name;
    }
  return "";
}

Result<Dimensions> read_dimensions(const Architecture& architecture, const ModelConfig& config) {
  Dimensions out;
  WAAG_TRY(out.blocks, config.required({"num_hidden_layers"}));
  if (out.blocks > blocks_max)
    return fail(Errc::unprocessable, "config.json: num_hidden_layers is above 4096");
  WAAG_TRY(out.hidden, config.required({"hidden_size"}));
  WAAG_TRY(out.vocabulary, config.required({"vocab_size"}));
  WAAG_TRY(out.heads, config.required({"num_attention_heads"}));
  WAAG_TRY(out.feed, config.required({"intermediate_size"}));
  if (architecture.is_latent) {
    out.key_heads = 1;  // latent attention is stored as one key head for all (FORMATS 2.3)
    WAAG_CHECK(read_latent(config, out));
  } else {
    WAAG_CHECK(read_heads(config, out));
  }
  WAAG_CHECK(read_experts(architecture, config, out));
  WAAG_TRY(const auto tied, config.boolean({"tie_word_embeddings"}));
  out.is_tied = tied.value_or(false);
  return out;
}

}  // namespace waag::convert
