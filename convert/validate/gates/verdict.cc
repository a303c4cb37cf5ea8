#include "convert/validate/gates/verdict.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace waag::convert {
namespace {

constexpr double warn_factor = 2, by_far_factor = 0.1;
constexpr double sure_errors = 2;

std::string text_of(double value) {
  std::array<char, 32> text{};
  const auto size = std::snprintf(text.data(), text.size(), "%.4g", value);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string percent(double share) { return text_of(100 * share) + " %"; }

/// What of a result is held against a limit.
struct Figure {
  std::string what;
  double value = 0;
  double Limits::* limit = nullptr;
  bool is_share = false;  // at least the limit, else at most
  double error = 0;

  [[nodiscard]] bool holds(const Limits& limits) const {
    return is_share ? value >= limits.*limit : value - sure_errors * error <= limits.*limit;
  }
  [[nodiscard]] std::string said() const {
    if (is_share) return what + " " + percent(value);
    return what + " " + text_of(value) + (error > 0 ? " \u00b1 " + text_of(error) : "");
  }
  [[nodiscard]] std::string said(const Limits& limits) const {
    return is_share ? percent(limits.*limit) : text_of(limits.*limit);
  }
};

std::array<Figure, 4> figures_of(const DivergenceSummary& of) {
  return {Figure{"mean KLD", of.kld_mean, &Limits::kld_mean},
          Figure{"99 % of KLD", of.kld_p99, &Limits::kld_p99},
          Figure{"same likeliest token", of.same_top, &Limits::same_top, true},
          Figure{"ln of the perplexities' ratio", of.ln_perplexity_ratio,
                 &Limits::ln_perplexity_ratio, false, of.ln_perplexity_ratio_error}};
}

bool is_finite(const DivergenceSummary& of) {
  const std::array all{of.perplexity_reference,
                       of.perplexity_other,
                       of.ln_perplexity_ratio,
                       of.ln_perplexity_ratio_error,
                       of.kld_mean,
                       of.kld_error,
                       of.kld_median,
                       of.kld_p90,
                       of.kld_p99,
                       of.kld_p999,
                       of.kld_max,
                       of.same_top,
                       of.next_mean,
                       of.next_rms};
  return std::ranges::all_of(all, [](double value) { return std::isfinite(value); });
}

Judgement begin(const TargetLimits& target, const Scale& scale) {
  Judgement judgement;
  judgement.factor = target.is_exact ? 1 : factor_of(scale.parameters) * scale.limits_factor;
  judgement.limits = scaled(target.limits, judgement.factor);
  return judgement;
}

void add(Judgement& to, Verdict verdict, std::string reason) {
  to.verdict = std::max(to.verdict, verdict);
  to.reasons.push_back(std::move(reason));
}

/// @param knows_text  the source does; else its likeliest tokens are hardly likelier than others,
///                    and that they change is not held against a result
void judge_figure(Judgement& to, const Figure& figure, bool knows_text) {
  if (figure.holds(to.limits)) return;
  const auto& limits = to.limits;
  const auto side = figure.is_share ? " is below the limit of " : " is above the limit of ";
  const auto said = figure.said() + side + figure.said(limits);
  if (figure.holds(scaled(limits, warn_factor)) || (figure.is_share && !knows_text))
    add(to, Verdict::warn, said);
  else
    add(to, Verdict::fail, said + ", and beyond twice of it");
}

/// Of one that does not know the text.
void judge_reference(Judgement& to, const DivergenceSummary& output) {
  const auto by_far = scaled(to.limits, by_far_factor);
  const auto figures = figures_of(output);
  if (std::ranges::all_of(figures, [&](const auto& figure) { return figure.holds(by_far); }))
    return;
  add(to, Verdict::warn,
      "the source's own perplexity " + text_of(output.perplexity_reference) + " is above " +
          text_of(perplexity_max) + ": it does not know this text, and the figures say little");
}

/// Its predictions.
void judge_output(Judgement& to, const TargetLimits& target, const DivergenceSummary& output) {
  if (!is_finite(output)) {
    add(to, Verdict::fail, "a figure of its predictions is not a number");
    return;
  }
  if (!target.is_below_four_bits && output.kld_mean > kld_alarm)
    add(to, Verdict::fail,
        "mean KLD " + text_of(output.kld_mean) + " is above " + text_of(kld_alarm) +
            ": with four bits a weight or more that is damage, whatever the limits");
  const bool knows_text = output.perplexity_reference <= perplexity_max;
  for (const auto& figure : figures_of(output)) judge_figure(to, figure, knows_text);
  if (!knows_text) judge_reference(to, output);
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::warn:
      return "warn";
    case Verdict::fail:
      return "fail";
  }
  return "";
}

Judgement judge(const TargetLimits& target, const Scale& scale, const Findings& found) {
  auto judgement = begin(target, scale);
  if (found.stopped.empty()) {
    judge_output(judgement, target, found.output);
    if (judgement.verdict == Verdict::fail)
      add(judgement, Verdict::fail, where_it_parts(found.block_errors));
  } else {
    add(judgement, Verdict::fail, found.stopped);
  }
  for (const auto& fault : found.weight_faults) add(judgement, Verdict::fail, fault);
  return judgement;
}

std::string where_it_parts(std::span<const double> block_errors) {
  if (block_errors.empty() || std::ranges::max(block_errors) == 0)
    return "hidden states are the same behind every block: what follows them is not";
  // Not the largest rise: states shrink behind some blocks, and all that came before counts more.
  constexpr double jump_least = 2;
  std::size_t parted = 0;
  double most = jump_least;
  for (std::size_t block = 1; block < block_errors.size(); ++block) {
    const double jump = block_errors[block] / block_errors[block - 1];
    if (jump > most) {
      most = jump;
      parted = block;
    }
    if (!std::isfinite(block_errors[block])) {  // nothing behind it says any more
      parted = block;
      break;
    }
  }
  const double before = parted == 0 ? 0 : block_errors[parted - 1];
  return "hidden states part most in block " + std::to_string(parted) + " of 0 to " +
         std::to_string(block_errors.size() - 1) + ": off by " + text_of(before) + " before, by " +
         text_of(block_errors[parted]) + " behind";
}

}  // namespace waag::convert
