#include <cmath>
#include <numbers>

#include "convert/arch/tensor_plan.h"

namespace waag::convert {

Result<std::vector<float>> rope_frequency_factors(const ModelConfig& config,
                                                  const Dimensions& dimensions) {
  WAAG_TRY(const auto rope, config.rope());
  std::vector<float> factors;
  if (rope.type != "llama3") return factors;
  const double base = rope.theta.value_or(10000.0);
  const double factor = rope.factor.value_or(8.0);
  const double low = rope.low_freq_factor.value_or(1.0);
  const double high = rope.high_freq_factor.value_or(4.0);
  const auto context = static_cast<double>(rope.original_context.value_or(8192));
  const auto none =
      fail(Errc::unprocessable, "config.json: llama3 rope scaling with factors that make none");
  if (!(base > 0) || !(factor > 0) || !(low > 0) || !(high > low) || !(context > 0)) return none;
  for (std::uint64_t i = 0; i < dimensions.head; i += 2) {
    // The reference computes the frequency in F32 and the rest in F32 over doubles.
    const auto exponent = static_cast<float>(i) / static_cast<float>(dimensions.head);
    const float frequency = 1.0f / std::pow(static_cast<float>(base), exponent);
    const float wavelength = static_cast<float>(2 * std::numbers::pi) / frequency;
    if (wavelength < static_cast<float>(context / high)) {
      factors.push_back(1);
    } else if (wavelength > static_cast<float>(context / low)) {
      factors.push_back(static_cast<float>(factor));
    } else {
      const float smooth = (static_cast<float>(context) / wavelength - static_cast<float>(low)) /
                           static_cast<float>(high - low);
      factors.push_back(1.0f / ((1.0f - smooth) / static_cast<float>(factor) + smooth));
    }
    if (!std::isfinite(wavelength) || !std::isfinite(factors.back()) || !(factors.back() > 0))
      return none;
  }
  return factors;
}

}  // namespace waag::convert
