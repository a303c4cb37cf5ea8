#include "protocol/xet/remote/remote_plan.h"

#include <catch2/catch.hpp>

namespace waag::xet {
namespace {

XorbHash xorb(int value) {
  XorbHash hash;
  hash.bytes.fill(static_cast<std::byte>(value));
  return hash;
}

/// Two xorbs; the first is used twice, and fetched in one range.
Plan sample() {
  Plan plan;
  plan.offset_into_first_range = 17;
  plan.terms = {{xorb(1), 2, 4, 20'000}, {xorb(2), 0, 1, 9'000}, {xorb(1), 4, 5, 8'000}};
  plan.xorbs = {{xorb(1), {{2, 5, 100, 28'124}}},
                {xorb(2), {{0, 1, 0, 9'008}, {7, 9, 20'000, 30'000}}}};
  return plan;
}

std::string url(const XorbHash& of, std::span<const FetchRange> ranges) {
  return "https://cas/" + xet_string(of) + "/" + std::to_string(ranges.size());
}

/// The answer of one term of one xorb, with `term` and `range` as JSON.
std::string answer(const std::string& term, const std::string& range, int offset = 0) {
  const auto hash = xet_string(xorb(1));
  return R"({"offset_into_first_range":)" + std::to_string(offset) + R"(,"terms":[{"hash":")" +
         hash + "\"," + term + R"(}],"fetch_info":{")" + hash + R"(":[{"url":"http://a/",)" +
         range + "}]}}";
}
const std::string good_term = R"("unpacked_length":100,"range":{"start":0,"end":2})";
const std::string good_range = R"("range":{"start":0,"end":2},"url_range":{"start":0,"end":115})";

}  // namespace

TEST_CASE("remote_plan: what we write ourselves is read, in both versions",
          "[protocol][remote_plan]") {
  const auto plan = sample();
  const bool second = GENERATE(false, true);
  const auto text = second ? plan_json_v2(plan, url, 8) : plan_json_v1(plan, url);
  const auto read = parse_remote_plan(text);
  REQUIRE(read);
  CHECK(read->offset_into_first_range == 17);
  CHECK(read->terms == plan.terms);
  REQUIRE(read->ranges.size() == 2);
  for (const auto& fetch : plan.xorbs) {
    const auto& ranges = read->ranges.at(fetch.xorb);
    REQUIRE(ranges.size() == fetch.ranges.size());
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      CHECK(ranges[i].at == fetch.ranges[i]);
      CHECK(ranges[i].url ==
            url(fetch.xorb, second ? std::span(fetch.ranges) : std::span(fetch.ranges).first(1)));
    }
  }
  CHECK(read->range_of(plan.terms[2]).at == FetchRange{2, 5, 100, 28'124});
}

TEST_CASE("remote_plan: the shortest range that holds a term is its range",
          "[protocol][remote_plan]") {
  auto plan = sample();
  plan.xorbs[0].ranges = {{0, 9, 0, 80'000}, {2, 5, 100, 28'124}, {2, 4, 100, 20'116}};
  const auto read = parse_remote_plan(plan_json_v1(plan, url));
  REQUIRE(read);
  CHECK(read->range_of(plan.terms[0]).at.end == 4);
  CHECK(read->range_of(plan.terms[2]).at.end == 5);
}

TEST_CASE("remote_plan: an empty file has no terms", "[protocol][remote_plan]") {
  const auto read =
      parse_remote_plan(R"({"offset_into_first_range":0,"terms":[],"fetch_info":{},"more":[1]})");
  REQUIRE(read);
  CHECK(read->terms.empty());
}

TEST_CASE("remote_plan: what contradicts itself is the upstream's failure",
          "[protocol][remote_plan]") {
  REQUIRE(parse_remote_plan(answer(good_term, good_range)));
  const auto text = GENERATE(
      std::string("null"), std::string("{}"), std::string("<html>"),
      std::string(R"({"offset_into_first_range":0,"terms":[]})"),
      answer(R"("unpacked_length":1,"range":{"start":0,"end":2})", good_range),
      answer(R"("unpacked_length":262145,"range":{"start":0,"end":2})", good_range),
      answer(R"("unpacked_length":100,"range":{"start":2,"end":2})", good_range),
      answer(R"("unpacked_length":100,"range":{"start":1,"end":3})", good_range),
      answer(R"("unpacked_length":100,"range":{"start":-1,"end":2})", good_range),
      answer(R"("unpacked_length":9000,"range":{"start":0,"end":8193})",
             R"("range":{"start":0,"end":8193},"url_range":{"start":0,"end":999999})"),
      answer(good_term, R"("range":{"start":0,"end":2},"url_range":{"start":0,"end":16})"),
      answer(good_term, R"("range":{"start":0,"end":2},"url_range":{"start":0,"end":999999})"),
      answer(good_term, R"("range":{"start":0,"end":2},"url_range":{"start":9,"end":1})"),
      answer(good_term,
             R"("range":{"start":0,"end":2},"url_range":{"start":90000000,"end":90000100})"),
      answer(good_term, R"("range":{"start":0,"end":1},"url_range":{"start":0,"end":115})"),
      answer(good_term, good_range, 100));
  CAPTURE(text);
  const auto read = parse_remote_plan(text);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == Errc::upstream_failed);
}

}  // namespace waag::xet
