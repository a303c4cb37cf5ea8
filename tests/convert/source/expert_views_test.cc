#include "convert/source/expert_views.h"

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

using Shape = std::vector<std::uint64_t>;

SourceTensor fused(const std::string& what, Shape shape) {
  SourceTensor tensor;
  tensor.name = "model.layers.3.mlp.experts." + what;
  tensor.shape = std::move(shape);
  tensor.dtype = model::Dtype::f16;
  tensor.requantized_from = "awq";
  return tensor;
}

}  // namespace

TEST_CASE("expert_views: gate and up, expert by expert", "[convert][pipeline]") {
  const auto views = expert_views(fused("gate_up_proj", {3, 8, 16}), 16, 4);
  REQUIRE(views.size() == 6);
  CHECK(views[0].tensor.name == "model.layers.3.mlp.experts.0.gate_proj.weight");
  CHECK(views[1].tensor.name == "model.layers.3.mlp.experts.0.up_proj.weight");
  CHECK(views[5].tensor.name == "model.layers.3.mlp.experts.2.up_proj.weight");
  for (std::size_t i = 0; i < views.size(); ++i) {
    CHECK(views[i].first_row == 4 * i);
    CHECK(views[i].tensor.shape == Shape{4, 16});
    CHECK(views[i].tensor.dtype == model::Dtype::f16);
    CHECK(views[i].tensor.requantized_from == "awq");
  }
}

TEST_CASE("expert_views: down", "[convert][pipeline]") {
  const auto views = expert_views(fused("down_proj", {3, 16, 4}), 16, 4);
  REQUIRE(views.size() == 3);
  CHECK(views[2].tensor.name == "model.layers.3.mlp.experts.2.down_proj.weight");
  CHECK(views[2].first_row == 32);
  CHECK(views[2].tensor.shape == Shape{16, 4});
}

TEST_CASE("expert_views: what is none, or is laid out in another way", "[convert][pipeline]") {
  CHECK(expert_views(fused("gate_up_proj", {3, 16, 8}), 16, 4).empty());  // transposed
  CHECK(expert_views(fused("gate_up_proj", {8, 16}), 16, 4).empty());
  CHECK(expert_views(fused("down_proj", {3, 4, 16}), 16, 4).empty());
  CHECK(expert_views(fused("0.down_proj.weight", {3, 16, 4}), 16, 4).empty());
  CHECK(expert_views(fused("gate_up_proj", {0, 8, 16}), 16, 4).empty());
}

}  // namespace waag::convert::testing
