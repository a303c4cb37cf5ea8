#include "convert/validation_job/validation_job.h"

#include "convert/forward/weights/source_weights.h"
#include "convert/forward_job/events.h"
#include "convert/forward_job/made_weights.h"
#include "convert/validate/comparison.h"
#include "convert/validate/gates/verdict.h"
#include "convert/validate/weight_gates.h"
#include "convert/validation_job/evaluation.h"
#include "convert/validation_job/validation_events.h"

namespace waag::convert {
namespace {

using Sink = std::function<void(std::string_view)>;

/// The model that results are held against.
struct Reference {
  const SourceModel& source;
  const Forward& forward;
  Workers& workers;
};

/// A result on its way to its verdict.
struct Candidate {
  const ResultSpec& spec;
  MadeWeights made;
  Findings found;
  bool is_compared = false;
};

/// What is wrong with a result is its verdict's; what is wrong here ends the job.
Status stop(Candidate& candidate, const Error& error) {
  if (error.code != Errc::unprocessable && error.code != Errc::not_found &&
      error.code != Errc::invalid_argument)
    return error;
  candidate.found.stopped = error.what;
  return ok();
}

/// One that is not what the converter makes of the model is stopped.
Result<std::vector<Candidate>> open_results(const ValidationSpec& spec,
                                            const Reference& reference) {
  std::vector<Candidate> candidates;
  candidates.reserve(spec.results.size());
  for (const auto& result : spec.results) {
    const auto& path = result.made.gguf.empty() ? result.made.folder : result.made.gguf;
    std::error_code ec;
    if (!std::filesystem::exists(path, ec))
      return fail(Errc::not_found, result.target + " is not there");
    auto& candidate = candidates.emplace_back(Candidate{result, {}, {}});
    auto opened = open_made(result.made, reference.source, reference.forward);
    if (opened)
      candidate.made = *std::move(opened);
    else
      WAAG_CHECK(stop(candidate, opened.error()));
  }
  return candidates;
}

/// How far each tensor of each result is from the model's. Of one that is damaged all over, no more
/// than `faults_max` faults are kept.
Status measure_all(const Reference& reference, std::span<Candidate> candidates, const Sink& sink) {
  constexpr std::size_t faults_max = 16;
  for (auto& candidate : candidates) {
    if (!candidate.found.stopped.empty()) continue;
    auto& faults = candidate.found.weight_faults;
    std::size_t left_out = 0;
    const auto say = [&](const WeightErrors& errors) {
      sink(weights_event(candidate.spec.target, errors));
      for (auto& fault : weight_faults(errors)) {
        if (faults.size() < faults_max)
          faults.push_back(std::move(fault));
        else
          ++left_out;
      }
    };
    const auto measured =
        measure_weights(reference.source, candidate.spec.made, reference.workers, say);
    if (!measured) WAAG_CHECK(stop(candidate, measured.error()));
    if (left_out > 0) faults.push_back(std::to_string(left_out) + " more faults of weights");
  }
  return ok();
}

/// Runs all that can be run beside the model.
Status run_all(const Reference& reference, std::span<Candidate> candidates,
               std::span<const std::vector<std::uint32_t>> chunks, const Sink& sink) {
  std::vector<Candidate*> run;
  std::vector<Engine> engines;
  for (auto& candidate : candidates) {
    if (!candidate.found.stopped.empty()) continue;
    run.push_back(&candidate);
    engines.push_back({*candidate.made.weights, reference.workers});
  }
  if (run.empty()) return ok();
  const auto& forward = reference.forward;
  const SourceModelWeights own(reference.source, forward.facts().of);
  const auto say = [&](std::size_t result, std::uint64_t block, double error) {
    run[result]->found.block_errors.push_back(error);
    sink(block_event(run[result]->spec.target, {block, forward.blocks(), error}));
  };
  WAAG_TRY(const auto compared,
           compare_models(forward, {own, reference.workers}, engines, chunks, say));
  for (std::size_t i = 0; i < run.size(); ++i) {
    auto& [spec, made, found, is_compared] = *run[i];
    is_compared = bool(compared[i]);
    if (is_compared)
      found.output = summarize(*compared[i]);
    else
      WAAG_CHECK(stop(*run[i], compared[i].error()));
  }
  return ok();
}

Scale scale_of(const ValidationSpec& spec, const SourceModel& source) {
  Scale scale{.parameters = 0, .limits_factor = spec.limits_factor};
  for (const auto& [name, tensor] : source.tensors()) scale.parameters += tensor.elements();
  return scale;
}

void judge_all(const Scale& scale, std::span<const Candidate> candidates, const Sink& sink) {
  for (const auto& [spec, made, found, is_compared] : candidates) {
    if (is_compared) sink(compared_event(spec.target, found.output));
    sink(verdict_event(spec.target, judge(*spec.limits, scale, found)));
  }
}

}  // namespace

Status run_validation(const ValidationSpec& spec, const Sink& sink) {
  const auto begun = std::chrono::steady_clock::now();
  WAAG_TRY(const auto source, SourceModel::open(spec.model));
  WAAG_TRY(const auto forward, Forward::open(source));
  WAAG_TRY(const auto evaluation, read_evaluation(spec, source));
  Workers workers(workers_of(spec.threads));
  const Reference reference{source, forward, workers};
  WAAG_TRY(auto candidates, open_results(spec, reference));
  sink(text_event(evaluation, places_of(evaluation.chunks)));
  WAAG_CHECK(measure_all(reference, candidates, sink));
  WAAG_CHECK(run_all(reference, candidates, evaluation.chunks, sink));
  judge_all(scale_of(spec, source), candidates, sink);
  sink(end_line(evaluation.chunks, begun));
  return ok();
}

}  // namespace waag::convert
