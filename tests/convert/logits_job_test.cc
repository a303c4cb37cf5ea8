#include "convert/logits_job.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "tests/convert/tiny_model.h"

namespace waag::convert::testing {
namespace {

void is_bad(const std::string& text) {
  const auto spec = parse_logits_spec(text);
  CAPTURE(text);
  REQUIRE_FALSE(spec);
  CHECK(spec.error().code == Errc::invalid_argument);
}

}  // namespace

TEST_CASE("logits_job: what is asked", "[convert][logits_job]") {
  const auto spec =
      parse_logits_spec(R"({"model":"/m","gguf":"/g","tokens":[[1,2],[3]],"threads":2})");
  REQUIRE(spec);
  CHECK(spec->model == "/m");
  CHECK(spec->gguf == "/g");
  CHECK(spec->texts == std::vector<std::vector<std::uint32_t>>{{1, 2}, {3}});
  CHECK(spec->threads == 2);
  CHECK_FALSE(spec->is_of_all);
  CHECK(parse_logits_spec(R"({"model":"/m","tokens":[[1]],"of":"all"})")->is_of_all);
  CHECK(parse_logits_spec(R"({"model":"/m","tokens":[[1]]})")->gguf.empty());
}

TEST_CASE("logits_job: what is not understood", "[convert][logits_job]") {
  is_bad("");
  is_bad(R"({"tokens":[[1]]})");
  is_bad(R"({"model":"m","tokens":[[1]]})");
  is_bad(R"({"model":"/m"})");
  is_bad(R"({"model":"/m","tokens":[]})");
  is_bad(R"({"model":"/m","tokens":[1]})");
  is_bad(R"({"model":"/m","tokens":[[-1]]})");
  is_bad(R"({"model":"/m","tokens":[["a"]]})");
  is_bad(R"({"model":"/m","tokens":[[1]],"gguf":"g"})");
  is_bad(R"({"model":"/m","tokens":[[1]],"folder":"f"})");
  is_bad(R"({"model":"/m","tokens":[[1]],"gguf":"/g","folder":"/f"})");
  is_bad(R"({"model":"/m","tokens":[[1]],"threads":5000})");
  is_bad(R"({"model":"/m","tokens":[[1]],"of":"some"})");
  is_bad(R"({"model":"/m","tokens":[[1]],"more":1})");
}

TEST_CASE("logits_job: a line for each text", "[convert][logits_job]") {
  waag::testing::ModelFolder folder;
  TinyModel::llama().scale(1e-4f).write(folder);
  std::vector<boost::json::object> events;
  const auto sink = [&](std::string_view line) {
    events.push_back(boost::json::parse(line).as_object());
  };
  LogitsSpec spec;
  spec.model = folder.path();
  spec.texts = {{1, 2}, {3}};
  spec.threads = 1;
  const auto run = run_logits(spec, sink);
  if (!run) FAIL(run.error().what);
  REQUIRE(events.size() == 3);
  CHECK(events[1]["text"] == 1);
  CHECK(events[1]["logits"].as_array().size() == 5);
  CHECK(events[2]["event"] == "done");
  CHECK(events[2]["tokens"] == 3);
  const auto last = events[0]["logits"];
  events.clear();
  spec.is_of_all = true;
  REQUIRE(run_logits(spec, sink));
  REQUIRE(events.size() == 4);
  CHECK(events[1]["token"] == 1);
  CHECK(events[1]["logits"] == last);
  CHECK(events[0]["logits"] != last);
  spec.texts = {{9}};
  CHECK(run_logits(spec, sink).error().code == Errc::invalid_argument);
}

TEST_CASE("logits_job: a comparison says each block and all", "[convert][logits_job]") {
  waag::testing::ModelFolder folder;
  TinyModel::llama().scale(1e-4f).write(folder);
  std::vector<boost::json::object> events;
  const auto sink = [&](std::string_view line) {
    events.push_back(boost::json::parse(line).as_object());
  };
  LogitsSpec spec;
  spec.model = folder.path();
  spec.texts = {{1, 2, 3, 4}};
  spec.threads = 1;
  CHECK(run_comparison(spec, sink).error().code == Errc::invalid_argument);
  spec.folder = folder.path();
  const auto run = run_comparison(spec, sink);
  if (!run) FAIL(run.error().what);
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
