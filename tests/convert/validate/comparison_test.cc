#include "convert/validate/comparison.h"

#include <catch2/catch.hpp>

#include "convert/forward/weights/source_weights.h"
#include "tests/convert/tiny_model.h"

namespace waag::convert::testing {
namespace {

using waag::testing::ModelFolder;
using Texts = std::vector<std::vector<std::uint32_t>>;

/// A model's weights with those of one tensor halved.
class Damaged final : public ModelWeights {
 public:
  Damaged(const ModelWeights& weights, std::string name)
      : weights_(weights), name_(std::move(name)) {}
  std::optional<std::vector<std::uint64_t>> shape(std::string_view name) const override {
    return weights_.shape(name);
  }
  Status read(std::string_view name, std::uint64_t first_row,
              std::span<float> values) const override {
    WAAG_CHECK(weights_.read(name, first_row, values));
    if (name == name_)
      for (auto& value : values) value /= 2;
    return ok();
  }

 private:
  const ModelWeights& weights_;
  const std::string name_;
};

struct Compared {
  Result<std::vector<PlaceDivergence>> places;
  std::vector<double> errors;  // of blocks
};

/// @param damaged  tensor; "": none
Compared compare(const Texts& texts, const std::string& damaged = "") {
  ModelFolder folder;
  TinyModel::llama().scale(1e-4f).write(folder);
  const auto source = SourceModel::open(folder.path());
  REQUIRE(source);
  const auto forward = Forward::open(*source);
  if (!forward) FAIL(forward.error().what);
  const SourceModelWeights own(*source, forward->facts().of);
  const Damaged other(own, damaged);
  Workers workers(1);
  std::vector<double> errors;
  auto places = compare_models(*forward, {own, workers}, {other, workers}, texts,
                               [&](std::uint64_t block, double error) {
                                 REQUIRE(block == errors.size());
                                 errors.push_back(error);
                               });
  return {std::move(places), std::move(errors)};
}

}  // namespace

TEST_CASE("comparison: a model is itself", "[convert][validate]") {
  const auto same = compare({{1, 2, 3, 4, 1, 2}});
  REQUIRE(same.places);
  CHECK(same.places->size() == 2);  // tokens 3 and 4, which predict 4 and 5
  for (const auto& place : *same.places) {
    CHECK(std::abs(place.kld) < 1e-12);
    CHECK(place.nll_reference > 0);
    CHECK(place.has_same_top);
  }
  CHECK(same.errors == std::vector<double>{0});
}

TEST_CASE("comparison: damage is seen in the block that has it, and behind the model",
          "[convert][validate]") {
  const auto block = compare({{1, 2, 3, 4}}, "model.layers.0.mlp.down_proj.weight");
  REQUIRE(block.places);
  CHECK(block.errors[0] > 1e-6);
  const auto head = compare({{1, 2, 3, 4}}, "lm_head.weight");
  REQUIRE(head.places);
  CHECK(head.errors == std::vector<double>{0});
  CHECK(head.places->front().kld > 0);
  CHECK(head.places->front().nll_reference != head.places->front().nll_other);
}

TEST_CASE("comparison: what there is to predict", "[convert][validate]") {
  CHECK(compare({{1, 2}}).places->size() == 1);
  CHECK(compare({{1}, {2, 3, 4}, {1, 2, 3, 4, 1}}).places->size() == 1 + 2);
  const auto none = compare({{1}, {2}});
  REQUIRE_FALSE(none.places);
  CHECK(none.places.error().code == Errc::invalid_argument);
  CHECK(compare({{1, 999}}).places.error().code == Errc::invalid_argument);
}

}  // namespace waag::convert::testing
