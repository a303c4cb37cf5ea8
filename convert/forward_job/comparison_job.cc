#include "convert/forward_job/comparison_job.h"

#include <array>

#include <boost/json/serialize.hpp>

#include "convert/forward/weights/source_weights.h"
#include "convert/forward_job/events.h"
#include "convert/forward_job/made_weights.h"
#include "convert/validate/comparison.h"

namespace waag::convert {

namespace json = boost::json;

Status run_comparison(const TextsSpec& spec, const std::function<void(std::string_view)>& sink) {
  WAAG_TRY(const auto source, SourceModel::open(spec.model));
  WAAG_TRY(const auto forward, Forward::open(source));
  WAAG_TRY(const auto made, open_made(spec.made, source, forward));
  const SourceModelWeights own(source, forward.facts().of);
  Workers workers(workers_of(spec.threads));
  const auto begun = std::chrono::steady_clock::now();
  const auto say = [&](std::size_t, std::uint64_t block, double error) {
    sink(json::serialize(json::object{{"event", "block"}, {"block", block}, {"error", error}}) +
         "\n");
  };
  const std::array results{Engine{*made.weights, workers}};
  WAAG_TRY(auto compared, compare_models(forward, {own, workers}, results, spec.texts, say));
  WAAG_TRY(const auto places, std::move(compared.front()));
  json::object event{{"event", "compared"}};
  for (const auto& [key, value] : members_of(summarize(places))) event[key] = value;
  sink(json::serialize(event) + "\n");
  sink(end_line(spec.texts, begun));
  return ok();
}

}  // namespace waag::convert
