#include "convert/validation_job/validation_job.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "tests/convert/tiny_model.h"

namespace waag::convert::testing {
namespace {

using waag::testing::ModelFolder;

/// A model, results that are folders, and what their validation says.
struct Validation {
  Validation() {
    TinyModel::llama().scale(1e-4f).write(model);
    spec.model = model.path();
    spec.tokens = {{1, 2, 3, 4}, {4, 3, 2, 1}};
    spec.threads = 1;
  }
  void add(const std::string& target, const std::filesystem::path& folder) {
    const auto limits = find_limits(target);
    REQUIRE(limits);
    spec.results.push_back({target, *limits, {.gguf = {}, .folder = folder}});
  }
  Status run() {
    return run_validation(spec, [&](std::string_view line) {
      CHECK(line.back() == '\n');
      events.push_back(boost::json::parse(line).as_object());
    });
  }
  /// Of the events, one after the other; those of weights, one for each tensor, once.
  [[nodiscard]] std::string names() const {
    std::string all;
    for (const auto& event : events) {
      const auto name = std::string(event.at("event").as_string()) + " ";
      if (name != "weights " || !all.ends_with(name)) all += name;
    }
    return all;
  }
  boost::json::object first(std::string_view name) {
    for (auto& event : events)
      if (event["event"].as_string() == name) return event;
    FAIL("no " << name);
    return {};
  }
  boost::json::object verdict(const std::string& target) {
    for (auto& event : events)
      if (event["event"] == "verdict" && event["target"].as_string() == target) return event;
    FAIL("no verdict of " << target);
    return {};
  }

  ModelFolder model;
  ValidationSpec spec;
  std::vector<boost::json::object> events;
};

}  // namespace

TEST_CASE("validation_job: what is the same passes", "[convert][validation]") {
  Validation job;
  job.add("safetensors:int8", job.model.path());
  const auto status = job.run();
  if (!status) FAIL(status.error().what);
  CHECK(job.names() == "text weights block compared verdict done ");
  CHECK(job.events[0]["tokens"] == 8);
  CHECK(job.events[0]["places"] == 2);
  CHECK(job.events[0]["id"] == "tokens");
  CHECK(job.first("compared")["kld_max"].as_double() < 1e-12);
  CHECK(job.first("weights")["sqnr_db"].is_null());
  CHECK(job.verdict("safetensors:int8")["verdict"] == "pass");
  CHECK(job.verdict("safetensors:int8")["limits"].at("factor") == 2.0);
  CHECK(job.events.back()["tokens"] == 8);
}

TEST_CASE("validation_job: one that is no such model fails, others are judged",
          "[convert][validation]") {
  Validation job;
  ModelFolder other, smaller;
  TinyModel::llama().scale(1e-2f).write(other);
  TinyModel::llama().remove("model.norm.weight").write(smaller);
  job.add("safetensors:int8", smaller.path());
  job.add("safetensors:nvfp4", other.path());
  job.add("safetensors:w4a16", job.model.path());
  const auto status = job.run();
  if (!status) FAIL(status.error().what);
  CHECK(job.names() == "text weights block block verdict compared verdict compared verdict done ");
  CHECK(job.verdict("safetensors:int8")["verdict"] == "fail");
  CHECK(job.verdict("safetensors:int8")["reasons"].as_array().size() == 1);
  CHECK(job.verdict("safetensors:nvfp4")["verdict"] == "fail");
  CHECK(job.verdict("safetensors:w4a16")["verdict"] == "pass");
}

TEST_CASE("validation_job: the operator's factor", "[convert][validation]") {
  Validation job;
  job.spec.limits_factor = 0.5;
  job.add("safetensors:int8", job.model.path());
  REQUIRE(job.run());
  CHECK(job.verdict("safetensors:int8")["limits"].at("factor") == 1.0);
}

TEST_CASE("validation_job: what is no verdict", "[convert][validation]") {
  Validation job;
  job.add("safetensors:int8", job.model.path() / "none");
  CHECK(job.run().error().code == Errc::not_found);
  job.spec.results.clear();
  job.add("safetensors:int8", job.model.path());
  job.spec.tokens = {{1, 99}};
  CHECK(job.run().error().code == Errc::invalid_argument);
  job.spec.tokens = {{1}};
  CHECK(job.run().error().code == Errc::invalid_argument);
  job.spec.model = job.model.path() / "none";
  CHECK_FALSE(job.run());
  CHECK(job.names().find("verdict") == std::string::npos);
}

}  // namespace waag::convert::testing
