#include "convert/validate/divergence.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace waag::convert {
namespace {

/// Linear interpolation on the sorted list, as llama.cpp's perplexity tool has it.
double percentile(std::span<const double> sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const auto high = std::min(low + 1, sorted.size() - 1);
  const double part = at - static_cast<double>(low);
  return (1 - part) * sorted[low] + part * sorted[high];
}

struct Mean {
  double mean = 0, error = 0;  // error: standard error, 0 of a single value
};

Mean mean_of(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const auto value : values) sum += value;
  const double mean = sum / count;
  for (const auto value : values) squares += (value - mean) * (value - mean);
  if (values.size() < 2) return {mean, 0};
  return {mean, std::sqrt(squares / (count - 1) / count)};
}

template <class Of>
std::vector<double> list_of(std::span<const PlaceDivergence> places, Of of) {
  std::vector<double> values;
  values.reserve(places.size());
  for (const auto& place : places) values.push_back(of(place));
  return values;
}

}  // namespace

Divergence::Divergence(std::vector<std::uint32_t> next)
    : next_(std::move(next)), places_(next_.size()) {}

void Divergence::Place::add(std::uint32_t token, double a, double b, bool is_first) {
  if (is_first || a > reference.most) {
    const double scale = is_first ? 0 : std::exp(reference.most - a);
    reference.sum *= scale;
    difference *= scale;
    reference.most = a;
    reference.top = token;
  }
  if (is_first || b > other.most) {
    other.sum *= is_first ? 0 : std::exp(other.most - b);
    other.most = b;
    other.top = token;
  }
  const double weight = std::exp(a - reference.most);
  reference.sum += weight;
  difference += weight * (a - b);
  other.sum += std::exp(b - other.most);
}

Status Divergence::add(std::uint32_t first_token, std::span<const float> reference,
                       std::span<const float> other, Workers& workers) {
  assert(reference.size() == other.size() && reference.size() % places_.size() == 0);
  constexpr std::size_t places_at_once = 16;
  const auto count = reference.size() / places_.size();
  const auto some = [&](std::uint64_t piece) -> Status {
    const auto end = std::min(places_.size(), (piece + 1) * places_at_once);
    for (auto i = piece * places_at_once; i < end; ++i)
      for (std::size_t j = 0; j < count; ++j) {
        const auto token = first_token + static_cast<std::uint32_t>(j);
        const double a = reference[i * count + j], b = other[i * count + j];
        places_[i].add(token, a, b, !has_begun_ && j == 0);
        if (token == next_[i]) {
          places_[i].reference.next = a;
          places_[i].other.next = b;
        }
      }
    return ok();
  };
  WAAG_CHECK(workers.each((places_.size() - 1) / places_at_once + 1, some));
  has_begun_ = true;
  return ok();
}

std::vector<PlaceDivergence> Divergence::places() const {
  std::vector<PlaceDivergence> found;
  found.reserve(places_.size());
  for (const auto& [reference, other, difference] : places_) {
    const double all_reference = reference.most + std::log(reference.sum);
    const double all_other = other.most + std::log(other.sum);
    found.push_back({.kld = difference / reference.sum - all_reference + all_other,
                     .nll_reference = all_reference - reference.next,
                     .nll_other = all_other - other.next,
                     .has_same_top = reference.top == other.top});
  }
  return found;
}

DivergenceSummary summarize(std::span<const PlaceDivergence> places) {
  assert(!places.empty());
  DivergenceSummary summary;
  summary.places = places.size();
  auto klds = list_of(places, [](const auto& place) { return place.kld; });
  const auto kld = mean_of(klds);
  summary.kld_mean = kld.mean;
  summary.kld_error = kld.error;
  std::ranges::sort(klds);
  summary.kld_median = percentile(klds, 0.5);
  summary.kld_p90 = percentile(klds, 0.9);
  summary.kld_p99 = percentile(klds, 0.99);
  summary.kld_p999 = percentile(klds, 0.999);
  summary.kld_max = klds.back();
  const auto reference = mean_of(list_of(places, [](const auto& p) { return p.nll_reference; }));
  const auto other = mean_of(list_of(places, [](const auto& p) { return p.nll_other; }));
  summary.perplexity_reference = std::exp(reference.mean);
  summary.perplexity_other = std::exp(other.mean);
  // Place by place, so that what both find hard is not counted as noise.
  const auto ratio =
      mean_of(list_of(places, [](const auto& p) { return p.nll_other - p.nll_reference; }));
  summary.ln_perplexity_ratio = ratio.mean;
  summary.ln_perplexity_ratio_error = ratio.error;
  const auto moves = list_of(
      places, [](const auto& p) { return std::exp(-p.nll_other) - std::exp(-p.nll_reference); });
  summary.next_mean = mean_of(moves).mean;
  double squares = 0;
  for (const auto move : moves) squares += move * move;
  summary.next_rms = std::sqrt(squares / static_cast<double>(moves.size()));
  const auto same = std::ranges::count_if(places, [](const auto& p) { return p.has_same_top; });
  summary.same_top = static_cast<double>(same) / static_cast<double>(places.size());
  return summary;
}

}  // namespace waag::convert
