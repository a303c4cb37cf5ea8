#include "convert/arch/tables.h"

#include <algorithm>
#include <set>
#include <string>

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

Dimensions all_different() {
  Dimensions of;
  std::uint64_t next = 2;
  for (auto* number : {&of.blocks, &of.hidden, &of.vocabulary, &of.heads, &of.key_heads, &of.head,
                       &of.feed, &of.experts, &of.expert_feed, &of.shared_feed, &of.query_rank,
                       &of.latent_rank, &of.nope, &of.rope, &of.value})
    *number = next++;
  return of;
}

std::vector<TensorRule> rules_of(const Architecture& architecture) {
  std::vector<TensorRule> all;
  for (const auto& rules : architecture.rules) all.insert(all.end(), rules.begin(), rules.end());
  return all;
}

std::string in_block(std::string_view target, const std::string& block) {
  std::string name(target);
  if (name.starts_with("B.")) name.replace(0, 2, "blk." + block + ".");
  return name;
}

/// A tensor may come in one piece or in several: the ways exclude each other in a file.
bool is_fused(const TensorRule& rule) {
  return rule.source.find(".experts.gate_up_proj") != std::string_view::npos ||
         rule.source.ends_with(".experts.down_proj");
}

}  // namespace

TEST_CASE("tables: classes are known once", "[convert][arch][tables]") {
  std::set<std::string_view> classes;
  for (const auto& architecture : architectures()) {
    CAPTURE(architecture.class_name);
    CHECK(classes.insert(architecture.class_name).second);
    CHECK_FALSE(architecture.gguf_name.empty());
    CHECK_FALSE(architecture.block_needs.empty());
    CHECK(architecture.is_latent == (architecture.gguf_name == "deepseek2"));
  }
  CHECK(classes.size() == 9);
}

TEST_CASE("tables: every shape is made of known letters", "[convert][arch][tables]") {
  const auto dimensions = all_different();
  for (const auto& architecture : architectures())
    for (const auto& rule : rules_of(architecture)) {
      CAPTURE(architecture.class_name, rule.source);
      CHECK(rule.shape.empty() == (rule.rows == RowRule::dropped));
      CHECK(rule.target.empty() == (rule.rows == RowRule::dropped));
      CHECK(rule.shape.size() <= 3);
      for (const char letter : rule.shape) CHECK(dimensions.of(letter) > 0);
    }
  CHECK(dimensions.of('?') == 0);
}

TEST_CASE("tables: targets are unique and short enough", "[convert][arch][tables]") {
  for (const auto& architecture : architectures()) {
    std::set<std::string> targets;
    std::set<std::string> fused;
    std::set<std::pair<std::string_view, RowRule>> sources;
    for (const auto& rule : rules_of(architecture)) {
      CAPTURE(architecture.class_name, rule.source, rule.target);
      CHECK(sources.emplace(rule.source, rule.rows).second);
      if (rule.rows == RowRule::dropped) continue;
      CHECK((is_fused(rule) ? fused : targets).emplace(rule.target).second);
      CHECK(rule.source.starts_with("L.") == rule.target.starts_with("B."));
      CHECK(in_block(rule.target, "9999").size() < 64);
    }
    for (const auto& target : fused) CHECK(targets.contains(target));
  }
}

TEST_CASE("tables: what a block needs is what a rule gives", "[convert][arch][tables]") {
  for (const auto& architecture : architectures()) {
    std::set<std::string> targets;
    for (const auto& rule : rules_of(architecture)) targets.insert(in_block(rule.target, "0"));
    for (const auto* name : {"token_embd.weight", "output_norm.weight", "output.weight"})
      CHECK(targets.contains(name));
    for (auto needs : architecture.block_needs) {
      CAPTURE(architecture.class_name, needs);
      // Of alternatives, every architecture has one; all of them only if it comes in both forms.
      int known = 0;
      while (!needs.empty()) {
        const auto bar = std::min(needs.find('|'), needs.size());
        known += targets.contains("blk.0." + std::string(needs.substr(0, bar))) ? 1 : 0;
        needs.remove_prefix(std::min(bar + 1, needs.size()));
      }
      CHECK(known > 0);
    }
  }
}

TEST_CASE("tables: rules of experts name them, others do not", "[convert][arch][tables]") {
  for (const auto& architecture : architectures())
    for (const auto& rule : rules_of(architecture)) {
      CAPTURE(architecture.class_name, rule.source);
      const bool names_one = rule.source.find(".experts.E.") != std::string_view::npos;
      CHECK(names_one == (rule.rows == RowRule::experts));
      const bool is_paired = rule.rows == RowRule::query_pairs || rule.rows == RowRule::key_pairs;
      CHECK((!is_paired || architecture.gguf_name == "llama"));
    }
}

}  // namespace waag::convert::testing
