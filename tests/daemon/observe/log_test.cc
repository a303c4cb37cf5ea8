#include "daemon/observe/log.h"

#include <catch2/catch.hpp>

namespace waag::daemon {
namespace {

class FixedClock final : public storage::Clock {
 public:
  std::chrono::milliseconds now() const override {
    return std::chrono::milliseconds(1764000000123);
  }
};

std::string written(const LogLine& line, Log::Options options = {}) {
  FixedClock clock;
  std::string out;
  {
    Log log(clock, options, [&](std::string_view block) { out += block; });
    log.write(line);
  }
  return out;
}

}  // namespace

TEST_CASE("log: keys in one order, empty ones left out", "[daemon][log]") {
  LogLine line;
  line.event = "request";
  line.request_id = "r1";
  line.route = "resolve";
  line.repo = "a/b";
  line.revision = "main";
  line.status = 200;
  line.bytes = 12;
  line.ms = 1.5;
  CHECK(written(line) ==
        "ts=2025-11-24T16:00:00.123Z level=info event=request request_id=r1 route=resolve "
        "repo=a/b revision=main status=200 bytes=12 ms=1.500\n");
  Log::Options json;
  json.json = true;
  CHECK(written(line, json) ==
        R"({"ts":"2025-11-24T16:00:00.123Z","level":"info","event":"request","request_id":"r1",)"
        R"("route":"resolve","repo":"a/b","revision":"main","status":200,"bytes":12,"ms":1.500})"
        "\n");
}

TEST_CASE("log: no value can forge a line or a key", "[daemon][log]") {
  LogLine line;
  line.event = "request";
  line.revision = "a\nlevel=error \"x\" \x1b[31m";
  const auto text = written(line);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  CHECK(text.find(R"(revision="a\u000alevel=error \"x\" \u001b[31m")") != std::string::npos);
}

TEST_CASE("log: tokens and signatures are masked", "[daemon][log]") {
  LogLine line;
  line.event = "request";
  line.err = "bad hf_abcdefgh12345678XYZ and /x?X-Waag-Signature=deadbeef&y=1 but hf_hub stays";
  const auto text = written(line);
  CHECK(text.find("abcdefgh") == std::string::npos);
  CHECK(text.find("deadbeef") == std::string::npos);
  CHECK(text.find("y=1 but hf_hub stays") != std::string::npos);
}

TEST_CASE("log: levels, and when a line reaches the sink", "[daemon][log]") {
  FixedClock clock;
  std::string out;
  Log log(clock, {LogLevel::info, false}, [&](std::string_view block) { out += block; });
  LogLine line;
  line.event = "quiet";
  line.level = LogLevel::debug;
  log.write(line);
  line.event = "later";
  line.level = LogLevel::info;
  log.write(line);
  CHECK(out.empty());
  line.event = "now";
  line.level = LogLevel::warn;
  log.write(line);
  CHECK(out.find("quiet") == std::string::npos);
  CHECK(out.find("event=later") < out.find("event=now"));
}

}  // namespace waag::daemon
