#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "convert/validate/divergence.h"
#include "convert/validate/gates/limits.h"

namespace waag::convert {

enum class Verdict : std::uint8_t { pass, warn, fail };

/// "pass", "warn" or "fail".
std::string_view name_of(Verdict verdict);

/// What became of a result.
struct Judgement {
  Verdict verdict{Verdict::pass};
  Limits limits;                     // as they were applied
  double factor = 1;                 // that the target's limits were multiplied with
  std::vector<std::string> reasons;  // in plain words, with figure and limit
};

/// What a model has to do with its results' limits.
struct Scale {
  std::uint64_t parameters = 0;
  double limits_factor = 1;  // the operator's
};

/// Of English that a model knows, a perplexity is below; above, it does not know the text and its
/// predictions are noise. Source: FORMATS 7.3.
inline constexpr double perplexity_max = 60;

/// What was found of a result.
struct Findings {
  std::vector<std::string> weight_faults;  // a sentence each
  std::string stopped;  // why it could not be run; empty: it was, and has the rest
  DivergenceSummary output;
  /// Of its hidden states behind each block, as a share of the reference's.
  std::vector<double> block_errors;
};

/// Holds a result's figures against its target's limits: within them it passes, within twice of
/// them (of same_top, twice of what may differ) it is to be served with a warning, else it fails.
/// Anything that is not a number fails, and so do weights with a fault, a divergence above
/// kld_alarm, and what could not be run. The ratio of perplexities is judged less two of its
/// standard errors: what is surely lost. Where the reference's own perplexity is above
/// perplexity_max, likeliest tokens change by chance: same_top then warns at most, and a pass is a
/// warning unless all figures are within a tenth of their limits.
/// Source: FORMATS 7.3, docs/decisions/0013.
Judgement judge(const TargetLimits& target, const Scale& scale, const Findings& found);

/// Where a result may be damaged whose predictions are not those of its source.
/// @return "hidden states part most in block 3 of 0 to 29: off by 0.02 before, by 0.9 behind"
std::string where_it_parts(std::span<const double> block_errors);

}  // namespace waag::convert
