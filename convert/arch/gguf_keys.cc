#include "convert/arch/gguf_keys.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace waag::convert {
namespace {

/// Collects pairs under one prefix; numbers become what the file has for them.
class Keys {
 public:
  explicit Keys(std::string_view prefix) : prefix_(std::string(prefix) + ".") {}

  void count(std::string_view key, std::uint64_t value) {
    entries_.push_back({prefix_ + std::string(key), static_cast<std::uint32_t>(value)});
  }
  void real(std::string_view key, double value) {
    entries_.push_back({prefix_ + std::string(key), static_cast<float>(value)});
  }
  void flag(std::string_view key, bool value) {
    entries_.push_back({prefix_ + std::string(key), value});
  }
  void text(std::string_view key, std::string value) {
    if (!value.empty()) entries_.push_back({prefix_ + std::string(key), std::move(value)});
  }
  void texts(std::string_view key, std::vector<std::string> values) {
    if (!values.empty()) entries_.push_back({prefix_ + std::string(key), std::move(values)});
  }
  void count(std::string_view key, std::optional<std::uint64_t> value) {
    if (value) count(key, *value);
  }
  void real(std::string_view key, std::optional<double> value) {
    if (value) real(key, *value);
  }
  [[nodiscard]] GgufEntries take() { return std::move(entries_); }

 private:
  std::string prefix_;
  GgufEntries entries_;
};

Status rope_keys(const ModelConfig& config, Keys& keys) {
  WAAG_TRY(const auto rope, config.rope());
  if (rope.type == "linear" && rope.factor) {
    keys.text("rope.scaling.type", "linear");
    keys.real("rope.scaling.factor", rope.factor);
  } else if (rope.type == "yarn" && rope.factor) {
    if (!rope.original_context)
      return fail(Errc::unprocessable,
                  "config.json: yarn without original_max_position_embeddings");
    keys.text("rope.scaling.type", "yarn");
    keys.real("rope.scaling.factor", rope.factor);
    keys.count("rope.scaling.original_context_length", rope.original_context);
    keys.real("rope.scaling.yarn_ext_factor", rope.extrapolation_factor);
    keys.real("rope.scaling.yarn_attn_factor", rope.attention_factor);
    keys.real("rope.scaling.yarn_beta_fast", rope.beta_fast);
    keys.real("rope.scaling.yarn_beta_slow", rope.beta_slow);
  } else if (!rope.type.empty() && rope.type != "llama3") {
    // Written without, the model would be wrong beyond its first context.
    return fail(Errc::unprocessable, "config.json: rope scaling " + rope.type + " is not known");
  }
  keys.real("rope.freq_base", rope.theta);
  return ok();
}

Status expert_keys(const ModelConfig& config, const Dimensions& of, Keys& keys) {
  if (of.experts > 0) keys.count("expert_count", of.experts);
  WAAG_TRY(const auto used, config.uint({"num_experts_per_tok", "num_experts_per_token"}));
  if (of.experts > 0 && (!used || *used == 0 || *used > of.experts))
    return fail(Errc::unprocessable, "config.json: num_experts_per_tok is not within the experts");
  keys.count("expert_used_count", used);
  WAAG_TRY(const auto groups, config.uint({"n_group"}));
  keys.count("expert_group_count", groups);
  WAAG_TRY(const auto groups_used, config.uint({"topk_group"}));
  keys.count("expert_group_used_count", groups_used);
  WAAG_TRY(const auto scoring, config.text({"scoring_func"}));
  if (!scoring) return ok();
  if (*scoring != "softmax" && *scoring != "sigmoid")
    return fail(Errc::unprocessable, "config.json: scoring_func " + *scoring + " is not known");
  keys.count("expert_gating_func", std::uint64_t{*scoring == "softmax" ? 1u : 2u});
  return ok();
}

Status latent_keys(const ModelConfig& config, const Dimensions& of, Keys& keys) {
  WAAG_TRY(const auto dense, config.uint({"first_k_dense_replace"}));
  keys.count("leading_dense_block_count", dense.value_or(of.experts > 0 ? 0 : of.blocks));
  keys.count("vocab_size", of.vocabulary);
  if (of.query_rank > 0) keys.count("attention.q_lora_rank", of.query_rank);
  keys.count("attention.kv_lora_rank", of.latent_rank);
  keys.count("attention.key_length", of.latent_rank + of.rope);
  keys.count("attention.value_length", of.latent_rank);
  keys.count("attention.key_length_mla", of.nope + of.rope);
  keys.count("attention.value_length_mla", of.value);
  keys.count("expert_feed_forward_length", of.experts > 0 ? of.expert_feed : of.feed);
  WAAG_TRY(const auto shared, config.uint({"n_shared_experts"}));
  keys.count("expert_shared_count", shared.value_or(0));
  WAAG_TRY(const auto scale, config.number({"routed_scaling_factor"}));
  keys.real("expert_weights_scale", scale);
  WAAG_TRY(const auto normalized, config.boolean({"norm_topk_prob"}));
  if (normalized.value_or(false)) keys.flag("expert_weights_norm", true);
  keys.count("rope.dimension_count", of.rope);
  WAAG_TRY(const auto rope, config.rope());
  // A tenth, for reasons of the format's history (FORMATS 2.3).
  if (rope.mscale_all_dim)
    keys.real("rope.scaling.yarn_log_multiplier", 0.1 * *rope.mscale_all_dim);
  return ok();
}

/// What the card says the model comes from; else the model itself is what this file comes from.
void base_model_keys(const ModelIdentity& identity, Keys& keys) {
  if (identity.base_models.empty()) {
    if (identity.repo_url.empty()) return;
    keys.count("base_model.count", std::uint64_t{1});
    keys.text("base_model.0.name", identity.name);
    keys.text("base_model.0.organization", identity.organization);
    keys.text("base_model.0.repo_url", identity.repo_url);
    return;
  }
  keys.count("base_model.count", std::uint64_t{identity.base_models.size()});
  for (std::size_t i = 0; i < identity.base_models.size(); ++i) {
    const auto& id = identity.base_models[i];
    const auto slash = id.find('/');
    const auto prefix = "base_model." + std::to_string(i) + ".";
    keys.text(prefix + "name", slash == std::string::npos ? id : id.substr(slash + 1));
    if (slash != std::string::npos) keys.text(prefix + "organization", id.substr(0, slash));
  }
}

}  // namespace

Result<GgufEntries> architecture_keys(const Architecture& architecture, const ModelConfig& config,
                                      const Dimensions& of) {
  Keys keys(architecture.gguf_name);
  keys.count("block_count", of.blocks);
  WAAG_TRY(const auto context, config.required({"max_position_embeddings"}));
  keys.count("context_length", context);
  keys.count("embedding_length", of.hidden);
  keys.count("feed_forward_length", of.feed);
  keys.count("attention.head_count", of.heads);
  keys.count("attention.head_count_kv", of.key_heads);
  WAAG_CHECK(rope_keys(config, keys));
  WAAG_TRY(const auto epsilon, config.number({"rms_norm_eps"}));
  if (!epsilon && !architecture.is_latent)
    return fail(Errc::unprocessable, "config.json: rms_norm_eps is missing");
  keys.real("attention.layer_norm_rms_epsilon", epsilon.value_or(1e-6));
  WAAG_CHECK(expert_keys(config, of, keys));
  if (architecture.is_latent) {
    WAAG_CHECK(latent_keys(config, of, keys));
    return keys.take();
  }
  if (architecture.has_head_keys || config.has("head_dim")) {
    keys.count("attention.key_length", of.head);
    keys.count("attention.value_length", of.head);
  }
  if (architecture.has_rope_dimension) {
    keys.count("vocab_size", of.vocabulary);
    keys.count("rope.dimension_count", of.head);
  }
  // Mixtral's experts are as wide as feed_forward_length says.
  if (of.experts > 0 && config.has("moe_intermediate_size"))
    keys.count("expert_feed_forward_length", of.expert_feed);
  if (of.shared_feed > 0) keys.count("expert_shared_feed_forward_length", of.shared_feed);
  return keys.take();
}

std::string size_label(std::uint64_t parameters, std::uint64_t expert_parameters,
                       std::uint64_t experts) {
  const auto rounded = [](double count) {
    // Multiplied, as there: a quotient is another number now and then, and rounds otherwise.
    struct Class {
      double above, scale;
      char suffix;
    };
    constexpr std::array<Class, 3> classes{
        {{1e12, 1e-12, 'T'}, {1e9, 1e-9, 'B'}, {1e6, 1e-6, 'M'}}};
    double scale = 1e-3;
    char suffix = 'K';
    for (const auto& one : classes)
      if (count > one.above) {
        scale = one.scale;
        suffix = one.suffix;
        break;
      }
    const double scaled = count * scale;
    const int places = std::nearbyint(scaled) < 1 ? 2 : std::nearbyint(scaled) < 10 ? 1 : 0;
    std::array<char, 32> text{};
    const int length = std::snprintf(text.data(), text.size(), "%.*f%c", places, scaled, suffix);
    return std::string(text.data(), static_cast<std::size_t>(length));
  };
  if (experts == 0) return rounded(static_cast<double>(parameters));
  const auto shared = parameters - expert_parameters * experts;
  return std::to_string(experts) + "x" + rounded(static_cast<double>(shared + expert_parameters));
}

GgufEntries general_keys(const Architecture& architecture, const ModelIdentity& identity,
                         const Dimensions& dimensions, std::uint64_t parameters,
                         std::uint64_t expert_parameters) {
  Keys keys("general");
  keys.text("architecture", std::string(architecture.gguf_name));
  keys.text("type", "model");
  keys.text("name", identity.name);
  keys.text("organization", identity.organization);
  keys.text("quantized_by", "Waag");
  keys.text("size_label", size_label(parameters, expert_parameters, dimensions.experts));
  keys.text("license", identity.license);
  keys.text("source.repo_url", identity.repo_url);
  base_model_keys(identity, keys);
  keys.texts("tags", identity.tags);
  keys.texts("languages", identity.languages);
  keys.count("quantization_version", std::uint64_t{2});
  auto entries = keys.take();
  if (!identity.commit.empty()) entries.push_back({"waag.source.commit", identity.commit});
  return entries;
}

}  // namespace waag::convert
