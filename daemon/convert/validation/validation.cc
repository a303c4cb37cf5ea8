#include "daemon/convert/validation/validation.h"

#include <algorithm>

namespace waag::daemon {
namespace {

using certificate::Verdict;

/// Of the work that both models are: to compare the weights takes far less than to run them.
constexpr double weights_share = 0.1;

Error bad(const std::string& what) {
  return fail(Errc::unprocessable, "the validation said what it must not: " + what);
}

/// A warning is what loses at most twice of what a pass may. The likeliest tokens, and the ratio of
/// perplexities less its error, are the program's to judge (docs/decisions/0013).
constexpr double warn_factor = 2;
/// A number that was printed and read again may be another in its last bit.
constexpr double reading = 1 + 1e-9;

bool is_within(const certificate::Figures& figures, const certificate::Limits& limits,
               double times) {
  return figures.kld_mean <= limits.kld_mean * times * reading &&
         figures.kld_p99 <= limits.kld_p99 * times * reading;
}

}  // namespace

Validation::Validation(const std::map<std::string, std::uint64_t>& tensors) {
  for (const auto& [target, count] : tensors) targets_[target].tensors = count;
}

Status Validation::take(std::string_view line) {
  if (line.empty()) return ok();
  WAAG_TRY(auto event, parse_validation_event(line));
  if (said_.done) return bad("something after its end");
  const bool is_first = std::holds_alternative<ValidationText>(event) ||
                        std::holds_alternative<ValidationError>(event);
  if (!text_ && !is_first) return bad("something before its text");
  return std::visit([this](auto&& one) { return on(std::move(one)); }, std::move(event));
}

/// @param latest  stage in which such an event may come
Result<Validation::Target*> Validation::at(const std::string& target, Stage latest) {
  const auto found = targets_.find(target);
  if (found == targets_.end()) return bad("a target that nobody asked for: " + target);
  if (found->second.stage > latest) return bad("something of " + target + " in a wrong order");
  return &found->second;
}

Status Validation::on(ValidationText text) {
  if (text_) return bad("its text twice");
  text_ = std::move(text);
  return ok();
}

Status Validation::on(ValidationWeights weights) {
  WAAG_TRY(auto* const target, at(weights.target, Stage::weights));
  auto& tensors = target->result.tensors;
  if (tensors.size() >= certificate::tensors_max) return bad("too many tensors");
  if (!target->names.insert(weights.tensor.name).second)
    return bad(weights.tensor.name + " of " + weights.target + " twice");
  target->is_finite = target->is_finite && weights.is_finite;
  note_ = "validating " + weights.target + " " + weights.tensor.name;
  tensors.push_back(std::move(weights.tensor));
  return ok();
}

Status Validation::on(ValidationBlock block) {
  WAAG_TRY(auto* const target, at(block.target, Stage::blocks));
  auto& blocks = target->result.blocks;
  if (block.block != blocks.size() || (target->blocks != 0 && target->blocks != block.blocks))
    return bad("blocks of " + block.target + " in a wrong order");
  target->stage = Stage::blocks;
  target->blocks = block.blocks;
  target->is_finite = target->is_finite && block.error;
  blocks.push_back(block.error.value_or(0));
  note_ = "validating " + block.target + " block " + std::to_string(block.block + 1) + " of " +
          std::to_string(block.blocks);
  return ok();
}

Status Validation::on(ValidationCompared compared) {
  WAAG_TRY(auto* const target, at(compared.target, Stage::blocks));
  target->stage = Stage::compared;
  if (compared.figures && compared.figures->places != text_->places)
    return bad("a comparison of " + compared.target + " over other places");
  target->result.figures = std::move(compared.figures);
  return ok();
}

Status Validation::on(ValidationVerdict verdict) {
  WAAG_TRY(auto* const target, at(verdict.target, Stage::compared));
  target->stage = Stage::judged;
  auto& result = target->result;
  result.verdict = verdict.verdict;
  result.limits = verdict.limits;
  result.reasons = std::move(verdict.reasons);
  if (verdict.verdict == Verdict::fail) return ok();
  const auto unfounded = "a verdict on " + verdict.target + " that nothing bears out";
  if (!target->is_finite || !result.figures || result.tensors.empty() || result.blocks.empty() ||
      result.blocks.size() != target->blocks)
    return bad(unfounded);
  const double times = verdict.verdict == Verdict::pass ? 1 : warn_factor;
  return is_within(*result.figures, result.limits, times) ? ok() : Status(bad(unfounded));
}

Status Validation::on(ValidationDone) {
  for (const auto& [name, target] : targets_)
    if (target.stage != Stage::judged) return bad("its end without a verdict on " + name);
  said_.done = true;
  return ok();
}

Status Validation::on(ValidationError error) {
  said_.refusal = std::move(error.message);
  return ok();
}

double Validation::share() const {
  const auto of = [](std::size_t done, std::uint64_t all) {
    return all == 0 ? 0.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(all));
  };
  double sum = 0;
  for (const auto& [name, target] : targets_) {
    const bool weights_done = target.stage != Stage::weights;
    sum += target.stage == Stage::judged
               ? 1
               : weights_share *
                         (weights_done ? 1 : of(target.result.tensors.size(), target.tensors)) +
                     (1 - weights_share) * of(target.result.blocks.size(), target.blocks);
  }
  return targets_.empty() ? 1 : sum / static_cast<double>(targets_.size());
}

std::uint64_t Validation::targets_done() const {
  const auto is_judged = [](const auto& one) { return one.second.stage == Stage::judged; };
  return static_cast<std::uint64_t>(std::ranges::count_if(targets_, is_judged));
}

std::map<std::string, TargetValidation> Validation::results() const {
  std::map<std::string, TargetValidation> results;
  for (const auto& [name, target] : targets_) results[name] = target.result;
  return results;
}

}  // namespace waag::daemon
