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

/// What cannot be read.
class Unreadable final : public ModelWeights {
 public:
  Unreadable(const ModelWeights& weights, std::string name)
      : weights_(weights), name_(std::move(name)) {}
  std::optional<std::vector<std::uint64_t>> shape(std::string_view name) const override {
    return weights_.shape(name);
  }
  Status read(std::string_view name, std::uint64_t first_row,
              std::span<float> values) const override {
    if (name == name_) return fail(Errc::unprocessable, "not finite");
    return weights_.read(name, first_row, values);
  }

 private:
  const ModelWeights& weights_;
  const std::string name_;
};

/// A model, and what may be made of it.
struct Model {
  Model() {
    TinyModel::llama().scale(1e-4f).write(folder);
    auto opened = SourceModel::open(folder.path());
    REQUIRE(opened);
    source.emplace(*std::move(opened));
    auto run = Forward::open(*source);
    if (!run) FAIL(run.error().what);
    forward.emplace(*std::move(run));
    own.emplace(*source, forward->facts().of);
  }
  Result<std::vector<ResultDivergence>> compare(const std::vector<const ModelWeights*>& results,
                                                const Texts& texts) {
    errors.assign(results.size(), {});
    std::vector<Engine> engines;
    for (const auto* result : results) engines.push_back({*result, workers});
    return compare_models(*forward, {*own, workers}, engines, texts,
                          [&](std::size_t result, std::uint64_t block, double error) {
                            REQUIRE(block == errors[result].size());
                            errors[result].push_back(error);
                          });
  }

  ModelFolder folder;
  std::optional<SourceModel> source;
  std::optional<Forward> forward;
  std::optional<SourceModelWeights> own;
  Workers workers{1};
  std::vector<std::vector<double>> errors;  // of each result, of blocks
};

struct Compared {
  ResultDivergence places;
  std::vector<double> errors;  // of blocks
};

/// @param damaged  tensor; "": none
Compared compare(const Texts& texts, const std::string& damaged = "") {
  Model model;
  const Damaged other(*model.own, damaged);
  auto compared = model.compare({&other}, texts);
  if (!compared) return {compared.error(), {}};
  return {std::move(compared->front()), std::move(model.errors.front())};
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

TEST_CASE("comparison: several results beside one reference", "[convert][validate]") {
  Model model;
  const Damaged block(*model.own, "model.layers.0.mlp.down_proj.weight");
  const Damaged head(*model.own, "lm_head.weight");
  const Texts texts{{1, 2, 3, 4}, {4, 3, 2, 1}};
  const auto all = model.compare({&block, &*model.own, &head}, texts);
  REQUIRE(all);
  REQUIRE(all->size() == 3);
  CHECK(model.errors[0][0] > 0);
  CHECK(model.errors[1] == std::vector<double>{0});
  CHECK((*all)[1]->front().kld == Approx(0).margin(1e-12));
  const auto alone = model.compare({&head}, texts);
  REQUIRE(alone);
  CHECK((*all)[2]->front().kld == alone->front()->front().kld);
}

TEST_CASE("comparison: a result that cannot be read is left behind, others go on",
          "[convert][validate]") {
  Model model;
  const auto* name = GENERATE("model.embed_tokens.weight", "model.layers.0.mlp.up_proj.weight",
                              "model.norm.weight", "lm_head.weight");
  const Unreadable broken(*model.own, name);
  const auto all = model.compare({&broken, &*model.own}, {{1, 2, 3, 4}});
  REQUIRE(all);
  REQUIRE_FALSE(all->front());
  CHECK(all->front().error().code == Errc::unprocessable);
  REQUIRE(all->back());
  CHECK(all->back()->size() == 1);
  CHECK(model.errors[1].size() == 1);
}

TEST_CASE("comparison: what there is to predict", "[convert][validate]") {
  CHECK(places_of(Texts{{1}, {2, 3, 4}, {1, 2, 3, 4, 1}}) == 1 + 2);
  CHECK(places_of(Texts{std::vector<std::uint32_t>(512)}) == 255);
  CHECK(compare({{1, 2}}).places->size() == 1);
  CHECK(compare({{1}, {2, 3, 4}, {1, 2, 3, 4, 1}}).places->size() == 1 + 2);
  const auto none = compare({{1}, {2}});
  REQUIRE_FALSE(none.places);
  CHECK(none.places.error().code == Errc::invalid_argument);
  CHECK(compare({{1, 999}}).places.error().code == Errc::invalid_argument);
}

}  // namespace waag::convert::testing
