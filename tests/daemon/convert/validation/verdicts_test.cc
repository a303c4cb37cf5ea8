#include "daemon/convert/validation/verdicts.h"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::daemon;
using certificate::Verdict;

namespace {

TargetValidation result(Verdict verdict, std::vector<std::string> reasons) {
  TargetValidation made;
  made.figures = certificate::Figures{30,  10.5, 11,  0.04, 0.01, 0.03,   0.002, 0.02,
                                      0.1, 0.3,  0.5, 0.6,  0.93, -0.001, 0.05};
  made.verdict = verdict;
  made.limits = {0.06, 0.6, 0.9, 0.05, 2};
  made.reasons = std::move(reasons);
  return made;
}

}  // namespace

TEST_CASE("verdicts: none, and good ones", "[daemon][convert]") {
  CHECK(Verdicts().status());
  CHECK(Verdicts().to_json().empty());
  const Verdicts good({{"gguf:F16", result(Verdict::pass, {})}});
  CHECK(good.status());
  CHECK(good.warnings().empty());
  CHECK_FALSE(good.has_failed("gguf:F16"));
  CHECK(boost::json::serialize(good.to_json()) ==
        R"([{"target":"gguf:F16","verdict":"pass","places":30,"perplexity_reference":1.05E1,)"
        R"("perplexity_other":1.1E1,"ln_perplexity_ratio":4E-2,)"
        R"("ln_perplexity_ratio_error":1E-2,"kld_mean":3E-2,"kld_error":2E-3,"kld_p99":3E-1,)"
        R"("kld_max":6E-1,"same_top":9.3E-1,"limits":{"kld_mean":6E-2,"kld_p99":6E-1,)"
        R"("same_top":9E-1,"ln_perplexity_ratio":5E-2,"factor":2E0},"reasons":[],)"
        R"("certificate":"certificates/F16.json"}])");
}

TEST_CASE("verdicts: a warning and failures", "[daemon][convert]") {
  auto broken = result(Verdict::fail, std::vector<std::string>(9, "no number"));
  broken.figures.reset();
  const Verdicts verdicts({{"gguf:F16", result(Verdict::warn, {"a", "b"})},
                           {"gguf:Q2_K", result(Verdict::fail, {"mean KLD is above 0.02"})},
                           {"safetensors:int8", broken}});
  CHECK(verdicts.warnings() == std::vector<std::string>{"gguf:F16 lost more than usual: a; b"});
  CHECK(verdicts.has_failed("gguf:Q2_K"));
  CHECK_FALSE(verdicts.has_failed("gguf:F16"));
  const auto status = verdicts.status();
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Errc::unprocessable);
  CHECK(status.error().what.starts_with(
      "gguf:Q2_K lost too much and is not published: mean KLD is above 0.02 (mean KLD 0.03, 99 % "
      "0.3, same top 93.0 %, ln of the ratio of perplexities 0.04). safetensors:int8 lost"));
  CHECK(status.error().what.ends_with("no number; and others"));
  const auto json = verdicts.to_json();
  CHECK_FALSE(json[1].as_object().contains("certificate"));
  CHECK_FALSE(json[2].as_object().contains("kld_mean"));
  CHECK(json[2].at("reasons").as_array().size() == 8);
}
