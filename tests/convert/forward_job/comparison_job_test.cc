#include "convert/forward_job/comparison_job.h"

#include <catch2/catch.hpp>

#include "tests/convert/forward_job/texts_job.h"

namespace waag::convert::testing {

TEST_CASE("comparison_job: says each block and all", "[convert][comparison_job]") {
  TextsJob job({{1, 2, 3, 4}});
  job.spec.made.folder = job.spec.model;
  const auto run = run_comparison(job.spec, job.sink());
  if (!run) FAIL(run.error().what);
  auto& events = job.events;
  REQUIRE(events.size() == 3);
  CHECK(events[0]["event"] == "block");
  CHECK(events[0]["error"] == 0.0);
  CHECK(events[1]["event"] == "compared");
  CHECK(events[1]["places"] == 1);
  CHECK(events[1]["same_top"] == 1.0);
  CHECK(events[1]["perplexity_reference"] == events[1]["perplexity_other"]);
  CHECK(events[2]["event"] == "done");
}

}  // namespace waag::convert::testing
