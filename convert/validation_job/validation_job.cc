#include "convert/validation_job/validation_job.h"

#include <optional>

#include "convert/forward/weights/source_weights.h"
#include "convert/forward_job/events.h"
#include "convert/forward_job/made_weights.h"
#include "convert/validate/comparison.h"
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
  std::vector<std::string> faults;  // of its weights
  std::string stopped;              // why it cannot be run; empty: it can
  std::vector<double> block_errors;
  std::optional<DivergenceSummary> output;
};

/// What is wrong with a result is its verdict's; what is wrong here ends the job.
Status stop(Candidate& candidate, const Error& error) {
  if (error.code != Errc::unprocessable && error.code != Errc::not_found &&
      error.code != Errc::invalid_argument)
    return error;
  candidate.stopped = error.what;
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
    auto& candidate = candidates.emplace_back(Candidate{result, {}, {}, {}, {}, {}});
    auto opened = open_made(result.made, reference.source, reference.forward);
    if (opened)
      candidate.made = *std::move(opened);
    else
      WAAG_CHECK(stop(candidate, opened.error()));
  }
  return candidates;
}

/// Runs all that can be run beside the model.
Status run_all(const Reference& reference, std::span<Candidate> candidates,
               std::span<const std::vector<std::uint32_t>> chunks, const Sink& sink) {
  std::vector<Candidate*> run;
  std::vector<Engine> engines;
  for (auto& candidate : candidates) {
    if (!candidate.stopped.empty()) continue;
    run.push_back(&candidate);
    engines.push_back({*candidate.made.weights, reference.workers});
  }
  if (run.empty()) return ok();
  const auto& forward = reference.forward;
  const SourceModelWeights own(reference.source, forward.facts().of);
  const auto say = [&](std::size_t result, std::uint64_t block, double error) {
    run[result]->block_errors.push_back(error);
    sink(block_event(run[result]->spec.target, {block, forward.blocks(), error}));
  };
  WAAG_TRY(const auto compared,
           compare_models(forward, {own, reference.workers}, engines, chunks, say));
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (compared[i])
      run[i]->output = summarize(*compared[i]);
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

Judgement judgement_of(const Candidate& candidate, const Scale& scale) {
  if (!candidate.output) return failed(*candidate.spec.limits, scale, candidate.stopped);
  auto judgement = judge(*candidate.spec.limits, scale, *candidate.output, candidate.faults);
  if (judgement.verdict == Verdict::fail)
    judgement.reasons.push_back(where_it_parts(candidate.block_errors));
  return judgement;
}

void judge_all(const Scale& scale, std::span<const Candidate> candidates, const Sink& sink) {
  for (const auto& candidate : candidates) {
    const auto& target = candidate.spec.target;
    if (candidate.output) sink(compared_event(target, *candidate.output));
    sink(verdict_event(target, judgement_of(candidate, scale)));
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
  WAAG_CHECK(run_all(reference, candidates, evaluation.chunks, sink));
  judge_all(scale_of(spec, source), candidates, sink);
  sink(end_line(evaluation.chunks, begun));
  return ok();
}

}  // namespace waag::convert
