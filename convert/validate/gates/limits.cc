#include "convert/validate/gates/limits.h"

#include <algorithm>
#include <array>
#include <string>

#include "convert/recipe/recipe.h"

namespace waag::convert {
namespace {

// FORMATS 7.3; what it does not list by about twice what is known of Llama 3 8B
// (docs/decisions/0013). Mean KLD, its 99th percentile, same top, ln of the perplexities' ratio.
constexpr Limits exact{1e-4, 1e-3, 0.995, 1e-3};
constexpr Limits half_floats{5e-4, 5e-3, 0.99, 1e-3};
constexpr Limits eight_bits{0.003, 0.03, 0.97, 0.002};
constexpr Limits eight_bits_of_rows{0.01, 0.1, 0.955, 0.005};
constexpr Limits six_bits{0.01, 0.1, 0.95, 0.008};
constexpr Limits five_bits{0.025, 0.25, 0.93, 0.02};
constexpr Limits five_plain_bits{0.04, 0.4, 0.92, 0.035};
constexpr Limits four_mixed_bits{0.06, 0.6, 0.90, 0.05};
constexpr Limits four_bits{0.085, 0.85, 0.885, 0.085};
constexpr Limits four_plain_bits{0.13, 1.2, 0.86, 0.11};
constexpr Limits three_large{0.175, 1.75, 0.83, 0.13};
constexpr Limits three_mixed_bits{0.2, 2, 0.82, 0.15};
constexpr Limits three_bits{0.45, 4, 0.72, 0.35};
constexpr Limits two_bits{0.6, 5, 0.65, 0.5};

constexpr bool below_four_bits = true;

constexpr std::array all_targets{
    TargetLimits{"gguf:F32", exact, false, true},
    TargetLimits{"gguf:F16", half_floats},
    TargetLimits{"gguf:BF16", half_floats},
    TargetLimits{"gguf:Q8_0", eight_bits},
    TargetLimits{"gguf:Q6_K", six_bits},
    TargetLimits{"gguf:Q5_K_M", five_bits},
    TargetLimits{"gguf:Q5_K_S", five_bits},
    TargetLimits{"gguf:Q5_0", five_plain_bits},
    TargetLimits{"gguf:Q5_1", five_plain_bits},
    TargetLimits{"gguf:Q4_K_M", four_mixed_bits},
    TargetLimits{"gguf:IQ4_XS", four_mixed_bits},
    TargetLimits{"gguf:IQ4_NL", four_mixed_bits},
    TargetLimits{"gguf:Q4_K_S", four_bits},
    TargetLimits{"gguf:Q4_0", four_plain_bits},
    TargetLimits{"gguf:Q4_1", four_plain_bits},
    TargetLimits{"gguf:MXFP4_MOE", four_plain_bits},
    TargetLimits{"gguf:Q3_K_L", three_large, below_four_bits},
    TargetLimits{"gguf:Q3_K_M", three_mixed_bits, below_four_bits},
    TargetLimits{"gguf:Q3_K_S", three_bits, below_four_bits},
    TargetLimits{"gguf:Q2_K", two_bits, below_four_bits},
    TargetLimits{"gguf:Q2_K_S", two_bits, below_four_bits},
    TargetLimits{"safetensors:fp8-dynamic", eight_bits_of_rows},
    TargetLimits{"safetensors:fp8-block", eight_bits_of_rows},
    TargetLimits{"safetensors:int8", eight_bits_of_rows},
    TargetLimits{"safetensors:w4a16", four_plain_bits},
    TargetLimits{"safetensors:nvfp4", four_plain_bits},
};

constexpr double billion = 1e9;

}  // namespace

std::span<const TargetLimits> all_limits() { return all_targets; }

Result<const TargetLimits*> find_limits(std::string_view target) {
  std::string wanted(target);
  constexpr std::string_view gguf = "gguf:";
  if (target.starts_with(gguf)) {
    WAAG_TRY(const auto recipe, find_recipe(target.substr(gguf.size())));
    wanted = std::string(gguf) + std::string(recipe.name);
  }
  const auto* const found = std::ranges::find(all_targets, wanted, &TargetLimits::target);
  if (found == all_targets.end())
    return fail(Errc::invalid_argument, "there is no target " + std::string(target));
  return found;
}

double factor_of(std::uint64_t parameters) {
  const auto count = static_cast<double>(parameters);
  if (count < 3 * billion) return 2;
  return count > 30 * billion ? 0.7 : 1;
}

Limits scaled(const Limits& limits, double factor) {
  return {.kld_mean = limits.kld_mean * factor,
          .kld_p99 = limits.kld_p99 * factor,
          .same_top = std::max(0.0, 1 - (1 - limits.same_top) * factor),
          .ln_perplexity_ratio = limits.ln_perplexity_ratio * factor};
}

}  // namespace waag::convert
