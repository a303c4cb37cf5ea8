#include "convert/progress.h"

#include <atomic>
#include <thread>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

namespace json = boost::json;
using std::chrono::steady_clock;

/// Keeps the lines, and a clock that a test sets.
struct Listener {
  steady_clock::time_point now;
  std::vector<std::string> lines;
  Progress progress{[this](std::string_view line) { lines.emplace_back(line); },
                    [this] { return now; }};

  json::object last() {
    REQUIRE_FALSE(lines.empty());
    REQUIRE(lines.back().ends_with("\n"));
    REQUIRE(lines.back().find('\n') == lines.back().size() - 1);
    return json::parse(lines.back()).as_object();
  }
};

}  // namespace

TEST_CASE("progress: a job from begin to end", "[convert][progress]") {
  Listener listener;
  auto& progress = listener.progress;
  progress.device("cpu", "", "none is there");
  CHECK(listener.last() ==
        json::parse(R"({"event":"device","device":"cpu","message":"none is there"})"));
  progress.device("cuda", "H100", "proved");
  CHECK(listener.last().at("name") == "H100");
  progress.plan("gguf:Q8_0", 3, 1000, 200);
  CHECK(listener.last() == json::parse(R"({"event":"plan","target":"gguf:Q8_0","tensors":3,
      "bytes":1000,"done_bytes":200})"));

  // No time has passed: no rate.
  progress.tensor("a", "F32", 100);
  CHECK(listener.last() == json::parse(R"({"event":"tensor","target":"gguf:Q8_0","name":"a",
      "type":"F32","bytes":100,"done_bytes":300,"total_bytes":1000})"));

  // Of this run alone: 300 bytes in 2 s, 500 left.
  listener.now += std::chrono::seconds(2);
  progress.tensor("b", "Q8_0", 200);
  CHECK(listener.last() == json::parse(R"({"event":"tensor","target":"gguf:Q8_0","name":"b",
      "type":"Q8_0","bytes":200,"done_bytes":500,"total_bytes":1000,"bytes_per_s":150,
      "eta_s":3})"));

  // A header counts with the tensor behind it.
  progress.add(50);
  progress.tensor("c", "Q8_0", 450);
  CHECK(listener.last().at("bytes") == 450);
  CHECK(listener.last().at("done_bytes") == 1000);

  const auto id = BlobId::parse(std::string(64, 'a'));
  REQUIRE(id);
  progress.file("m.gguf", 1000, *id);
  auto file = listener.last();
  CHECK(file["event"] == "file");
  CHECK(file["path"] == "m.gguf");
  CHECK(file["size"] == 1000);
  CHECK(file["sha256"].as_string() == std::string_view(id->hex()));
  progress.warning("look out");
  CHECK(listener.last() ==
        json::parse(R"({"event":"warning","target":"gguf:Q8_0","message":"look out"})"));
  progress.done();
  CHECK(listener.last() == json::parse(R"({"event":"done"})"));
}

TEST_CASE("progress: more bytes than planned leave nothing to wait for", "[convert][progress]") {
  Listener listener;
  listener.progress.plan("t", 1, 10, 0);
  listener.now += std::chrono::seconds(1);
  listener.progress.tensor("a", "F32", 20);
  CHECK(listener.last()["eta_s"] == 0);
}

TEST_CASE("progress: the next target counts anew", "[convert][progress]") {
  Listener listener;
  listener.progress.plan("first", 1, 10, 0);
  listener.progress.tensor("a", "F32", 10);
  listener.now += std::chrono::seconds(5);
  listener.progress.plan("second", 1, 40, 0);
  listener.now += std::chrono::seconds(1);
  listener.progress.tensor("a", "F32", 20);
  auto event = listener.last();
  CHECK(event["target"] == "second");
  CHECK(event["done_bytes"] == 20);
  CHECK(event["bytes_per_s"] == 20);
  CHECK(event["eta_s"] == 1);
}

TEST_CASE("progress: texts are escaped, a line stays a line", "[convert][progress]") {
  Listener listener;
  listener.progress.error("a \"b\"\nc\x01");
  CHECK(listener.last()["message"] == "a \"b\"\nc\x01");
}

TEST_CASE("progress: lines of several threads do not mix", "[convert][progress]") {
  std::size_t lines = 0;  // counted by the sink, which must never run twice at a time
  std::atomic<int> inside{0};
  bool is_mixed = false;
  Progress progress([&](std::string_view) {
    if (inside.fetch_add(1) != 0) is_mixed = true;
    ++lines;
    std::this_thread::yield();
    inside.fetch_sub(1);
  });
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int k = 0; k < 200; ++k) {
          progress.tensor("a", "F32", 1);
          progress.error("e");
          progress.done();
        }
      });
  }
  CHECK(lines == 4 * 200 * 3);
  CHECK_FALSE(is_mixed);
}

}  // namespace waag::convert::testing
