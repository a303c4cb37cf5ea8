#include "convert/forward/attend.h"

#include <cmath>

#include <catch2/catch.hpp>

#include "tests/convert/forward/fake_weights.h"

namespace waag::convert::testing {
namespace {

/// Attention in F64, as it is defined: for one query.
std::vector<double> plainly(const Attention& of, const AttentionInput& in, std::uint64_t first,
                            std::uint64_t query, std::uint64_t head) {
  const auto key_head = head * of.key_heads / of.heads;
  std::vector<double> mixed(of.value);
  double sum = 0;
  for (std::uint64_t key = 0; key <= query; ++key) {
    if (of.window > 0 && query - key >= of.window) continue;
    double score = 0;
    for (std::uint64_t i = 0; i < of.head; ++i)
      score += static_cast<double>(in.queries.at(first + query, head)[i]) *
               static_cast<double>(in.keys.at(first + key, key_head)[i]);
    const double weight = std::exp(score * of.scale);
    sum += weight;
    for (std::uint64_t i = 0; i < of.value; ++i)
      mixed[i] += weight * static_cast<double>(in.values.at(first + key, key_head)[i]);
  }
  for (auto& value : mixed) value /= sum;
  return mixed;
}

}  // namespace

TEST_CASE("attend: as it is defined", "[convert][forward][attend]") {
  const auto window = GENERATE(std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{5},
                               std::uint64_t{70}, std::uint64_t{1000});
  const Attention of{
      .heads = 4, .key_heads = 2, .head = 6, .value = 3, .scale = 0.7, .window = window};
  const Texts texts{{0, 1, 131, 150}};
  const auto queries = FakeWeights::wavy(150 * 4 * 6);
  const auto keys = FakeWeights::wavy(150 * 2 * 6, 1);
  const auto values = FakeWeights::wavy(150 * 2 * 5, 2);  // two more lie between them
  const AttentionInput in{{queries.data(), 24, 6}, {keys.data(), 12, 6}, {values.data(), 10, 5}};
  std::vector<float> out(150 * 12, 9.0f);
  Workers workers(2);
  REQUIRE(attend(workers, of, texts, in, {out.data(), 12, 3}));
  double worst = 0;
  for (std::uint64_t text = 0; text < texts.count(); ++text)
    for (std::uint64_t query = 0; query < texts.length(text); ++query)
      for (std::uint64_t head = 0; head < 4; ++head) {
        const auto first = texts.starts[text];
        const auto wanted = plainly(of, in, first, query, head);
        for (std::uint64_t i = 0; i < 3; ++i)
          worst = std::max(
              worst,
              std::abs(wanted[i] - static_cast<double>(out[(first + query) * 12 + head * 3 + i])));
      }
  CHECK(worst < 1e-5);
}

}  // namespace waag::convert::testing
