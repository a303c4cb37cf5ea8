#include "convert/forward/routing.h"

#include <cmath>

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

using Scores = RoutingRule::Scores;
using Groups = RoutingRule::Groups;

std::vector<std::uint64_t> experts_of(const std::vector<Choice>& choices) {
  std::vector<std::uint64_t> experts;
  for (const auto& choice : choices) experts.push_back(choice.expert);
  return experts;
}
using Experts = std::vector<std::uint64_t>;

Result<Routing> routing_of(const std::string& class_name, const std::string& members) {
  const auto config =
      ModelConfig::parse(R"({"architectures":[")" + class_name + R"("],)" + members + "}");
  if (!config) FAIL(config.error().what);
  const auto architecture = find_architecture(*config);
  if (!architecture) FAIL(architecture.error().what);
  Dimensions of;
  of.experts = 8;
  return read_routing(**architecture, *config, of);
}

void is_refused(const std::string& class_name, const std::string& members) {
  const auto routing = routing_of(class_name, members);
  CAPTURE(members);
  REQUIRE_FALSE(routing);
  CHECK(routing.error().code == Errc::unprocessable);
}

}  // namespace

TEST_CASE("routing: softmax, best first, ties to the lower", "[convert][forward][routing]") {
  Routing routing{.rule = {}, .experts = 4, .used = 2};
  const std::vector<float> logits{1, 3, 0, 3};
  auto choices = choose_experts(routing, logits, {});
  CHECK(experts_of(choices) == Experts{1, 3});
  const double sum = std::exp(-2.0) + 1 + std::exp(-3.0) + 1;
  CHECK(static_cast<double>(choices[0].weight) == Approx(1 / sum));
  routing.is_normalized = true;
  routing.scale = 3;
  choices = choose_experts(routing, logits, {});
  CHECK(static_cast<double>(choices[1].weight) == Approx(1.5));
  CHECK(experts_of(choose_experts(routing, std::vector<float>(4, 7.0f), {})) == Experts{0, 1});
  CHECK(choose_experts(routing, std::vector<float>{500, 0, 0, -500}, {})[0].weight == Approx(3.0f));
}

TEST_CASE("routing: a bias chooses, the score weighs", "[convert][forward][routing]") {
  const Routing routing{.rule = {.scores = Scores::sigmoid}, .experts = 4, .used = 1, .scale = 2.5};
  const std::vector<float> bias{0, 0, 1, 0};
  const auto choices = choose_experts(routing, std::vector<float>{2, 1, 0, -1}, bias);
  REQUIRE(experts_of(choices) == Experts{2});
  CHECK(choices[0].weight == Approx(1.25f));
}

TEST_CASE("routing: groups are left out whole", "[convert][forward][routing]") {
  Routing routing{.rule = {.scores = Scores::sigmoid, .groups = Groups::by_best_two},
                  .experts = 6,
                  .used = 2,
                  .groups = 3,
                  .groups_used = 1};
  // The best expert is in the first group, the best pair in the second.
  const std::vector<float> logits{3, -9, 1, 1, 0, 0};
  CHECK(experts_of(choose_experts(routing, logits, {})) == Experts{2, 3});
  routing.rule.groups = Groups::by_best;
  CHECK(experts_of(choose_experts(routing, logits, {})) == Experts{0, 1});
  // Groups of the same worth: the lower; and worth below zero is still more than a group left out.
  CHECK(experts_of(choose_experts(routing, std::vector<float>(6, 0), {})) == Experts{0, 1});
  const std::vector<float> low(6, -5);
  CHECK(experts_of(choose_experts(routing, std::vector<float>(6, 0), low)) == Experts{0, 1});
}

TEST_CASE("routing: what each architecture does", "[convert][forward][routing]") {
  const std::string two = R"("num_experts_per_tok":2)";
  CHECK(routing_of("MixtralForCausalLM", two)->is_normalized);
  CHECK_FALSE(routing_of("Qwen3MoeForCausalLM", two)->is_normalized);
  CHECK(routing_of("Qwen3MoeForCausalLM", two + R"(,"norm_topk_prob":true)")->is_normalized);
  const std::string groups = two + R"(,"n_group":4,"topk_group":2)";
  const auto v3 = routing_of("DeepseekV3ForCausalLM", groups);
  REQUIRE(v3);
  CHECK(v3->is_normalized);
  CHECK(v3->scale == 2.5);
  CHECK(v3->groups == 4);
  CHECK(routing_of("DeepseekV2ForCausalLM", groups)->groups == 1);
  CHECK(routing_of("DeepseekV2ForCausalLM", groups)->scale == 1);
  CHECK(routing_of("DeepseekV2ForCausalLM", groups + R"(,"topk_method":"group_limited_greedy")")
            ->groups == 4);
}

TEST_CASE("routing: what is not known is refused", "[convert][forward][routing]") {
  const std::string two = R"("num_experts_per_tok":2)";
  const std::string groups = two + R"(,"n_group":4,"topk_group":2)";
  is_refused("MixtralForCausalLM", R"("x":1)");
  is_refused("MixtralForCausalLM", R"("num_experts_per_tok":9)");
  is_refused("DeepseekV2ForCausalLM", groups + R"(,"norm_topk_prob":true)");
  is_refused("DeepseekV2ForCausalLM", groups + R"(,"topk_method":"noaux_tc")");
  is_refused("DeepseekV3ForCausalLM", groups + R"(,"topk_method":"greedy")");
  is_refused("DeepseekV3ForCausalLM", groups + R"(,"scoring_func":"softmax")");
  is_refused("DeepseekV3ForCausalLM", two);
  is_refused("DeepseekV3ForCausalLM", two + R"(,"n_group":3,"topk_group":1)");
  is_refused("DeepseekV3ForCausalLM", two + R"(,"n_group":8,"topk_group":2)");
  is_refused("DeepseekV3ForCausalLM", two + R"(,"n_group":4,"topk_group":5)");
}

}  // namespace waag::convert::testing
