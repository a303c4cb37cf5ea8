#include "convert/forward/forward.h"

#include <cmath>

#include <catch2/catch.hpp>

#include "convert/forward/feed.h"
#include "convert/forward/latent_attention.h"
#include "convert/forward/self_attention.h"
#include "convert/forward/weights/source_weights.h"
#include "tests/convert/forward/fake_weights.h"
#include "tests/convert/tiny_model.h"

namespace waag::convert::testing {
namespace {

using waag::testing::ModelFolder;
using Tokens = std::vector<std::uint32_t>;

/// A tiny model, opened.
struct Opened {
  explicit Opened(const TinyModel& tiny) {
    tiny.write(folder);
    auto opened = SourceModel::open(folder.path());
    if (!opened) FAIL(opened.error().what);
    source = std::make_unique<SourceModel>(*std::move(opened));
    auto made = Forward::open(*source);
    if (!made) FAIL(made.error().what);
    forward = std::make_unique<Forward>(*std::move(made));
    weights = std::make_unique<SourceModelWeights>(*source, forward->facts().of);
  }
  [[nodiscard]] Engine engine() { return {*weights, workers}; }

  /// Logits behind every token.
  std::vector<float> logits(const std::vector<Tokens>& texts) {
    auto state = forward->begin(engine(), texts);
    if (!state) FAIL(state.error().what);
    for (std::uint64_t block = 0; block < forward->blocks(); ++block)
      if (const auto run = forward->block(engine(), block, *state); !run) FAIL(run.error().what);
    std::vector<std::uint64_t> all(state->texts.tokens());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    const auto rows = forward->finish(engine(), *state, all);
    if (!rows) FAIL(rows.error().what);
    const auto vocabulary = forward->facts().of.vocabulary;
    std::vector<float> logits(all.size() * vocabulary);
    const auto made = forward->logits(engine(), *rows, 0, vocabulary, logits);
    if (!made) FAIL(made.error().what);
    return logits;
  }

  ModelFolder folder;
  std::unique_ptr<SourceModel> source;
  std::unique_ptr<Forward> forward;
  std::unique_ptr<SourceModelWeights> weights;
  Workers workers{2};
};

/// A block by itself: facts of a config.json, weights that a test makes up.
struct Block {
  explicit Block(const std::string& config_text, std::uint64_t tokens) {
    const auto config = ModelConfig::parse(config_text);
    if (!config) FAIL(config.error().what);
    auto read = read_facts(*config);
    if (!read) FAIL(read.error().what);
    facts = *std::move(read);
    texts.starts.push_back(tokens);
    rotations = std::make_unique<Rotations>(facts.rope, tokens);
  }
  [[nodiscard]] BlockStep step() { return {facts, {weights, workers}, texts, *rotations, 0}; }

  Facts facts;
  Texts texts;
  FakeWeights weights;
  std::unique_ptr<Rotations> rotations;
  Workers workers{2};
};

const std::string sizes = R"("num_hidden_layers":1,"hidden_size":8,"vocab_size":5,
  "num_attention_heads":2,"num_key_value_heads":1,"intermediate_size":6,"rms_norm_eps":1e-5)";
const std::string at = "model.layers.0.";

}  // namespace

TEST_CASE("forward: texts do not see each other, nor what comes", "[convert][forward]") {
  const auto tiny = GENERATE(TinyModel::llama(), TinyModel::qwen3_moe(3), TinyModel::deepseek());
  TinyModel small = tiny;
  Opened model(small.scale(1e-4f));
  const auto together = model.logits({{0, 3, 1}, {4, 2}});
  const auto first = model.logits({{0, 3, 1}});
  const auto second = model.logits({{4, 2}});
  REQUIRE(together.size() == 25);
  for (std::size_t i = 0; i < 25; ++i)
    CHECK(together[i] == Approx(i < 15 ? first[i] : second[i - 15]));
  const auto longer = model.logits({{0, 3, 1, 1, 2}});
  for (std::size_t i = 0; i < 15; ++i) CHECK(longer[i] == Approx(first[i]));
  CHECK(model.logits({{3, 0, 1}}) != first);
}

TEST_CASE("forward: logits come in tiles, of the tied matrix", "[convert][forward]") {
  auto tiny = TinyModel::qwen3_moe(3);
  Opened model(tiny.scale(1e-4f));
  auto state = model.forward->begin(model.engine(), std::vector<Tokens>{{4}});
  REQUIRE(state);
  const std::vector<float> embedding = state->hidden;
  CHECK(embedding[3] == Approx(1e-4 * (tiny.first_value("model.embed_tokens.weight") + 35)));
  const std::vector<std::uint64_t> only{0};
  const auto rows = model.forward->finish(model.engine(), *state, only);
  REQUIRE(rows);
  std::vector<float> all(5);
  std::vector<float> tile(2);
  REQUIRE(model.forward->logits(model.engine(), *rows, 0, 5, all));
  REQUIRE(model.forward->logits(model.engine(), *rows, 2, 2, tile));
  CHECK(tile == std::vector<float>{all[2], all[3]});
  double wanted = 0;
  for (std::size_t i = 0; i < 8; ++i)
    wanted += static_cast<double>(embedding[i]) * static_cast<double>((*rows)[i]);
  CHECK(static_cast<double>(all[4]) == Approx(wanted));
  CHECK_FALSE(model.forward->logits(model.engine(), *rows, 4, 2, tile));
}

TEST_CASE("forward: what is asked for must be there", "[convert][forward]") {
  Opened model(TinyModel::llama().scale(1e-4f));
  const auto refused = [&](const std::vector<Tokens>& texts) {
    const auto state = model.forward->begin(model.engine(), texts);
    REQUIRE_FALSE(state);
    CHECK(state.error().code == Errc::invalid_argument);
  };
  refused({{5}});
  refused({{0}, {}});
  const auto state = model.forward->begin(model.engine(), std::vector<Tokens>{{1}});
  REQUIRE(state);
  const std::vector<std::uint64_t> beyond{1};
  CHECK_FALSE(model.forward->finish(model.engine(), *state, beyond));
}

TEST_CASE("forward: a model that lacks a tensor is refused", "[convert][forward]") {
  ModelFolder folder;
  TinyModel::llama().remove("model.norm.weight").write(folder);
  const auto source = SourceModel::open(folder.path());
  REQUIRE(source);
  const auto forward = Forward::open(*source);
  REQUIRE_FALSE(forward);
  CHECK(forward.error().code == Errc::unprocessable);
}

TEST_CASE("self_attention: of one token it is its value", "[convert][forward]") {
  Block block(R"({"architectures":["Qwen2ForCausalLM"],)" + sizes + "}", 1);
  block.weights.add(at + "self_attn.q_proj.weight", {8, 8})
      .add(at + "self_attn.k_proj.weight", {4, 8})
      .add(at + "self_attn.v_proj.weight", {4, 8})
      .add(at + "self_attn.v_proj.bias", {4})
      .add(at + "self_attn.o_proj.weight", {8, 8});
  const auto x = FakeWeights::wavy(8);
  const auto y = attend_plainly(block.step(), x);
  REQUIRE(y);
  std::vector<float> value;
  for (std::size_t i = 0; i < 8; ++i)  // two heads have the one value
    value.push_back(static_cast<float>(
        row_times(block.weights.values(at + "self_attn.v_proj.weight"), i % 4, x) +
        static_cast<double>(block.weights.values(at + "self_attn.v_proj.bias")[i % 4])));
  for (std::size_t i = 0; i < 8; ++i)
    CHECK(static_cast<double>((*y)[i]) ==
          Approx(row_times(block.weights.values(at + "self_attn.o_proj.weight"), i, value)));
}

TEST_CASE("latent_attention: of one token it is its value", "[convert][forward]") {
  Block block(R"({"architectures":["DeepseekV3ForCausalLM"],"kv_lora_rank":4,"qk_nope_head_dim":3,
    "qk_rope_head_dim":2,"v_head_dim":2,)" +
                  sizes + "}",
              1);
  block.weights.add(at + "self_attn.q_proj.weight", {10, 8})
      .add(at + "self_attn.kv_a_proj_with_mqa.weight", {6, 8})
      .add(at + "self_attn.kv_a_layernorm.weight", {4})
      .add(at + "self_attn.kv_b_proj.weight", {10, 4})
      .add(at + "self_attn.o_proj.weight", {8, 4});
  const auto x = FakeWeights::wavy(8);
  const auto y = attend_latently(block.step(), x);
  REQUIRE(y);
  std::vector<float> latent(4);
  for (std::size_t i = 0; i < 4; ++i)
    latent[i] = static_cast<float>(
        row_times(block.weights.values(at + "self_attn.kv_a_proj_with_mqa.weight"), i, x));
  normalize_rows(latent, block.weights.values(at + "self_attn.kv_a_layernorm.weight"), 1e-6,
                 latent);
  std::vector<float> value;
  for (const std::uint64_t row : {3u, 4u, 8u, 9u})  // behind the three of each head's key
    value.push_back(static_cast<float>(
        row_times(block.weights.values(at + "self_attn.kv_b_proj.weight"), row, latent)));
  for (std::size_t i = 0; i < 8; ++i)
    CHECK(static_cast<double>((*y)[i]) ==
          Approx(row_times(block.weights.values(at + "self_attn.o_proj.weight"), i, value)));
}

TEST_CASE("feed: experts of one weight are the dense part", "[convert][forward]") {
  Block dense(R"({"architectures":["LlamaForCausalLM"],)" + sizes + "}", 3);
  Block routed(R"({"architectures":["MixtralForCausalLM"],"num_local_experts":2,
    "num_experts_per_tok":2,)" +
                   sizes + "}",
               3);
  const auto gate = FakeWeights::wavy(48, 1);
  const auto up = FakeWeights::wavy(48, 2);
  const auto down = FakeWeights::wavy(48, 3);
  const auto moe = at + "block_sparse_moe.";
  dense.weights.add(at + "mlp.gate_proj.weight", {6, 8}, gate)
      .add(at + "mlp.up_proj.weight", {6, 8}, up)
      .add(at + "mlp.down_proj.weight", {8, 6}, down);
  routed.weights.add(moe + "gate.weight", {2, 8});
  for (const auto* expert : {"0", "1"})
    routed.weights.add(moe + "experts." + expert + ".w1.weight", {6, 8}, gate)
        .add(moe + "experts." + expert + ".w3.weight", {6, 8}, up)
        .add(moe + "experts." + expert + ".w2.weight", {8, 6}, down);
  const auto x = FakeWeights::wavy(24);
  const auto wanted = feed_forward(dense.step(), x);
  const auto found = feed_forward(routed.step(), x);
  REQUIRE(wanted);
  REQUIRE(found);
  for (std::size_t i = 0; i < 24; ++i) CHECK((*found)[i] == Approx((*wanted)[i]).margin(1e-6));
  routed.weights.add(at + "mlp.gate_proj.weight", {6, 8}, gate);
  CHECK_FALSE(feed_forward(routed.step(), x));
}

TEST_CASE("feed: an expert that no token has is not read", "[convert][forward]") {
  Block block(R"({"architectures":["MixtralForCausalLM"],"num_local_experts":2,
    "num_experts_per_tok":1,)" +
                  sizes + "}",
              1);
  const auto moe = at + "block_sparse_moe.";
  std::vector<float> router(16, 0.0f);
  router[8] = 1;  // the second expert likes the first element
  block.weights.add(moe + "gate.weight", {2, 8}, router)
      .add(moe + "experts.1.w1.weight", {6, 8})
      .add(moe + "experts.1.w3.weight", {6, 8})
      .add(moe + "experts.1.w2.weight", {8, 6});
  std::vector<float> x(8, 0.5f);
  CHECK(feed_forward(block.step(), x));
  x[0] = -1;
  CHECK_FALSE(feed_forward(block.step(), x));
}

}  // namespace waag::convert::testing
