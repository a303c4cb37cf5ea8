#include "convert/validate/divergence.h"

#include <cmath>
#include <random>

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

constexpr std::size_t places = 19, vocabulary = 97;

/// Within 8, in steps of 1/128: a constant of 256 more loses nothing.
std::vector<float> logits_of(std::uint32_t seed) {
  std::minstd_rand random(seed);
  std::vector<float> out(places * vocabulary);
  for (auto& logit : out) logit = static_cast<float>(random() % 2048) / 128 - 8;
  return out;
}

double sum_of_exp(const float* row) {
  double sum = 0;
  for (std::size_t i = 0; i < vocabulary; ++i) sum += std::exp(double{row[i]});
  return sum;
}

/// As the definition has it.
PlaceDivergence plain(const float* a, const float* b, std::uint32_t next) {
  const double sum_a = sum_of_exp(a), sum_b = sum_of_exp(b);
  PlaceDivergence found;
  std::size_t top_a = 0, top_b = 0;
  for (std::size_t i = 0; i < vocabulary; ++i) {
    const double p = std::exp(double{a[i]}) / sum_a, q = std::exp(double{b[i]}) / sum_b;
    found.kld += p * (std::log(p) - std::log(q));
    if (a[i] > a[top_a]) top_a = i;
    if (b[i] > b[top_b]) top_b = i;
  }
  found.nll_reference = std::log(sum_a) - double{a[next]};
  found.nll_other = std::log(sum_b) - double{b[next]};
  found.has_same_top = top_a == top_b;
  return found;
}

std::vector<PlaceDivergence> by_tiles(std::span<const float> a, std::span<const float> b,
                                      const std::vector<std::uint32_t>& next, std::size_t tile) {
  Divergence divergence(next);
  Workers workers(2);
  for (std::size_t first = 0; first < vocabulary; first += tile) {
    const auto count = std::min(tile, vocabulary - first);
    std::vector<float> of_a, of_b;
    for (std::size_t place = 0; place < places; ++place)
      for (std::size_t i = 0; i < count; ++i) {
        of_a.push_back(a[place * vocabulary + first + i]);
        of_b.push_back(b[place * vocabulary + first + i]);
      }
    REQUIRE(divergence.add(static_cast<std::uint32_t>(first), of_a, of_b, workers));
  }
  return divergence.places();
}

}  // namespace

TEST_CASE("divergence: tiles of any size give what the definition gives", "[convert][validate]") {
  const auto a = logits_of(1);
  auto b = logits_of(2);
  for (std::size_t i = 0; i < b.size(); ++i) b[i] = a[i] + b[i] / 8;
  std::vector<std::uint32_t> next{0, 96};
  while (next.size() < places) next.push_back(static_cast<std::uint32_t>(5 * next.size()));
  for (const std::size_t tile : {1u, 7u, 50u, 97u, 1000u}) {
    const auto found = by_tiles(a, b, next, tile);
    REQUIRE(found.size() == places);
    for (std::size_t i = 0; i < places; ++i) {
      CAPTURE(tile, i);
      const auto wanted = plain(&a[i * vocabulary], &b[i * vocabulary], next[i]);
      CHECK(found[i].kld == Approx(wanted.kld).epsilon(1e-9));
      CHECK(found[i].nll_reference == Approx(wanted.nll_reference));
      CHECK(found[i].nll_other == Approx(wanted.nll_other));
      CHECK(found[i].has_same_top == wanted.has_same_top);
    }
  }
}

TEST_CASE("divergence: the same logits, and those moved by a constant, are the same model",
          "[convert][validate]") {
  const auto a = logits_of(5);
  auto b = a;
  for (auto& value : b) value += 256;  // e to that is beyond binary32
  for (const auto& other : {a, b})
    for (const auto& place : by_tiles(a, other, std::vector<std::uint32_t>(places, 7), 10)) {
      CHECK(std::fabs(place.kld) < 1e-12);
      CHECK(place.nll_other == Approx(place.nll_reference));
      CHECK(place.has_same_top);
    }
}

TEST_CASE("divergence: equals at the top are told by the lowest token", "[convert][validate]") {
  Workers workers(1);
  Divergence divergence({0});
  REQUIRE(divergence.add(0, std::vector{1.0f, 2.0f, 2.0f}, std::vector{2.0f, 2.0f, 1.0f}, workers));
  CHECK_FALSE(divergence.places()[0].has_same_top);
  Divergence same({0});
  REQUIRE(same.add(0, std::vector{1.0f, 2.0f, 2.0f}, std::vector{1.0f, 2.0f, 2.0f}, workers));
  CHECK(same.places()[0].has_same_top);
}

TEST_CASE("divergence: a summary of what is known", "[convert][validate]") {
  std::vector<PlaceDivergence> all;
  for (int i = 0; i <= 1000; ++i)
    all.push_back({.kld = i / 1000.0,
                   .nll_reference = 1,
                   .nll_other = i % 2 == 0 ? 1.5 : 1.0,
                   .has_same_top = i % 4 != 0});
  const auto found = summarize(all);
  CHECK(found.places == 1001);
  CHECK(found.kld_mean == Approx(0.5));
  CHECK(found.kld_error == Approx(std::sqrt(1001.0 * 1002 / 12) / 1000 / std::sqrt(1001.0)));
  CHECK(found.kld_median == Approx(0.5));
  CHECK(found.kld_p90 == Approx(0.9));
  CHECK(found.kld_p99 == Approx(0.99));
  CHECK(found.kld_p999 == Approx(0.999));
  CHECK(found.kld_max == 1);
  CHECK(found.perplexity_reference == Approx(std::exp(1.0)));
  CHECK(found.ln_perplexity_ratio == Approx(0.5 * 501 / 1001));
  CHECK(found.perplexity_other == Approx(std::exp(1 + 0.5 * 501 / 1001)));
  CHECK(found.ln_perplexity_ratio_error == Approx(0.5 * std::sqrt(0.25 / 1000)).epsilon(1e-4));
  CHECK(found.same_top == Approx(750.0 / 1001));
  const double move = std::exp(-1.5) - std::exp(-1.0);
  CHECK(found.next_mean == Approx(move * 501 / 1001));
  CHECK(found.next_rms == Approx(-move * std::sqrt(501.0 / 1001)));
  const auto one = summarize(std::span(all).first(1));
  CHECK(one.kld_error == 0);
  CHECK(one.kld_p99 == 0);
}

}  // namespace waag::convert::testing
