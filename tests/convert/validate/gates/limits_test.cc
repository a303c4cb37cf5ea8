#include "convert/validate/gates/limits.h"

#include <set>

#include <catch2/catch.hpp>

#include "convert/recipe/recipe.h"

namespace waag::convert::testing {

TEST_CASE("limits: every target that is made has some", "[convert][gates]") {
  std::set<std::string> made{"safetensors:fp8-dynamic", "safetensors:fp8-block", "safetensors:int8",
                             "safetensors:w4a16", "safetensors:nvfp4"};
  for (const auto& recipe : recipes()) made.insert("gguf:" + std::string(recipe.name));
  std::set<std::string> known;
  for (const auto& target : all_limits()) CHECK(known.emplace(target.target).second);
  CHECK(known == made);
}

TEST_CASE("limits: they can be met, and more bits may lose less", "[convert][gates]") {
  for (const auto& [target, limits, is_below_four_bits, is_exact] : all_limits()) {
    CAPTURE(target);
    CHECK(limits.kld_mean > 0);
    CHECK(limits.kld_p99 > limits.kld_mean);
    CHECK(limits.same_top > 0.5);
    CHECK(limits.same_top < 1);
    CHECK(limits.ln_perplexity_ratio > 0);
    // The alarm is no gate of its own where nobody has moved the limits.
    CHECK((is_below_four_bits || 2 * 2 * limits.kld_mean < kld_alarm));
    CHECK(is_exact == (target == "gguf:F32"));
  }
  const auto order = {"gguf:F32",    "gguf:F16",    "gguf:Q8_0",   "gguf:Q6_K", "gguf:Q5_K_M",
                      "gguf:Q5_0",   "gguf:Q4_K_M", "gguf:Q4_K_S", "gguf:Q4_0", "gguf:Q3_K_L",
                      "gguf:Q3_K_M", "gguf:Q3_K_S", "gguf:Q2_K"};
  const TargetLimits* before = nullptr;
  for (const auto* name : order) {
    CAPTURE(name);
    const auto found = find_limits(name);
    REQUIRE(found);
    if (before != nullptr) {
      CHECK((*found)->limits.kld_mean > before->limits.kld_mean);
      CHECK((*found)->limits.kld_p99 > before->limits.kld_p99);
      CHECK((*found)->limits.same_top < before->limits.same_top);
      CHECK((*found)->limits.ln_perplexity_ratio >= before->limits.ln_perplexity_ratio);
    }
    before = *found;
  }
}

TEST_CASE("limits: a scale for a whole row costs more than one for 32 values", "[convert][gates]") {
  const auto& rows = (*find_limits("safetensors:int8"))->limits;
  const auto& blocks = (*find_limits("gguf:Q8_0"))->limits;
  // 4 dB less of normal values: 2.5 times the squares of the errors.
  CHECK(rows.kld_mean > 2.5 * blocks.kld_mean);
  CHECK(rows.kld_p99 > 2.5 * blocks.kld_p99);
  CHECK(rows.same_top < blocks.same_top);
  CHECK(rows.ln_perplexity_ratio > 2 * blocks.ln_perplexity_ratio);
}

TEST_CASE("limits: names", "[convert][gates]") {
  CHECK((*find_limits("gguf:q4_k_m"))->target == "gguf:Q4_K_M");
  CHECK((*find_limits("gguf:mxfp4"))->target == "gguf:MXFP4_MOE");
  for (const auto* name : {"", "gguf:", "gguf:Q9_K", "safetensors:Q8_0", "safetensors:", "Q8_0"}) {
    CAPTURE(name);
    const auto none = find_limits(name);
    REQUIRE_FALSE(none);
    CHECK(none.error().code == Errc::invalid_argument);
  }
}

TEST_CASE("limits: the size of a model", "[convert][gates]") {
  CHECK(factor_of(0) == 2);
  CHECK(factor_of(2'999'999'999) == 2);
  CHECK(factor_of(3'000'000'000) == 1);
  CHECK(factor_of(30'000'000'000) == 1);
  CHECK(factor_of(30'000'000'001) == 0.7);
}

TEST_CASE("limits: a factor", "[convert][gates]") {
  const auto twice =
      scaled({.kld_mean = 0.1, .kld_p99 = 1, .same_top = 0.9, .ln_perplexity_ratio = 0.05}, 2);
  CHECK(twice.kld_mean == Approx(0.2));
  CHECK(twice.kld_p99 == Approx(2));
  CHECK(twice.same_top == Approx(0.8));
  CHECK(twice.ln_perplexity_ratio == Approx(0.1));
  CHECK(scaled(twice, 100).same_top == 0);
}

}  // namespace waag::convert::testing
