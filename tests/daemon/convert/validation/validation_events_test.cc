#include "daemon/convert/validation/validation_events.h"

#include <catch2/catch.hpp>

#include "tests/daemon/convert/validation/lines.h"

using namespace waag;
using namespace waag::daemon;
using namespace waag::daemon::testing;

namespace {

template <class T>
T parsed(const std::string& line) {
  const auto event = parse_validation_event(line);
  if (!event) FAIL(event.error().what);
  REQUIRE(std::holds_alternative<T>(*event));
  return std::get<T>(*event);
}

}  // namespace

TEST_CASE("validation events: the text and a tensor", "[daemon][convert]") {
  const auto text = parsed<ValidationText>(text_line);
  CHECK(text.id == "waag-evaluation-1");
  CHECK(text.sha256.hex() == std::string(64, 'a'));
  CHECK(text.tokenizer_sha256.hex() == std::string(64, 'b'));
  CHECK(text.context == 512);
  CHECK(text.tokens == 64);
  CHECK(text.places == 30);
  const auto weights = parsed<ValidationWeights>(weights_line);
  CHECK(weights.target == "gguf:F16");
  CHECK(weights.tensor ==
        certificate::Tensor{
            "t", "F16", {2, 4}, 70.5, 0.25, 0.5, *BlobId::parse(std::string(64, 'c'))});
  CHECK(weights.is_finite);
  const auto exact = parsed<ValidationWeights>(replaced(weights_line, "70.5", "null"));
  CHECK_FALSE(exact.tensor.sqnr_db);
  CHECK(exact.is_finite);
  CHECK_FALSE(parsed<ValidationWeights>(replaced(weights_line, "0.25", "null")).is_finite);
}

TEST_CASE("validation events: blocks, figures and the verdict", "[daemon][convert]") {
  const auto block = parsed<ValidationBlock>(block_line);
  CHECK(block.block == 0);
  CHECK(block.blocks == 1);
  CHECK(block.error == 0.01);
  CHECK_FALSE(parsed<ValidationBlock>(replaced(block_line, "0.01", "null")).error);
  const auto compared = parsed<ValidationCompared>(compared_line);
  CHECK(compared.figures == certificate::Figures{30, 10.5, 11, -0.04, 0.01, 0.03, 0.002, -1e-12,
                                                 0.1, 0.3, 0.5, 0.6, 1, -0.001, 0.05});
  CHECK_FALSE(parsed<ValidationCompared>(replaced(compared_line, "0.03", "null")).figures);
  const auto verdict = parsed<ValidationVerdict>(verdict_line);
  CHECK(verdict.verdict == certificate::Verdict::pass);
  CHECK(verdict.limits == certificate::Limits{0.06, 0.6, 0.9, 0.05, 2});
  auto warns = replaced(verdict_line, "[]", R"(["much\tlost"])");
  warns = replaced(warns, "pass", "warn");
  CHECK(parsed<ValidationVerdict>(warns).reasons == std::vector<std::string>{"much lost"});
  static_cast<void>(parsed<ValidationDone>(done_line));
  CHECK(parsed<ValidationError>(R"({"event":"error","message":"no\n"})").message == "no ");
}

TEST_CASE("validation events: what is none", "[daemon][convert]") {
  const auto line = GENERATE_COPY(
      std::string(""), std::string("Loading"), std::string("{}"),
      std::string(R"({"event":"plan","target":"x","tensors":1,"bytes":1})"),
      replaced(text_line, "aaaa", "zzzz"), replaced(text_line, "waag-evaluation-1", ""),
      replaced(text_line, "waag-evaluation-1", R"(\u0085)"),
      replaced(text_line, R"("places":30)", R"("places":65)"),
      replaced(text_line, R"("places":30)", R"("places":0)"),
      replaced(weights_line, "[2,4]", "[-2,4]"), replaced(weights_line, "[2,4]", "[2.5]"),
      replaced(weights_line, "[2,4]", "[1,1,1,1,1,1,1,1,1]"), replaced(weights_line, "[2,4]", "{}"),
      replaced(weights_line, "0.25", "-0.25"), replaced(weights_line, "0.25", "NaN"),
      replaced(weights_line, "0.25", "1e999"), replaced(weights_line, "0.25", "\"0\""),
      replaced(weights_line, R"("sqnr_db":70.5,)", ""),
      replaced(weights_line, R"("name":"t")", R"("name":")" + std::string(513, 't') + "\""),
      replaced(block_line, R"("block":0)", R"("block":1)"),
      replaced(block_line, R"("blocks":1)", R"("blocks":99999)"),
      replaced(compared_line, "0.03", "NaN"), replaced(compared_line, "0.03", "Infinity"),
      replaced(compared_line, "0.03", "-1"),
      replaced(compared_line, R"("same_top":1)", R"("same_top":1.01)"),
      replaced(compared_line, R"("next_rms":0.05)", R"("next":0.05)"),
      replaced(verdict_line, "pass", "good"), replaced(verdict_line, "[]", R"(["but"])"),
      replaced(verdict_line, "pass", "warn"), replaced(verdict_line, "pass", "fail"),
      replaced(verdict_line, "[]", "[1]"), replaced(verdict_line, "0.06", "-0.06"),
      replaced(verdict_line, "0.06", "null"), replaced(verdict_line, R"("factor")", R"("f")"),
      R"({"event":"error","message":")" + std::string(70'000, 'x') + "\"}");
  CAPTURE(line);
  const auto event = parse_validation_event(line);
  REQUIRE_FALSE(event);
  CHECK(event.error().code == Errc::unprocessable);
  CHECK(event.error().what.starts_with("the validation said what it must not: "));
}
