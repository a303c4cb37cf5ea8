#include "convert/validation_job/evaluation.h"

#include <catch2/catch.hpp>

#include "tests/convert/tiny_model.h"

namespace waag::convert::testing {

TEST_CASE("evaluation: tokens are chunks as they are", "[convert][validation]") {
  waag::testing::ModelFolder folder;
  TinyModel::llama().write(folder);
  const auto source = SourceModel::open(folder.path());
  REQUIRE(source);
  ValidationSpec spec;
  spec.model = folder.path();
  spec.tokens = {{1, 2, 3}, {4}};
  const auto found = read_evaluation(spec, *source);
  REQUIRE(found);
  CHECK(found->id == "tokens");
  CHECK(found->sha256.empty());
  CHECK(found->context == 3);
  CHECK(found->chunks == spec.tokens);
  CHECK(found->tokens() == 4);
}

}  // namespace waag::convert::testing
