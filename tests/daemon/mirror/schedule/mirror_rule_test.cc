#include "daemon/mirror/schedule/mirror_rule.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "protocol/hub/dates.h"

using namespace waag;
using namespace waag::daemon;
using boost::json::object;
using storage::TimeMs;

namespace {

MirrorRule rule_of(const object& more) {
  object from{{"name", "nightly"}, {"repos", {"acme/*", "other/tiny"}}};
  for (const auto& [key, value] : more) from[key] = value;
  auto made = MirrorRule::make(from);
  if (!made) FAIL(made.error().what);
  made->created = *hub::parse_date("2026-11-26T12:00:00Z");
  return *std::move(made);
}

TimeMs at(const std::string& text) { return *hub::parse_date(text); }

}  // namespace

TEST_CASE("mirror rule: stored and read back", "[daemon][mirror]") {
  auto rule = rule_of({{"type", "dataset"},
                       {"revisions", {"main", "v*"}},
                       {"include", {"*.csv"}},
                       {"exclude", {"x/"}},
                       {"every", "6h"},
                       {"window", "22:00-06:00"}});
  CHECK(rule.every_s == 6 * 3600);
  rule.owner = "root";
  rule.last_run = TimeMs(5);
  rule.last_error = "acme/*: down";
  rule.last_jobs = {3, 4};
  const auto back = MirrorRule::decode(rule.encode());
  REQUIRE(back);
  CHECK(back->encode() == rule.encode());
  CHECK(back->owner == "root");
  CHECK(back->created == rule.created);
  CHECK(back->last_run == TimeMs(5));
  CHECK(back->last_error == "acme/*: down");
  CHECK(back->last_jobs == std::vector<std::uint64_t>{3, 4});
  CHECK(back->type == RepoType::dataset);
  CHECK(back->revisions == std::vector<std::string>{"main", "v*"});
  CHECK(MirrorRule::decode("{}").error().code == Errc::corrupt);
  CHECK(MirrorRule::decode("x").error().code == Errc::corrupt);
}

TEST_CASE("mirror rule: what is to be converted", "[daemon][mirror]") {
  const auto rule = rule_of({{"convert", {"gguf:Q4_K_M", "safetensors:int8"}}});
  const auto back = MirrorRule::decode(rule.encode());
  REQUIRE(back);
  CHECK(back->convert == std::vector<std::string>{"gguf:Q4_K_M", "safetensors:int8"});
}

TEST_CASE("mirror rule: a change is whole or none", "[daemon][mirror]") {
  auto rule = rule_of({{"every", 3600}});
  REQUIRE(rule.change({{"cron", "0 2 * * *"}, {"name", "other"}}));
  CHECK(rule.name == "nightly");
  CHECK(rule.every_s == 0);
  REQUIRE(rule.change({{"every", "1d"}, {"paused", true}}));
  CHECK(rule.cron.empty());
  CHECK(rule.paused);
  const auto before = rule.encode();
  CHECK_FALSE(rule.change({{"paused", false}, {"repos", {"*/*"}}}));
  CHECK(rule.encode() == before);
}

TEST_CASE("mirror rule: what is none", "[daemon][mirror]") {
  const auto bad = GENERATE(
      object{{"name", ""}}, object{{"name", "a b"}}, object{{"repos", boost::json::array{}}},
      object{{"repos", {"*/tiny"}}}, object{{"repos", {"acme"}}}, object{{"repos", {"acme/a/b"}}},
      object{{"repos", {"acme/"}}}, object{{"every", "soon"}}, object{{"every", 5}},
      object{{"every", "1h"}, {"cron", "* * * * *"}}, object{{"cron", "* * *"}},
      object{{"cron", "0 0 30 2 *"}}, object{{"window", "night"}}, object{{"type", "car"}},
      object{{"convert", {"gguf:Q9"}}}, object{{"type", "dataset"}, {"convert", {"gguf:F16"}}},
      object{{"paused", 1}}, object{{"revisions", "main"}}, object{{"rate", "fast"}},
      object{{"rate", "20MB"}}, object{{"rate", 9'999}}, object{{"rate", "1001G"}},
      object{{"rate", -5}}, object{{"rate", true}}, object{{"rate", "99999999999999999999"}});
  object from{{"name", "nightly"}, {"repos", {"acme/*"}}};
  for (const auto& [key, value] : bad) from[key] = value;
  CAPTURE(boost::json::serialize(from));
  const auto made = MirrorRule::make(from);
  REQUIRE_FALSE(made);
  CHECK(made.error().code == Errc::invalid_argument);
}

TEST_CASE("mirror rule: when it is due", "[daemon][mirror]") {
  SECTION("an interval: at once, then ever after it") {
    auto rule = rule_of({{"every", "1h"}});
    CHECK(rule.is_due(rule.created));
    rule.last_run = at("2026-11-26T12:30:00Z");
    CHECK(rule.next_run() == at("2026-11-26T13:30:00Z"));
    CHECK_FALSE(rule.is_due(at("2026-11-26T13:29:59Z")));
    CHECK(rule.is_due(at("2026-11-26T13:30:00Z")));
    rule.last_error = "down";
    CHECK(rule.is_due(at("2026-11-26T12:40:00Z")));
    rule.paused = true;
    CHECK_FALSE(rule.is_due(at("2026-11-27T12:00:00Z")));
  }
  SECTION("cron: not before the first time after it was made") {
    auto rule = rule_of({{"cron", "0 2 * * *"}});
    CHECK_FALSE(rule.is_due(at("2026-11-27T01:59:59Z")));
    CHECK(rule.is_due(at("2026-11-27T02:00:00Z")));
    rule.last_run = at("2026-11-27T02:00:05Z");
    CHECK_FALSE(rule.is_due(at("2026-11-27T12:00:00Z")));
    CHECK(rule.is_due(at("2026-11-28T09:00:00Z")));  // late, as the hub was off
  }
  SECTION("a window holds it back") {
    const auto rule = rule_of({{"every", "1h"}, {"window", "22:00-06:00"}});
    CHECK_FALSE(rule.is_due(at("2026-11-26T12:00:00Z")));
    CHECK(rule.is_due(at("2026-11-26T22:00:00Z")));
  }
  SECTION("neither: only when told") {
    CHECK_FALSE(rule_of({}).next_run());
    CHECK_FALSE(rule_of({}).is_due(at("2027-11-26T12:00:00Z")));
  }
}

TEST_CASE("mirror rule: which names are its own", "[daemon][mirror]") {
  const auto rule = rule_of({});
  for (const auto* name : {"any", "tiny-GGUF"}) CHECK(rule.covers({RepoType::model, "acme", name}));
  CHECK(rule.covers({RepoType::model, "other", "tiny"}));
  CHECK_FALSE(rule.covers({RepoType::model, "other", "tiny-GGUF"}));
  CHECK_FALSE(rule.covers({RepoType::model, "acme2", "tiny"}));
  CHECK_FALSE(rule.covers({RepoType::dataset, "acme", "any"}));
}

TEST_CASE("mirror rule: intervals", "[daemon][mirror]") {
  CHECK(*parse_interval("90") == 90);
  CHECK(*parse_interval("90s") == 90);
  CHECK(*parse_interval("30m") == 1800);
  CHECK(*parse_interval("1d") == 86400);
  for (const auto* text : {"", "h", "1w", "1h30", "-1h", "99999999999999999999h"})
    CHECK_FALSE(parse_interval(text));
}

TEST_CASE("mirror rule: its rate", "[daemon][mirror]") {
  CHECK(*parse_rate("50000") == 50'000);
  CHECK(*parse_rate("500K") == 500'000);
  CHECK(*parse_rate("500k") == 500'000);
  CHECK(*parse_rate("20M") == 20'000'000);
  CHECK(*parse_rate("1G") == 1'000'000'000);
  for (const auto* text : {"", "M", "20MB", "-1M", "1.5M", "20 M"}) CHECK_FALSE(parse_rate(text));

  auto rule = rule_of({{"rate", "20M"}});
  CHECK(rule.rate_bytes == 20'000'000);
  CHECK(rule.to_json().at("rate") == 20'000'000);
  CHECK(MirrorRule::decode(rule.encode())->rate_bytes == 20'000'000);
  REQUIRE(rule.change({{"rate", 30'000}}));
  REQUIRE(rule.change({{"paused", true}}));
  CHECK(rule.rate_bytes == 30'000);
  REQUIRE(rule.change({{"rate", nullptr}}));
  CHECK(rule.rate_bytes == 0);
  CHECK_FALSE(rule.to_json().contains("rate"));
}

TEST_CASE("mirror rule: a row from before rules had a rate", "[daemon][mirror]") {
  const auto old = MirrorRule::decode(
      R"({"name":"nightly","type":"model","repos":["acme/*"],"revisions":[],"every":3600,)"
      R"("window":"22:00-06:00","paused":false,"owner":"root","created":5,"last_run":6,)"
      R"("last_jobs":[7]})");
  REQUIRE(old);
  CHECK(old->rate_bytes == 0);
  CHECK(old->window == "22:00-06:00");
  CHECK(old->last_jobs == std::vector<std::uint64_t>{7});
}
