#include "convert/forward_job/made_weights.h"

#include <catch2/catch.hpp>

#include "tests/convert/tiny_model.h"

namespace waag::convert::testing {

TEST_CASE("made_weights: a folder's, or the model's own", "[convert][made_weights]") {
  waag::testing::ModelFolder model, made;
  TinyModel::llama().scale(1e-4f).write(model);
  TinyModel::llama().scale(2e-4f).write(made);
  const auto source = SourceModel::open(model.path());
  REQUIRE(source);
  const auto forward = Forward::open(*source);
  REQUIRE(forward);
  const auto own = open_made({}, *source, *forward);
  const auto others = open_made({.gguf = {}, .folder = made.path()}, *source, *forward);
  REQUIRE(own);
  REQUIRE(others);
  std::vector<float> ours(8), theirs(8);
  REQUIRE(own->weights->read("lm_head.weight", 1, ours));
  REQUIRE(others->weights->read("lm_head.weight", 1, theirs));
  CHECK(theirs[3] == 2 * ours[3]);
  CHECK_FALSE(open_made({.gguf = {}, .folder = made.path() / "none"}, *source, *forward));
  CHECK_FALSE(open_made({.gguf = made.path() / "none.gguf", .folder = {}}, *source, *forward));
}

TEST_CASE("made_weights: workers", "[convert][made_weights]") {
  CHECK(workers_of(3) == 3);
  CHECK(workers_of(0) >= 1);
}

}  // namespace waag::convert::testing
