#include "convert/forward/weights/gguf_weights.h"

#include <cmath>

#include <catch2/catch.hpp>

#include "convert/converter.h"
#include "convert/forward/weights/named_rows.h"
#include "convert/forward/weights/source_weights.h"
#include "convert/source/expert_views.h"
#include "tests/convert/io/faulty_output_folder.h"
#include "tests/convert/tiny_model.h"

namespace waag::convert::testing {
namespace {

using waag::testing::ModelFolder;

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == std::string::npos) FAIL(from << " is not in " << text);
  return text.replace(at, from.size(), to);
}

/// Of another class, with more members in its config.json.
TinyModel as(TinyModel model, const std::string& from, const std::string& to,
             const std::string& members = "") {
  return model.config(with(with(model.config_text(), from, to), R"("num_hidden_layers")",
                           members + R"("num_hidden_layers")"));
}

TinyModel biased(TinyModel model) {
  const std::string at = "model.layers.0.self_attn.";
  return model.add(at + "q_proj.bias", {8})
      .add(at + "k_proj.bias", {4})
      .add(at + "v_proj.bias", {4});
}

TinyModel fused() {
  auto model = TinyModel::qwen3_moe(3);
  const std::string at = "model.layers.0.mlp.experts.";
  for (const auto* expert : {"0", "1", "2"})
    for (const auto* part : {".gate_proj.weight", ".up_proj.weight", ".down_proj.weight"})
      model.remove(at + expert + part);
  return model.add(at + "gate_up_proj", {3, 6, 8}).add(at + "down_proj", {3, 8, 3});
}

TinyModel mixtral() {
  auto model = as(TinyModel::llama(), "LlamaForCausalLM", "MixtralForCausalLM",
                  R"("num_local_experts":2,"num_experts_per_tok":1,)");
  const std::string at = "model.layers.0.";
  for (const auto* dense : {"gate", "up", "down"})
    model.remove(at + "mlp." + dense + "_proj.weight");
  model.add(at + "block_sparse_moe.gate.weight", {2, 8});
  for (const auto* expert : {"0", "1"})
    model.add(at + "block_sparse_moe.experts." + expert + ".w1.weight", {6, 8})
        .add(at + "block_sparse_moe.experts." + expert + ".w3.weight", {6, 8})
        .add(at + "block_sparse_moe.experts." + expert + ".w2.weight", {8, 6});
  return model;
}

TinyModel qwen2_moe() {
  auto model = as(TinyModel::qwen3_moe(12), "Qwen3MoeForCausalLM", "Qwen2MoeForCausalLM",
                  R"("shared_expert_intermediate_size":4,)");
  const std::string at = "model.layers.0.";
  for (const auto* norm : {"q_norm", "k_norm"}) model.remove(at + "self_attn." + norm + ".weight");
  return biased(model.add(at + "mlp.shared_expert.gate_proj.weight", {4, 8})
                    .add(at + "mlp.shared_expert.up_proj.weight", {4, 8})
                    .add(at + "mlp.shared_expert.down_proj.weight", {8, 4})
                    .add(at + "mlp.shared_expert_gate.weight", {1, 8}));
}

TinyModel qwen3() {
  const std::string at = "model.layers.0.self_attn.";
  return as(TinyModel::llama(), "LlamaForCausalLM", "Qwen3ForCausalLM")
      .add(at + "q_norm.weight", {4})
      .add(at + "k_norm.weight", {4});
}

TinyModel llama3() {
  return as(TinyModel::llama(), R"("num_hidden_layers")",
            R"("rope_scaling":{"rope_type":"llama3","factor":8.0},"num_hidden_layers")");
}

TinyModel deepseek_with_experts() {
  auto model = as(TinyModel::deepseek(), R"("first_k_dense_replace":1)",
                  R"("first_k_dense_replace":0,"q_lora_rank":3,"n_routed_experts":2,
                  "moe_intermediate_size":3,"n_shared_experts":1,"num_experts_per_tok":1)");
  const std::string at = "model.layers.0.";
  model.remove(at + "self_attn.q_proj.weight");
  for (const auto* dense : {"gate", "up", "down"})
    model.remove(at + "mlp." + dense + "_proj.weight");
  model.add(at + "self_attn.q_a_proj.weight", {3, 8})
      .add(at + "self_attn.q_a_layernorm.weight", {3})
      .add(at + "self_attn.q_b_proj.weight", {10, 3})
      .add(at + "mlp.gate.weight", {2, 8})
      .add(at + "mlp.gate.e_score_correction_bias", {2});
  for (const auto* one : {"experts.0", "experts.1", "shared_experts"})
    model.add(at + "mlp." + one + ".gate_proj.weight", {3, 8})
        .add(at + "mlp." + one + ".up_proj.weight", {3, 8})
        .add(at + "mlp." + one + ".down_proj.weight", {8, 3});
  return model;
}

/// A model on disk, and a GGUF of it.
struct Made {
  explicit Made(const TinyModel& tiny, const std::string& type = "F32") {
    tiny.write(folder);
    folder.write("tokenizer.json", tiny_tokenizer());
    JobSpec spec;
    spec.source = folder.path();
    spec.threads = 1;
    spec.model.name = "Tiny";
    TargetSpec target;
    target.type = type;
    target.path = "tiny.gguf";
    spec.targets.push_back(target);
    FaultyOutputFolder output;
    Progress progress([](std::string_view) {});
    if (const auto done = run_job(spec, output, progress); !done) FAIL(done.error().what);
    file = output.files.at("tiny.gguf")->now;
    folder.write("tiny.gguf", file);
    auto opened = SourceModel::open(folder.path());
    if (!opened) FAIL(opened.error().what);
    source = std::make_unique<SourceModel>(*std::move(opened));
  }
  [[nodiscard]] Result<GgufWeights> open() const {
    return GgufWeights::open(folder.path() / "tiny.gguf", *source);
  }
  void is_refused(const std::string& word) const {
    const auto weights = open();
    REQUIRE_FALSE(weights);
    CAPTURE(weights.error().what);
    CHECK(weights.error().code == Errc::unprocessable);
    CHECK(weights.error().what.find(word) != std::string::npos);
  }

  ModelFolder folder;
  std::string file;
  std::unique_ptr<SourceModel> source;
};

Dimensions dimensions_of(const SourceModel& source) {
  const auto config = ModelConfig::parse(source.config_text());
  return *read_dimensions(**find_architecture(*config), *config);
}

std::vector<std::string> names_of(const SourceModel& source) {
  const auto of = dimensions_of(source);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : source.tensors()) {
    names.push_back(name);
    for (const auto& view : expert_views(tensor, of.hidden, of.expert_feed))
      names.push_back(view.tensor.name);
  }
  return names;
}

std::vector<float> rows_of(const ModelWeights& weights, const std::string& name,
                           std::uint64_t first, std::uint64_t count) {
  std::vector<float> values(count * weights.shape(name)->back());
  const auto read = weights.read(name, first, values);
  if (!read) FAIL(name << ": " << read.error().what);
  return values;
}

void has_the_values_of_its_source(const TinyModel& tiny) {
  const Made made(tiny);
  const auto opened = made.open();
  if (!opened) FAIL(opened.error().what);
  const SourceModelWeights source(*made.source, dimensions_of(*made.source));
  for (const auto& name : names_of(*made.source)) {
    CAPTURE(name);
    const auto shape = source.shape(name);
    REQUIRE(opened->shape(name) == shape);
    std::uint64_t rows = 1;
    for (std::size_t i = 0; i + 1 < shape->size(); ++i) rows *= (*shape)[i];
    for (std::uint64_t first = 0; first < rows; ++first)
      for (std::uint64_t count = 1; first + count <= rows; count += 2)
        REQUIRE(rows_of(*opened, name, first, count) == rows_of(source, name, first, count));
    std::vector<float> beyond(2 * shape->back());
    CHECK(opened->read(name, rows - 1, beyond).error().code == Errc::invalid_argument);
  }
}

}  // namespace

TEST_CASE("gguf_weights: every family has its source's values", "[convert][forward][weights]") {
  has_the_values_of_its_source(TinyModel::llama());
  has_the_values_of_its_source(llama3());
  has_the_values_of_its_source(biased(TinyModel::llama()));
  has_the_values_of_its_source(as(TinyModel::llama(), "LlamaForCausalLM", "MistralForCausalLM"));
  has_the_values_of_its_source(
      biased(as(TinyModel::llama(), "LlamaForCausalLM", "Qwen2ForCausalLM")));
  has_the_values_of_its_source(qwen3());
  has_the_values_of_its_source(mixtral());
  has_the_values_of_its_source(qwen2_moe());
  has_the_values_of_its_source(TinyModel::qwen3_moe(12));
  has_the_values_of_its_source(fused());
  has_the_values_of_its_source(TinyModel::deepseek());
  has_the_values_of_its_source(deepseek_with_experts());
}

TEST_CASE("gguf_weights: fused experts are seen apart", "[convert][forward][weights]") {
  const auto tiny = fused();
  const Made made(tiny);
  const SourceModelWeights source(*made.source, dimensions_of(*made.source));
  const std::string at = "model.layers.0.mlp.experts.";
  const auto first = tiny.first_value(at + "gate_up_proj");
  CHECK(rows_of(source, at + "1.up_proj.weight", 1, 1)[0] == first + (6 + 3 + 1) * 8);
  CHECK(*source.shape(at + "1.up_proj.weight") == std::vector<std::uint64_t>{3, 8});
}

TEST_CASE("gguf_weights: blocks are dequantized", "[convert][forward][weights]") {
  const Made made(TinyModel::llama().scale(1e-3f), "F16");
  const auto weights = made.open();
  REQUIRE(weights);
  const SourceModelWeights source(*made.source, dimensions_of(*made.source));
  const std::string name = "model.layers.0.self_attn.q_proj.weight";
  const auto wanted = rows_of(source, name, 0, 8);
  const auto found = rows_of(*weights, name, 0, 8);
  CHECK(found != wanted);
  for (std::size_t i = 0; i < wanted.size(); ++i)
    CHECK(found[i] == Approx(wanted[i]).epsilon(1e-3));
}

TEST_CASE("gguf_weights: a file of another model is refused", "[convert][forward][weights]") {
  Made made(TinyModel::llama());
  made.folder.write("tiny.gguf", Made(biased(TinyModel::llama())).file);
  made.is_refused("comes of nothing");
  made.folder.write("tiny.gguf", Made(TinyModel::deepseek()).file);
  made.is_refused("missing");
  made.folder.write("tiny.gguf", made.file.substr(0, made.file.size() / 2));
  made.is_refused("tiny.gguf");
  const Made scaled(llama3());
  const float other = 8.5f;
  auto file = scaled.file;
  const auto config = ModelConfig::parse(scaled.source->config_text());
  const auto factors = rope_frequency_factors(*config, dimensions_of(*scaled.source));
  const auto at = file.find(waag::testing::bytes_of(*factors));
  REQUIRE(at != std::string::npos);
  std::memcpy(file.data() + at, &other, sizeof(other));
  ModelFolder elsewhere;
  elsewhere.write("tiny.gguf", file);
  const auto weights = GgufWeights::open(elsewhere.path() / "tiny.gguf", *scaled.source);
  REQUIRE_FALSE(weights);
  CHECK(weights.error().what.find("rope_freqs.weight") != std::string::npos);
}

TEST_CASE("gguf_weights: what is not a number is refused", "[convert][forward][weights]") {
  const Made made(TinyModel::llama());
  const auto tiny = TinyModel::llama();
  const float wanted = tiny.first_value("model.norm.weight") + 1;
  auto file = made.file;
  const auto at = file.find(waag::testing::bytes_of(std::vector<float>{wanted - 1, wanted}));
  REQUIRE(at != std::string::npos);
  const float none = std::nanf("");
  std::memcpy(file.data() + at, &none, sizeof(none));
  ModelFolder elsewhere;
  elsewhere.write("tiny.gguf", file);
  const auto weights = GgufWeights::open(elsewhere.path() / "tiny.gguf", *made.source);
  REQUIRE(weights);
  std::vector<float> values(8);
  const auto read = weights->read("model.norm.weight", 0, values);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == Errc::unprocessable);
  CHECK(weights->read("nothing", 0, values).error().code == Errc::not_found);
}

}  // namespace waag::convert::testing
