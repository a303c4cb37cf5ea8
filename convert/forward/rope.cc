#include "convert/forward/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace waag::convert {
namespace {

constexpr double turn_radians = 2 * std::numbers::pi;

Error no_scaling(const std::string& type) {
  return fail(Errc::unprocessable, "config.json: " + type + " rope scaling with factors of none");
}

Status scale_llama3(const RopeConfig& config, Rope& rope) {
  const double factor = config.factor.value_or(8);
  const double low = config.low_freq_factor.value_or(1);
  const double high = config.high_freq_factor.value_or(4);
  const auto context = static_cast<double>(config.original_context.value_or(8192));
  if (!(factor > 0) || !(low > 0) || !(high > low) || !(context > 0)) return no_scaling("llama3");
  for (auto& frequency : rope.frequencies) {
    const double length = turn_radians / frequency;
    if (length < context / high) continue;
    const double smooth = length > context / low ? 0 : (context / length - low) / (high - low);
    frequency = (1 - smooth) * frequency / factor + smooth * frequency;
  }
  return ok();
}

Status scale_yarn(const RopeConfig& config, double theta, Rope& rope) {
  if (!config.factor || !config.original_context || !(*config.factor > 0) ||
      *config.original_context == 0)
    return no_scaling("yarn");
  if (!config.is_truncated)
    return fail(Errc::unprocessable, "config.json: yarn without truncate is not known");
  const double factor = *config.factor;
  const auto size = static_cast<double>(2 * rope.frequencies.size());
  const auto context = static_cast<double>(*config.original_context);
  const auto border = [&](double turns) {
    return size * std::log(context / (turns * turn_radians)) / (2 * std::log(theta));
  };
  const auto or_default = [](std::optional<double> value, double otherwise) {
    return value && *value != 0 ? *value : otherwise;
  };
  const double low = std::max(0.0, std::floor(border(or_default(config.beta_fast, 32))));
  double high = std::min(size - 1, std::ceil(border(or_default(config.beta_slow, 1))));
  if (high == low) high += 0.001;  // a step, as transformers makes it
  for (std::size_t i = 0; i < rope.frequencies.size(); ++i) {
    const double ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    rope.frequencies[i] *= ramp / factor + (1 - ramp);
  }
  double magnitude = yarn_scale(factor, 1);
  if (or_default(config.mscale, 0) != 0 && or_default(config.mscale_all_dim, 0) != 0)
    magnitude = yarn_scale(factor, *config.mscale) / yarn_scale(factor, *config.mscale_all_dim);
  rope.magnitude = static_cast<float>(config.attention_factor.value_or(magnitude));
  return ok();
}

}  // namespace

double yarn_scale(double factor, double m) {
  return factor <= 1 ? 1 : 0.1 * m * std::log(factor) + 1;
}

Result<Rope> read_rope(const RopeConfig& config, double default_theta, std::uint64_t size) {
  const double theta = config.theta.value_or(default_theta);
  if (!(theta > 1)) return fail(Errc::unprocessable, "config.json: rope_theta is not above one");
  if (config.partial.value_or(1) != 1)
    return fail(Errc::unprocessable, "config.json: heads that are rotated in part are not known");
  Rope rope;
  for (std::uint64_t i = 0; i < size; i += 2)
    rope.frequencies.push_back(
        std::pow(theta, -static_cast<double>(i) / static_cast<double>(size)));
  if (config.type == "llama3") {
    WAAG_CHECK(scale_llama3(config, rope));
  } else if (config.type == "yarn") {
    WAAG_CHECK(scale_yarn(config, theta, rope));
  } else if (config.type == "linear") {
    if (!config.factor || !(*config.factor > 0)) return no_scaling("linear");
    for (auto& frequency : rope.frequencies) frequency /= *config.factor;
  } else if (!config.type.empty()) {
    return fail(Errc::unprocessable, "config.json: rope scaling " + config.type + " is not known");
  }
  for (const auto frequency : rope.frequencies)
    if (!std::isfinite(frequency) || !(frequency > 0)) return no_scaling(config.type);
  if (!std::isfinite(rope.magnitude)) return no_scaling(config.type);
  return rope;
}

Rotations::Rotations(const Rope& rope, std::uint64_t count)
    : pairs_(rope.frequencies.size()), is_paired_(rope.is_paired) {
  for (std::uint64_t position = 0; position < count; ++position)
    for (const auto frequency : rope.frequencies) {
      const double angle = static_cast<double>(position) * frequency;
      cosines_.push_back(static_cast<float>(std::cos(angle)) * rope.magnitude);
      sines_.push_back(static_cast<float>(std::sin(angle)) * rope.magnitude);
    }
}

void Rotations::turn(std::uint64_t position, std::span<float> values) const {
  float* rotated = values.data() + values.size() - 2 * pairs_;
  for (std::size_t i = 0; i < pairs_; ++i) {
    float& one = is_paired_ ? rotated[2 * i] : rotated[i];
    float& other = is_paired_ ? rotated[2 * i + 1] : rotated[i + pairs_];
    const float cosine = cosines_[position * pairs_ + i];
    const float sine = sines_[position * pairs_ + i];
    const float turned = one * cosine - other * sine;
    other = one * sine + other * cosine;
    one = turned;
  }
}

}  // namespace waag::convert
