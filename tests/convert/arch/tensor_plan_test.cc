#include "convert/arch/tensor_plan.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "convert/pipeline/row_reader.h"
#include "tests/convert/tiny_model.h"

namespace waag::convert::testing {
namespace {

using waag::testing::ModelFolder;

/// A model opened, and the plan for it.
struct Planned {
  explicit Planned(const TinyModel& tiny) {
    tiny.write(folder);
    auto opened = SourceModel::open(folder.path());
    if (!opened) FAIL(opened.error().what);
    model = std::make_unique<SourceModel>(*std::move(opened));
    auto config = ModelConfig::parse(model->config_text());
    if (!config) FAIL(config.error().what);
    const auto architecture = find_architecture(*config);
    if (!architecture) FAIL(architecture.error().what);
    const auto dimensions = read_dimensions(**architecture, *config);
    if (!dimensions) FAIL(dimensions.error().what);
    result = plan_tensors(**architecture, *config, *dimensions, *model);
  }

  [[nodiscard]] const PlannedTensor& tensor(std::string_view name) const {
    if (!result) FAIL(result.error().what);
    const auto at = std::ranges::find(*result, name, &PlannedTensor::name);
    if (at == result->end()) FAIL(name << " is not planned");
    return *at;
  }
  /// All values, in the order of the output.
  [[nodiscard]] std::vector<float> values(std::string_view name) const {
    const auto& planned = tensor(name);
    std::vector<float> all, values, scratch;
    for (const auto& tile : cut_into_tiles(planned, 1)) {
      values.resize(values_of(planned, tile));
      const auto status = read_tile(*model, planned, tile, values, scratch);
      if (!status) FAIL(status.error().what);
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  }

  ModelFolder folder;
  std::unique_ptr<SourceModel> model;
  Result<std::vector<PlannedTensor>> result;
};

void is_refused(const TinyModel& tiny, const std::string& word) {
  const Planned planned(tiny);
  REQUIRE_FALSE(planned.result);
  CHECK(planned.result.error().code == Errc::unprocessable);
  CAPTURE(planned.result.error().what);
  CHECK(planned.result.error().what.find(word) != std::string::npos);
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == std::string::npos) FAIL(from << " is not in " << text);
  return text.replace(at, from.size(), to);
}

TinyModel with_config(TinyModel model, const std::string& from, const std::string& to) {
  return model.config(with(model.config_text(), from, to));
}

}  // namespace

TEST_CASE("tensor_plan: every tensor, in canonical order", "[convert][arch][plan]") {
  auto tiny =
      with_config(TinyModel::llama(), R"("num_hidden_layers":1)", R"("num_hidden_layers":11)");
  for (int block = 1; block < 11; ++block)
    tiny.add_block("model.layers." + std::to_string(block) + ".");
  tiny.add("model.layers.0.self_attn.rotary_emb.inv_freq", {2});
  const Planned planned(tiny);
  REQUIRE(planned.result);
  std::vector<std::string> expected{"output.weight", "output_norm.weight", "token_embd.weight"};
  for (int block = 0; block < 11; ++block)
    for (const auto* name : {"attn_k", "attn_norm", "attn_output", "attn_q", "attn_v", "ffn_down",
                             "ffn_gate", "ffn_norm", "ffn_up"})
      expected.push_back("blk." + std::to_string(block) + "." + name + ".weight");
  std::vector<std::string> names;
  for (const auto& tensor : *planned.result) names.push_back(tensor.name);
  CHECK(names == expected);
  CHECK(planned.tensor("blk.0.ffn_down.weight").shape == std::vector<std::uint64_t>{8, 6});
  CHECK(planned.tensor("blk.10.attn_norm.weight").is_f32);
  CHECK_FALSE(planned.tensor("blk.10.attn_q.weight").is_f32);
}

TEST_CASE("tensor_plan: halves of heads become pairs", "[convert][arch][plan]") {
  auto tiny = TinyModel::llama();
  tiny.add("model.layers.0.self_attn.q_proj.bias", {8});
  const Planned planned(tiny);
  const auto check_rows = [&](const char* target, const std::string& source,
                              const std::vector<int>& rows, int columns) {
    CAPTURE(target);
    const auto first = tiny.first_value("model.layers.0.self_attn." + source);
    std::vector<float> expected;
    for (const int row : rows)
      for (int column = 0; column < columns; ++column)
        expected.push_back(first + static_cast<float>(row * columns + column));
    CHECK(planned.values(target) == expected);
  };
  // Of a head of 4: out 2i + j is in 2j + i.
  check_rows("blk.0.attn_q.weight", "q_proj.weight", {0, 2, 1, 3, 4, 6, 5, 7}, 8);
  check_rows("blk.0.attn_q.bias", "q_proj.bias", {0, 2, 1, 3, 4, 6, 5, 7}, 1);
  check_rows("blk.0.attn_k.weight", "k_proj.weight", {0, 2, 1, 3}, 8);
  check_rows("blk.0.attn_v.weight", "v_proj.weight", {0, 1, 2, 3}, 8);
  CHECK(planned.tensor("blk.0.attn_q.bias").is_f32);
  // Qwen's stay as they are.
  const Planned qwen(with_config(tiny, "LlamaForCausalLM", "Qwen2ForCausalLM"));
  const auto first = tiny.first_value("model.layers.0.self_attn.q_proj.weight");
  const auto values = qwen.values("blk.0.attn_q.weight");
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == first + static_cast<float>(i));
}

TEST_CASE("tensor_plan: experts are stacked by number", "[convert][arch][plan]") {
  const auto tiny = TinyModel::qwen3_moe(12);
  const Planned planned(tiny);
  for (const auto* part : {"gate", "up", "down"}) {
    const auto target = "blk.0.ffn_" + std::string(part) + "_exps.weight";
    const auto values = planned.values(target);
    REQUIRE(values.size() == 12 * 24);
    for (std::size_t expert = 0; expert < 12; ++expert) {
      const auto source = "model.layers.0.mlp.experts." + std::to_string(expert) + "." +
                          std::string(part) + "_proj.weight";
      for (std::size_t i = 0; i < 24; ++i)
        CHECK(values[expert * 24 + i] == tiny.first_value(source) + static_cast<float>(i));
    }
  }
  CHECK(planned.tensor("blk.0.ffn_down_exps.weight").shape == std::vector<std::uint64_t>{12, 8, 3});
  CHECK(planned.tensor("blk.0.ffn_gate_inp.weight").is_f32);
  CHECK(std::ranges::find(*planned.result, "output.weight", &PlannedTensor::name) ==
        planned.result->end());
}

TEST_CASE("tensor_plan: fused experts give the same as apart", "[convert][arch][plan]") {
  auto tiny = TinyModel::qwen3_moe(3);
  const std::string at = "model.layers.0.mlp.experts.";
  for (const auto* expert : {"0", "1", "2"})
    for (const auto* part : {".gate_proj.weight", ".up_proj.weight", ".down_proj.weight"})
      tiny.remove(at + expert + part);
  tiny.add(at + "gate_up_proj", {3, 6, 8}).add(at + "down_proj", {3, 8, 3});
  const Planned planned(tiny);
  const auto first = tiny.first_value(at + "gate_up_proj");
  const auto gate = planned.values("blk.0.ffn_gate_exps.weight");
  const auto up = planned.values("blk.0.ffn_up_exps.weight");
  REQUIRE(gate.size() == 3 * 24);
  for (std::size_t i = 0; i < gate.size(); ++i) {
    const auto within = static_cast<float>(i / 24 * 48 + i % 24);
    CHECK(gate[i] == first + within);
    CHECK(up[i] == first + within + 24);
  }
  CHECK(planned.values("blk.0.ffn_down_exps.weight").size() == 3 * 24);
  is_refused(tiny.add(at + "0.gate_proj.weight", {3, 8}), "expert 1 is missing");
  for (const auto* expert : {"0", "1", "2"}) tiny.add(at + expert + ".gate_proj.weight", {3, 8});
  is_refused(tiny, "twice");
}

TEST_CASE("tensor_plan: the latent matrix is cut by heads, keys are turned",
          "[convert][arch][plan]") {
  const auto tiny = TinyModel::deepseek();
  const Planned planned(tiny);
  const auto first = tiny.first_value("model.layers.0.self_attn.kv_b_proj.weight");
  const auto keys = planned.values("blk.0.attn_k_b.weight");
  const auto values = planned.values("blk.0.attn_v_b.weight");
  CHECK(planned.tensor("blk.0.attn_k_b.weight").shape == std::vector<std::uint64_t>{2, 4, 3});
  CHECK(planned.tensor("blk.0.attn_v_b.weight").shape == std::vector<std::uint64_t>{2, 2, 4});
  REQUIRE(keys.size() == 2 * 4 * 3);
  REQUIRE(values.size() == 2 * 2 * 4);
  for (std::size_t head = 0; head < 2; ++head)
    for (std::size_t column = 0; column < 4; ++column) {
      for (std::size_t row = 0; row < 3; ++row)
        CHECK(keys[(head * 4 + column) * 3 + row] ==
              first + static_cast<float>((head * 5 + row) * 4 + column));
      for (std::size_t row = 0; row < 2; ++row)
        CHECK(values[(head * 2 + row) * 4 + column] ==
              first + static_cast<float>((head * 5 + 3 + row) * 4 + column));
    }
}

TEST_CASE("tensor_plan: what is not run is left out", "[convert][arch][plan]") {
  auto deepseek = TinyModel::deepseek();
  const auto count = Planned(deepseek).result->size();
  deepseek.add("model.layers.1.eh_proj.weight", {8, 16}).add("model.layers.1.enorm.weight", {8});
  const Planned with_mtp(deepseek);
  REQUIRE(with_mtp.result);
  CHECK(with_mtp.result->size() == count);

  const auto tied = with_config(TinyModel::llama(), R"("vocab_size":5)",
                                R"("vocab_size":5,"tie_word_embeddings":true)");
  const Planned without_output(tied);  // although lm_head.weight is there
  REQUIRE(without_output.result);
  CHECK(without_output.result->front().name == "output_norm.weight");
}

TEST_CASE("tensor_plan: rope factors are a tensor", "[convert][arch][plan]") {
  const Planned planned(with_config(TinyModel::llama(), R"("vocab_size":5)",
                                    R"("vocab_size":5,"rope_scaling":{"rope_type":"llama3"})"));
  REQUIRE(planned.result);
  CHECK((*planned.result)[2].name == "rope_freqs.weight");
  const auto& factors = planned.tensor("rope_freqs.weight");
  CHECK(factors.is_f32);
  CHECK(factors.shape == std::vector<std::uint64_t>{2});
  CHECK(planned.values("rope_freqs.weight") == factors.constant);
}

TEST_CASE("tensor_plan: tensors that are missing", "[convert][arch][plan]") {
  const auto name =
      GENERATE(as<std::string>(), "model.embed_tokens.weight", "model.norm.weight",
               "lm_head.weight", "model.layers.0.input_layernorm.weight",
               "model.layers.0.self_attn.q_proj.weight", "model.layers.0.self_attn.o_proj.weight",
               "model.layers.0.mlp.down_proj.weight", "model.layers.0.mlp.gate_proj.weight");
  CAPTURE(name);
  is_refused(TinyModel::llama().remove(name), "the model has no tensor for");
}

TEST_CASE("tensor_plan: tensors that are too many or of another shape", "[convert][arch][plan]") {
  const std::string at = "model.layers.0.";
  is_refused(TinyModel::llama().add("model.something", {1}), "model.something: has no place");
  is_refused(TinyModel::llama().add(at + "self_attn.q_norm.weight", {4}), "has no place");
  is_refused(TinyModel::llama().add("model.layers.1.input_layernorm.weight", {8}), "only 1 layers");
  is_refused(TinyModel::llama().add("model.layers.00.input_layernorm.weight", {8}), "no place");
  is_refused(TinyModel::llama().add("model.layers.18446744073709551617.x", {8}), "no place");
  is_refused(TinyModel::llama().add(at + "mlp.up_proj.weight", {8, 6}),
             "is [8, 6] where config.json implies [6, 8]");
  is_refused(TinyModel::llama().add(at + "mlp.up_proj.weight", {48}), "is [48]");
  is_refused(TinyModel::llama().add("model.norm.weight", {8, 1}), "is [8, 1]");
}

TEST_CASE("tensor_plan: experts that are missing or too many", "[convert][arch][plan]") {
  const std::string at = "model.layers.0.mlp.experts.";
  is_refused(TinyModel::qwen3_moe(3).remove(at + "1.up_proj.weight"), "expert 1 is missing");
  is_refused(TinyModel::qwen3_moe(3).add(at + "3.up_proj.weight", {3, 8}), "only 3 experts");
  is_refused(TinyModel::qwen3_moe(3).add(at + "01.up_proj.weight", {3, 8}), "no place");
  is_refused(TinyModel::qwen3_moe(3).remove("model.layers.0.mlp.gate.weight"), "ffn_gate_inp");
}

TEST_CASE("tensor_plan: nothing of a model without experts is empty", "[convert][arch][plan]") {
  auto none = with_config(TinyModel::qwen3_moe(1), R"("num_experts":1)", R"("num_experts":0)");
  none.remove("model.layers.0.mlp.experts.0.gate_proj.weight")
      .remove("model.layers.0.mlp.experts.0.up_proj.weight")
      .remove("model.layers.0.mlp.experts.0.down_proj.weight");
  for (const auto* dense : {"gate", "up"})
    none.add("model.layers.0.mlp." + std::string(dense) + "_proj.weight", {6, 8});
  none.add("model.layers.0.mlp.down_proj.weight", {8, 6});
  is_refused(none.add("model.layers.0.mlp.gate.weight", {0, 8}), "has no place");

  // As many experts of no width as config.json likes to say.
  auto wide =
      with_config(TinyModel::qwen3_moe(1), R"("num_experts":1)", R"("num_experts":2147483647)");
  wide = with_config(wide, R"("moe_intermediate_size":3)", R"("moe_intermediate_size":0)");
  wide.remove("model.layers.0.mlp.gate.weight");
  is_refused(wide.add("model.layers.0.mlp.experts.gate_up_proj", {2147483647, 0, 8}),
             "has no place");
}

}  // namespace waag::convert::testing
