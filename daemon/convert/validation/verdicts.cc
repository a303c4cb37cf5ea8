#include "daemon/convert/validation/verdicts.h"

#include <algorithm>

#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace waag::daemon {
namespace {

namespace json = boost::json;
using certificate::Verdict;

/// Of a target, in a job's row and its error; a certificate has all.
constexpr std::size_t reasons_told_max = 8;

std::span<const std::string> told(const std::vector<std::string>& reasons) {
  return std::span(reasons).first(std::min(reasons.size(), reasons_told_max));
}

std::string joined(const TargetValidation& of) {
  std::string text;
  for (const auto& reason : told(of.reasons)) text += (text.empty() ? "" : "; ") + reason;
  if (of.reasons.size() > reasons_told_max) text += "; and others";
  return text;
}

/// " (mean KLD 0.03, 99 % 0.3, same top 93.0 %, ln of the ratio of perplexities 0.04)"
std::string figures_text(const TargetValidation& of) {
  if (!of.figures) return {};
  const auto& figures = *of.figures;
  return fmt::format(
      " (mean KLD {:.3g}, 99 % {:.3g}, same top {:.1f} %, ln of the ratio of perplexities {:.3g})",
      figures.kld_mean, figures.kld_p99, 100 * figures.same_top, figures.ln_perplexity_ratio);
}

void put_figures(const certificate::Figures& figures, json::object& into) {
  into["places"] = figures.places;
  into["perplexity_reference"] = figures.perplexity_reference;
  into["perplexity_other"] = figures.perplexity_other;
  into["ln_perplexity_ratio"] = figures.ln_perplexity_ratio;
  into["ln_perplexity_ratio_error"] = figures.ln_perplexity_ratio_error;
  into["kld_mean"] = figures.kld_mean;
  into["kld_error"] = figures.kld_error;
  into["kld_p99"] = figures.kld_p99;
  into["kld_max"] = figures.kld_max;
  into["same_top"] = figures.same_top;
}

json::object limits_of(const certificate::Limits& limits) {
  return {{"kld_mean", limits.kld_mean},
          {"kld_p99", limits.kld_p99},
          {"same_top", limits.same_top},
          {"ln_perplexity_ratio", limits.ln_perplexity_ratio},
          {"factor", limits.factor}};
}

}  // namespace

bool Verdicts::has_failed(const std::string& target) const {
  const auto found = results_.find(target);
  return found != results_.end() && found->second.verdict == Verdict::fail;
}

Status Verdicts::status() const {
  std::string text;
  for (const auto& [target, result] : results_)
    if (result.verdict == Verdict::fail)
      text += (text.empty() ? "" : ". ") + target +
              " lost too much and is not published: " + joined(result) + figures_text(result);
  return text.empty() ? ok() : Status(fail(Errc::unprocessable, text));
}

std::vector<std::string> Verdicts::warnings() const {
  std::vector<std::string> warnings;
  for (const auto& [target, result] : results_)
    if (result.verdict == Verdict::warn)
      warnings.push_back(target + " lost more than usual: " + joined(result));
  return warnings;
}

json::array Verdicts::to_json() const {
  json::array made;
  for (const auto& [target, result] : results_) {
    json::object one{{"target", target}, {"verdict", certificate::to_string(result.verdict)}};
    if (result.figures) put_figures(*result.figures, one);
    one["limits"] = limits_of(result.limits);
    json::array reasons;
    for (const auto& reason : told(result.reasons)) reasons.emplace_back(reason);
    one["reasons"] = std::move(reasons);
    if (result.verdict != Verdict::fail) one["certificate"] = certificate::path_of(target);
    made.push_back(std::move(one));
  }
  return made;
}

}  // namespace waag::daemon
