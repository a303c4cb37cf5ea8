#include "convert/validate/pairs/gguf_pairs.h"

#include <catch2/catch.hpp>

#include "convert/validate/weight_gates.h"
#include "tests/convert/validate/normal_model.h"

namespace waag::convert::testing {
namespace {

/// Llama with positions that are scaled as Llama 3's.
TinyModel llama3() {
  auto model = TinyModel::llama();
  auto config = model.config_text();
  const std::string member = R"("num_hidden_layers")";
  config.replace(config.find(member), member.size(),
                 R"("rope_scaling":{"rope_type":"llama3","factor":8.0},)" + member);
  return model.config(config);
}

/// In F32 nothing is lost: whatever is not in its place shows.
std::map<std::string, WeightErrors> exact_errors(const TinyModel& model) {
  auto all = MadeOfModel(model, "gguf:F32").errors(2);
  for (const auto& [name, errors] : all) {
    CAPTURE(name);
    CHECK(errors.largest_error == 0);
    CHECK(weight_faults(errors).empty());
  }
  return all;
}

/// A model folder that is there already, quantized.
struct QuantizedModel {
  explicit QuantizedModel(const std::string& type) : made(NormalModel(), "safetensors:" + type) {}

  MadeOfModel made;

  void write(waag::testing::ModelFolder& folder) const {
    for (const auto& file : std::filesystem::directory_iterator(made.made().folder))
      std::filesystem::copy(file.path(), folder.path() / file.path().filename(),
                            std::filesystem::copy_options::overwrite_existing);
  }
};

/// An importance matrix of one tensor of 512 columns, in the older form.
std::string importance_of(const std::string& tensor) {
  ByteWriter out;
  out.fixed(std::uint32_t{1});
  out.fixed(static_cast<std::uint32_t>(tensor.size()));
  const auto front = out.str() + tensor;
  ByteWriter rest;
  rest.fixed(std::uint32_t{1});
  rest.fixed(std::uint32_t{512});
  return front + rest.str() + waag::testing::bytes_of(std::vector<float>(512, 2.0f));
}

}  // namespace

TEST_CASE("gguf_pairs: rotary pairs, and a constant that no weight decides",
          "[convert][validate][gguf_pairs]") {
  const auto all = exact_errors(llama3());
  CHECK(all.size() == 13);
  CHECK(all.at("blk.0.attn_k.weight").shape == std::vector<std::uint64_t>{4, 8});
  CHECK(all.at("rope_freqs.weight").elements == 2);
}

TEST_CASE("gguf_pairs: rows of nothing are no fault", "[convert][validate][gguf_pairs]") {
  const std::string type = GENERATE("Q8_0", "Q5_1", "Q4_0", "Q4_K_S", "IQ4_XS", "Q3_K_M", "Q2_K");
  CAPTURE(type);
  auto model = NormalModel().hollow("model.embed_tokens.weight");
  model.hollow("model.layers.0.mlp.up_proj.weight");
  for (const auto& [name, errors] : MadeOfModel(model, "gguf:" + type).errors()) {
    CAPTURE(name);
    CHECK(errors.elements > 0);
    CHECK(weight_faults(errors).empty());
  }
}

TEST_CASE("gguf_pairs: a stack of experts is one tensor", "[convert][validate][gguf_pairs]") {
  const auto all = exact_errors(TinyModel::qwen3_moe(12));
  const auto& down = all.at("blk.0.ffn_down_exps.weight");
  CHECK(down.shape == std::vector<std::uint64_t>{12, 8, 3});
  CHECK(down.elements == 12 * 8 * 3);
}

TEST_CASE("gguf_pairs: latent attention, whose one part is turned over",
          "[convert][validate][gguf_pairs]") {
  const auto all = exact_errors(TinyModel::deepseek());
  CHECK(all.at("blk.0.attn_k_b.weight").elements == 2 * 3 * 4);
  CHECK(all.at("blk.0.attn_v_b.weight").elements == 2 * 2 * 4);
}

TEST_CASE("gguf_pairs: FP8 that passed through BF16 is rounded, floats beside it are not",
          "[convert][validate][gguf_pairs]") {
  const std::string type = GENERATE("F32", "BF16", "F16");
  CAPTURE(type);
  for (const auto& [name, errors] :
       MadeOfModel(QuantizedModel("fp8-block"), "gguf:" + type).errors()) {
    CAPTURE(name);
    CHECK(errors.not_kept == 0);
    CHECK(weight_faults(errors).empty());
    if (name == "blk.0.attn_q.weight") CHECK(*errors.sqnr_db == Approx(55.6).margin(2));
    if (name == "token_embd.weight" && type != "F16") CHECK_FALSE(errors.sqnr_db);
  }
}

TEST_CASE("gguf_pairs: an importance matrix, and weights that were quantized before",
          "[convert][validate][gguf_pairs]") {
  for (const auto& [name, errors] : MadeOfModel(NormalModel(), "gguf:Q4_0").errors())
    CHECK_FALSE(errors.is_lenient);
  const MadeOfModel weighted(NormalModel(), "gguf:Q4_0", 0, importance_of("blk.0.ffn_up.weight"));
  for (const auto& [name, errors] : weighted.errors()) CHECK(errors.is_lenient);
  const auto twice = MadeOfModel(QuantizedModel("int8"), "gguf:Q4_0").errors();
  CHECK(twice.at("blk.0.attn_q.weight").is_lenient);
  CHECK_FALSE(twice.at("token_embd.weight").is_lenient);
  const auto again = MadeOfModel(QuantizedModel("int8"), "safetensors:w4a16").errors();
  CHECK(again.at("model.layers.0.mlp.up_proj.weight_packed").is_lenient);
  CHECK_FALSE(again.at("model.embed_tokens.weight").is_lenient);
}

TEST_CASE("gguf_pairs: what is no conversion of the source", "[convert][validate][gguf_pairs]") {
  const MadeOfModel made(TinyModel::llama(), "gguf:F32");
  const auto none = [](const WeightPair&) { return ok(); };
  CHECK(each_gguf_pair(made.source(), made.made().gguf, none));
  CHECK_FALSE(each_gguf_pair(made.source(), made.folder().path() / "none.gguf", none));
  waag::testing::ModelFolder folder;
  TinyModel::qwen3_moe(2).write(folder);
  const auto other = SourceModel::open(folder.path());
  REQUIRE(other);
  const auto refused = each_gguf_pair(*other, made.made().gguf, none);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unprocessable);
}

}  // namespace waag::convert::testing
