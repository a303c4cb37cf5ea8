#include "convert/forward/facts.h"

#include <cmath>

namespace waag::convert {
namespace {

Error bad(const std::string& what) { return fail(Errc::unprocessable, "config.json: " + what); }

Status refuse_what_is_not_known(const ModelConfig& config) {
  WAAG_TRY(const auto activation, config.text({"hidden_act", "hidden_activation"}));
  if (activation && *activation != "silu" && *activation != "swish")
    return bad("hidden_act " + *activation + " is not known");
  WAAG_TRY(const auto interleaved, config.boolean({"rope_interleave"}));
  if (!interleaved.value_or(true)) return bad("rope_interleave: false is not known");
  return ok();
}

/// As layer_types says, which newer transformers write.
Status read_listed(const std::vector<std::string>& kinds, std::uint64_t window, Facts& out) {
  if (kinds.size() != out.of.blocks) return bad("layer_types has not one entry a layer");
  for (std::size_t block = 0; block < kinds.size(); ++block) {
    if (kinds[block] == "sliding_attention" && window > 0)
      out.windows[block] = window;
    else if (kinds[block] != "full_attention")
      return bad("layer_types: " + kinds[block] + " is not known, or without sliding_window");
  }
  return ok();
}

Status read_windows(const ModelConfig& config, Facts& out) {
  out.windows.assign(out.of.blocks, 0);
  const auto rule = out.architecture->window;
  WAAG_TRY(const auto kinds, config.texts("layer_types"));
  WAAG_TRY(const auto size, config.uint({"sliding_window"}));
  WAAG_TRY(const auto used, config.boolean({"use_sliding_window"}));
  const bool is_used = rule == WindowRule::all || used.value_or(false);
  const auto window = is_used && rule != WindowRule::none ? size.value_or(0) : 0;
  if (is_used && size && *size == 0 && rule != WindowRule::none)
    return bad("sliding_window is zero");
  const bool is_listed = rule == WindowRule::from_block || rule == WindowRule::listed;
  if (kinds && (is_listed || rule == WindowRule::none)) return read_listed(*kinds, window, out);
  if (kinds && window > 0)
    return bad("layer_types with " + config.architecture() + " is not known");
  if (window == 0) return ok();
  if (rule == WindowRule::listed) return bad("use_sliding_window without layer_types is not known");
  std::uint64_t first = 0;
  if (rule == WindowRule::from_block) {
    constexpr std::uint64_t first_default = 28;  // transformers 5, configuration_qwen2.py
    WAAG_TRY(const auto given, config.uint({"max_window_layers"}));
    first = given.value_or(first_default);
  }
  for (auto block = first; block < out.of.blocks; ++block) out.windows[block] = window;
  return ok();
}

}  // namespace

Result<Facts> read_facts(const ModelConfig& config) {
  Facts facts;
  WAAG_TRY(facts.architecture, find_architecture(config));
  WAAG_TRY(facts.of, read_dimensions(*facts.architecture, config));
  WAAG_CHECK(refuse_what_is_not_known(config));
  const bool is_latent = facts.architecture->is_latent;
  WAAG_TRY(const auto epsilon, config.number({"rms_norm_eps"}));
  if (!epsilon && !is_latent) return bad("rms_norm_eps is missing");
  facts.epsilon = epsilon.value_or(1e-6);
  if (!(facts.epsilon > 0)) return bad("rms_norm_eps is not positive");
  WAAG_TRY(const auto rope, config.rope());
  const auto rotated = is_latent ? facts.of.rope : facts.of.head;
  if (rotated % 2 != 0) return bad("an odd number of values of a head is rotated");
  WAAG_TRY(facts.rope, read_rope(rope, facts.architecture->theta, rotated));
  facts.rope.is_paired = is_latent;
  facts.score_scale = 1 / std::sqrt(static_cast<double>(facts.of.head));
  if (is_latent && !rope.type.empty() && rope.mscale_all_dim && *rope.mscale_all_dim != 0) {
    const double sharper = yarn_scale(rope.factor.value_or(1), *rope.mscale_all_dim);
    facts.score_scale *= sharper * sharper;
  }
  WAAG_CHECK(read_windows(config, facts));
  WAAG_TRY(facts.routing, read_routing(*facts.architecture, config, facts.of));
  return facts;
}

}  // namespace waag::convert
