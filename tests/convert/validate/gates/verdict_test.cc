#include "convert/validate/gates/verdict.h"

#include <limits>

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

constexpr TargetLimits four_bits_limits{
    "gguf:Q4_K_M",
    {.kld_mean = 0.06, .kld_p99 = 0.6, .same_top = 0.9, .ln_perplexity_ratio = 0.05}};
constexpr Scale mid_size{.parameters = 7'000'000'000};

/// What passes, at the limits.
DivergenceSummary at_limits() {
  DivergenceSummary output;
  output.places = 4080;
  output.perplexity_reference = output.perplexity_other = 10;
  output.kld_mean = 0.06;
  output.kld_p99 = 0.6;
  output.same_top = 0.9;
  output.ln_perplexity_ratio = 0.05;
  return output;
}

Findings findings_of(const DivergenceSummary& output) {
  return {.weight_faults = {}, .stopped = {}, .output = output, .block_errors = {0.125, 0.5}};
}

struct FigureCase {
  double DivergenceSummary::* figure;
  double passes, warns, fails;
};

bool has(const Judgement& of, std::string_view words) {
  for (const auto& reason : of.reasons)
    if (reason.find(words) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("verdict: at its limits a result passes", "[convert][gates]") {
  const auto found = judge(four_bits_limits, mid_size, findings_of(at_limits()));
  CHECK(found.verdict == Verdict::pass);
  CHECK(found.reasons.empty());
  CHECK(found.factor == 1);
  CHECK(found.limits.kld_mean == 0.06);
}

TEST_CASE("verdict: above a limit warns, above twice of it fails", "[convert][gates]") {
  const auto at = GENERATE(values<FigureCase>({
      {&DivergenceSummary::kld_mean, 0.0599, 0.0601, 0.1201},
      {&DivergenceSummary::kld_p99, 0.599, 0.601, 1.201},
      {&DivergenceSummary::same_top, 0.901, 0.899, 0.799},
      {&DivergenceSummary::ln_perplexity_ratio, 0.0499, 0.0501, 0.1001},
      {&DivergenceSummary::ln_perplexity_ratio, -1, 0.0999, 0.1001},
  }));
  auto output = at_limits();
  output.*at.figure = at.passes;
  CHECK(judge(four_bits_limits, mid_size, findings_of(output)).verdict == Verdict::pass);
  output.*at.figure = at.warns;
  const auto warned = judge(four_bits_limits, mid_size, findings_of(output));
  CHECK(warned.verdict == Verdict::warn);
  CHECK(warned.reasons.size() == 1);
  output.*at.figure = at.fails;
  const auto failed_one = judge(four_bits_limits, mid_size, findings_of(output));
  CHECK(failed_one.verdict == Verdict::fail);
  CHECK(failed_one.reasons.size() == 2);
  CHECK(has(failed_one, "hidden states part most in block 1"));
}

TEST_CASE("verdict: reasons have both figures", "[convert][gates]") {
  auto output = at_limits();
  output.kld_mean = 0.08125;
  output.same_top = 0.75;
  output.ln_perplexity_ratio = 0.09;
  output.ln_perplexity_ratio_error = 0.01;
  CHECK(judge(four_bits_limits, mid_size, findings_of(output)).reasons ==
        std::vector<std::string>{
            "mean KLD 0.08125 is above the limit of 0.06",
            "same likeliest token 75 % is below the limit of 90 %, and beyond twice of it",
            "ln of the perplexities' ratio 0.09 \u00b1 0.01 is above the limit of 0.05",
            "hidden states part most in block 1 of 0 to 1: off by 0.125 before, by 0.5 behind"});
}

TEST_CASE("verdict: of the perplexities' ratio what is surely lost counts", "[convert][gates]") {
  auto output = at_limits();
  output.ln_perplexity_ratio = 0.07;
  output.ln_perplexity_ratio_error = 0.0101;
  CHECK(judge(four_bits_limits, mid_size, findings_of(output)).verdict == Verdict::pass);
  output.ln_perplexity_ratio_error = 0.0099;
  CHECK(judge(four_bits_limits, mid_size, findings_of(output)).verdict == Verdict::warn);
}

TEST_CASE("verdict: the size of a model, and the operator", "[convert][gates]") {
  auto output = at_limits();
  output.kld_mean = 0.11;
  CHECK(judge(four_bits_limits, mid_size, findings_of(output)).verdict == Verdict::warn);
  const auto small = judge(four_bits_limits, {.parameters = 1'000'000'000}, findings_of(output));
  CHECK(small.verdict == Verdict::pass);
  CHECK(small.factor == 2);
  CHECK(small.limits.kld_mean == Approx(0.12));
  CHECK(small.limits.same_top == Approx(0.8));
  CHECK(judge(four_bits_limits, {.parameters = 70'000'000'000}, findings_of(output)).verdict ==
        Verdict::fail);
  const auto both =
      judge(four_bits_limits, {.parameters = 1, .limits_factor = 0.25}, findings_of(output));
  CHECK(both.factor == 0.5);
  CHECK(both.verdict == Verdict::fail);
}

TEST_CASE("verdict: a self-check is scaled by nothing", "[convert][gates]") {
  const auto* const exact = *find_limits("gguf:F32");
  auto output = at_limits();
  output.kld_mean = output.kld_p99 = output.ln_perplexity_ratio = 0;
  output.same_top = 1;
  const Scale wide{.parameters = 1, .limits_factor = 100};
  CHECK(judge(*exact, wide, findings_of(output)).verdict == Verdict::pass);
  output.kld_mean = 3e-4;
  const auto found = judge(*exact, wide, findings_of(output));
  CHECK(found.verdict == Verdict::fail);
  CHECK(found.factor == 1);
}

TEST_CASE("verdict: the alarm is above all factors", "[convert][gates]") {
  auto output = at_limits();
  const Scale wide{.parameters = 1, .limits_factor = 100};
  output.kld_mean = 1;
  CHECK(judge(four_bits_limits, wide, findings_of(output)).verdict == Verdict::pass);
  output.kld_mean = 1.01;
  const auto found = judge(four_bits_limits, wide, findings_of(output));
  CHECK(found.verdict == Verdict::fail);
  CHECK(has(found, "mean KLD 1.01 is above 1: "));
  CHECK(judge(**find_limits("gguf:Q2_K"), wide, findings_of(output)).verdict == Verdict::pass);
}

TEST_CASE("verdict: what is no number fails", "[convert][gates]") {
  const auto figure =
      GENERATE(&DivergenceSummary::kld_mean, &DivergenceSummary::kld_max,
               &DivergenceSummary::perplexity_other, &DivergenceSummary::perplexity_reference,
               &DivergenceSummary::ln_perplexity_ratio_error, &DivergenceSummary::next_rms);
  for (const auto value :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    auto output = at_limits();
    output.*figure = value;
    CHECK(judge(four_bits_limits, mid_size, findings_of(output)).verdict == Verdict::fail);
  }
}

TEST_CASE("verdict: a reference that does not know the text", "[convert][gates]") {
  auto output = at_limits();
  output.perplexity_reference = 60;
  CHECK(judge(four_bits_limits, mid_size, findings_of(output)).verdict == Verdict::pass);
  output.perplexity_reference = 61;
  const auto warned = judge(four_bits_limits, mid_size, findings_of(output));
  CHECK(warned.verdict == Verdict::warn);
  CHECK(has(warned, "the source's own perplexity 61 is above 60"));
  output.same_top = 0.1;
  CHECK(judge(four_bits_limits, mid_size, findings_of(output)).verdict == Verdict::warn);
  output.same_top = 0.9;
  output.kld_mean = 0.2;
  CHECK(judge(four_bits_limits, mid_size, findings_of(output)).verdict == Verdict::fail);
  output.kld_mean = 0.0059;
  output.kld_p99 = 0.059;
  output.same_top = 0.991;
  output.ln_perplexity_ratio = 0.0049;
  CHECK(judge(four_bits_limits, mid_size, findings_of(output)).verdict == Verdict::pass);
}

TEST_CASE("verdict: weights with a fault, and what could not be run", "[convert][gates]") {
  auto found = findings_of(at_limits());
  found.weight_faults = {"blk.0.attn_q.weight: SQNR 3 dB"};
  const auto faulty = judge(four_bits_limits, mid_size, found);
  CHECK(faulty.verdict == Verdict::fail);
  CHECK(faulty.reasons == found.weight_faults);
  found.stopped = "a tensor is missing";
  const auto none = judge(four_bits_limits, mid_size, found);
  CHECK(none.verdict == Verdict::fail);
  CHECK(none.limits.kld_p99 == 0.6);
  CHECK(none.reasons ==
        std::vector<std::string>{"a tensor is missing", "blk.0.attn_q.weight: SQNR 3 dB"});
  CHECK(name_of(none.verdict) == "fail");
  CHECK(name_of(Verdict::warn) == "warn");
  CHECK(name_of(Verdict::pass) == "pass");
}

TEST_CASE("verdict: where a result parts", "[convert][gates]") {
  CHECK(where_it_parts(std::vector{0.01, 0.02, 0.5, 0.51}) ==
        "hidden states part most in block 2 of 0 to 3: off by 0.02 before, by 0.5 behind");
  CHECK(where_it_parts(std::vector{0.5, 0.6}) ==
        "hidden states part most in block 0 of 0 to 1: off by 0 before, by 0.5 behind");
  // What comes later may rise by more, of which this is the cause.
  CHECK(where_it_parts(std::vector{0.01, 0.02, 0.08, 0.09, 0.17, 0.3}) ==
        "hidden states part most in block 2 of 0 to 5: off by 0.02 before, by 0.08 behind");
  CHECK(where_it_parts(std::vector{0.0, 0.0, 0.25}) ==
        "hidden states part most in block 2 of 0 to 2: off by 0 before, by 0.25 behind");
  constexpr auto none = std::numeric_limits<double>::quiet_NaN();
  CHECK(where_it_parts(std::vector{0.01, 0.5, none, none}) ==
        "hidden states part most in block 2 of 0 to 3: off by 0.5 before, by nan behind");
  CHECK(where_it_parts(std::vector{0.0, 0.0}) ==
        "hidden states are the same behind every block: what follows them is not");
}

}  // namespace waag::convert::testing
