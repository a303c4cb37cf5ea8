#include "convert/forward_job/logits_job.h"

#include <catch2/catch.hpp>

#include "tests/convert/forward_job/texts_job.h"

namespace waag::convert::testing {

TEST_CASE("logits_job: a line for each text", "[convert][logits_job]") {
  TextsJob job({{1, 2}, {3}});
  auto& spec = job.spec;
  auto& events = job.events;
  const auto run = run_logits(spec, job.sink());
  if (!run) FAIL(run.error().what);
  REQUIRE(events.size() == 3);
  CHECK(events[1]["text"] == 1);
  CHECK(events[1]["logits"].as_array().size() == 5);
  CHECK(events[2]["event"] == "done");
  CHECK(events[2]["tokens"] == 3);
  const auto last = events[0]["logits"];
  events.clear();
  spec.is_of_all = true;
  REQUIRE(run_logits(spec, job.sink()));
  REQUIRE(events.size() == 4);
  CHECK(events[1]["token"] == 1);
  CHECK(events[1]["logits"] == last);
  CHECK(events[0]["logits"] != last);
  spec.texts = {{9}};
  CHECK(run_logits(spec, job.sink()).error().code == Errc::invalid_argument);
}

}  // namespace waag::convert::testing
