#include "convert/forward_job/events.h"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

namespace waag::convert::testing {

TEST_CASE("events: the end counts tokens", "[convert][events]") {
  const std::vector<std::vector<std::uint32_t>> texts{{1, 2}, {3}};
  const auto line = end_line(texts, std::chrono::steady_clock::now());
  CHECK(line.back() == '\n');
  const auto event = boost::json::parse(line).as_object();
  CHECK(event.at("event") == "done");
  CHECK(event.at("tokens") == 3);
  CHECK(event.at("seconds").is_double());
}

TEST_CASE("events: a figure that is no number is null", "[convert][events]") {
  DivergenceSummary summary;
  summary.places = 4;
  summary.kld_p99 = 0.5;
  summary.kld_mean = std::numeric_limits<double>::quiet_NaN();
  summary.perplexity_other = std::numeric_limits<double>::infinity();
  const auto members = members_of(summary);
  CHECK(members.at("places") == 4);
  CHECK(members.at("kld_p99") == 0.5);
  CHECK(members.at("kld_mean").is_null());
  CHECK(members.at("perplexity_other").is_null());
}

}  // namespace waag::convert::testing
