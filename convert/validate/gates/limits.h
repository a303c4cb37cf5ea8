#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "protocol/result.h"

namespace waag::convert {

/// How far a result's predictions may be from the source's (FORMATS 7.3).
struct Limits {
  double kld_mean = 0;             // at most, nats
  double kld_p99 = 0;              // at most, nats
  double same_top = 0;             // at least, a share
  double ln_perplexity_ratio = 0;  // at most
};

/// What a target may lose.
struct TargetLimits {
  std::string_view target;  // "gguf:Q4_K_M"
  Limits limits;            // of a model of 3 to 30 billion parameters
  /// Less than four bits a weight: may diverge by more than `kld_alarm`.
  bool is_below_four_bits = false;
  /// Holds every weight as it is: a self-check of the mapping, whose limits nothing scales.
  bool is_exact = false;
};

/// A mean divergence that no loss explains where a weight has four bits or more: rows in a wrong
/// order, a wrong rope, a tensor in another's place. Source: FORMATS 7.3.
inline constexpr double kld_alarm = 1;

/// All targets that are made.
std::span<const TargetLimits> all_limits();

/// @param target  "gguf:TYPE", in any case, or "safetensors:TYPE"
/// @return Errc::invalid_argument if no such target is made
Result<const TargetLimits*> find_limits(std::string_view target);

/// What limits are multiplied with: small models lose more, large ones less.
/// Source: FORMATS 7.3.
double factor_of(std::uint64_t parameters);

/// Of same_top, what may differ is multiplied.
Limits scaled(const Limits& limits, double factor);

}  // namespace waag::convert
