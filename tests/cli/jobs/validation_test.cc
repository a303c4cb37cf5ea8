#include "cli/jobs/validation.h"

#include <sstream>

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "tests/cli/fake_http.h"

using namespace waag::cli;
using waag::cli::testing::run_with;

namespace {

const std::string validation =
    R"("validation":[{"target":"gguf:Q8_0","verdict":"pass","kld_mean":0.001,"kld_p99":0.0041,)"
    R"("same_top":0.976,"ln_perplexity_ratio":-0.0021,"limits":{"kld_mean":0.003,"kld_p99":0.03,)"
    R"("same_top":0.97,"ln_perplexity_ratio":0.002,"factor":2},"reasons":[]},)"
    R"({"target":"gguf:Q2_K","verdict":"fail","reasons":["no\u001b number"]}])";

const std::string table =
    "TARGET     VERDICT  MEAN KLD       KLD 99%        SAME TOP       LN PPL RATIO\n"
    "gguf:Q8_0  pass     0.001 (0.003)  0.0041 (0.03)  97.6% (97.0%)  -0.0021 (0.002)\n"
    "gguf:Q2_K  fail     -              -              -              -\n"
    "gguf:Q2_K: no? number\n";

}  // namespace

TEST_CASE("validation: figures beside their limits, and reasons", "[cli][jobs]") {
  std::ostringstream out;
  show_validation(out, boost::json::parse("{" + validation + "}"));
  CHECK(out.str() == table);
}

TEST_CASE("validation: nothing of what has none", "[cli][jobs]") {
  for (const auto* result : {"{}", "null", R"({"validation":1})", "[]"}) {
    std::ostringstream out;
    show_validation(out, boost::json::parse(result));
    CHECK(out.str().empty());
  }
}

TEST_CASE("validation: shown when a job is watched or shown", "[cli][jobs]") {
  const auto job = R"({"id":7,"state":"failed","error":"x","result":{)" + validation + "}}";
  const auto watched =
      run_with({"jobs", "watch", "7"}, {{200, "event: state\ndata: " + job + "\n\n", ""}});
  CHECK(watched.code == exit_refused);
  CHECK(watched.out == table);
  const auto shown = run_with({"jobs", "show", "7"}, {{200, job, ""}});
  CHECK(shown.out.ends_with(table));
}
