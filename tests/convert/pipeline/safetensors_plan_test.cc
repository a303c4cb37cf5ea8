#include "convert/pipeline/safetensors_plan.h"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "tests/convert/pipeline/linear_model.h"
#include "tests/convert/tiny_model.h"

namespace waag::convert::testing {
namespace {

using waag::testing::ModelFolder;
using Way = PlannedWeight::Way;

/// A plan, and the model that it points into.
struct Planned {
  explicit Planned(const ModelFolder& folder, const std::string& type, JobSpec spec = {},
                   std::uint64_t split_bytes = 0) {
    auto opened = SourceModel::open(folder.path());
    if (!opened) FAIL(opened.error().what);
    model = std::make_unique<SourceModel>(*std::move(opened));
    TargetSpec target;
    target.kind = TargetSpec::Kind::safetensors;
    target.type = type;
    target.split_bytes = split_bytes;
    result = plan_safetensors(spec, target, *model);
  }
  const SafetensorsPlan& operator*() const {
    if (!result) FAIL(result.error().what);
    return *result;
  }
  [[nodiscard]] const PlannedWeight& weight(std::string_view name) const {
    for (const auto& found : (**this).weights)
      if (found.source->name == name) return found;
    FAIL("no weight " << name);
    throw;
  }

  std::unique_ptr<SourceModel> model;
  Result<SafetensorsPlan> result{SafetensorsPlan{}};
};

const std::string down = "model.layers.0.mlp.down_proj.weight";

struct LinearFolder : ModelFolder {
  LinearFolder() { LinearModel().write(*this); }
};

/// One projection in FP8 and one weight in FP8 that is none.
void write_fp8(ModelFolder& folder) {
  folder.write("config.json", R"({"architectures":["Qwen2ForCausalLM"],"quantization_config":
      {"quant_method":"fp8","weight_block_size":[128,128]}})");
  waag::testing::SafetensorsBuilder file;
  const std::string codes(128 * 128, '\x38');
  for (const auto* name : {"down_proj", "gate"}) {
    const auto at = std::string("model.layers.0.mlp.") + name + ".weight";
    file.add(at, "F8_E4M3", {128, 128}, codes);
    file.add(at + "_scale_inv", "F32", {1, 1}, std::vector<float>{0.5f});
  }
  folder.write("model.safetensors", file.file());
}

}  // namespace

TEST_CASE("safetensors_plan: the names of the formats", "[convert][pipeline]") {
  const auto format = [](std::string_view name) {
    const auto found = find_linear_format(name);
    REQUIRE(found);
    return *found;
  };
  CHECK(format("fp8-dynamic") == LinearFormat::fp8_dynamic);
  CHECK(format("fp8-block") == LinearFormat::fp8_block);
  CHECK(format("int8") == LinearFormat::int8);
  CHECK(format("w4a16") == LinearFormat::w4a16);
  CHECK(format("nvfp4") == LinearFormat::nvfp4);
  const auto none = find_linear_format(GENERATE("", "INT8", "fp8", "Q4_K_M"));
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Errc::invalid_argument);
  CHECK(none.error().what.find("fp8-dynamic, fp8-block, int8, w4a16, nvfp4") != std::string::npos);
}

TEST_CASE("safetensors_plan: projections are quantized, all else is copied",
          "[convert][pipeline]") {
  const LinearFolder folder;
  const Planned planned(folder, "w4a16");
  const auto& plan = *planned;
  CHECK(plan.format == LinearFormat::w4a16);
  CHECK(plan.model_dtype == model::Dtype::bf16);
  CHECK(plan.weights.size() == planned.model->tensors().size());
  REQUIRE(plan.layout.files.size() == 1);
  for (const auto& weight : plan.weights) {
    const auto& name = weight.source->name;
    CAPTURE(name);
    CHECK((weight.way == Way::quantized) == (name.find("_proj.weight") != std::string::npos));
    if (weight.way == Way::quantized) {
      REQUIRE(weight.parts.size() == 3);
      const auto stem = name.substr(0, name.size() - 6);
      CHECK(plan.layout.places.contains(stem + "weight_packed"));
      CHECK(plan.layout.places.contains(stem + "weight_scale"));
      CHECK(plan.layout.places.contains(stem + "weight_shape"));
      CHECK_FALSE(plan.layout.places.contains(name));
    } else {
      CHECK(weight.way == Way::copied);
      REQUIRE(weight.parts.size() == 1);
      CHECK(weight.parts[0].part.dtype == model::Dtype::bf16);
    }
    for (const auto& part : weight.parts) {
      const auto& info = plan.layout.files[part.place.file].tensors[part.place.tensor];
      CHECK(info.shape == part.part.shape);
      CHECK(info.dtype == part.part.dtype);
    }
  }
  CHECK(planned.weight("model.layers.0.self_attn.k_proj.weight").stacked_name ==
        "model.layers.0.self_attn.qkv_proj.weight");
}

TEST_CASE("safetensors_plan: projections that a format cannot hold are told",
          "[convert][pipeline]") {
  ModelFolder folder;
  LinearModel model;
  model.add("model.layers.0.self_attn.k_proj.weight", {64, 128});
  model.add("model.layers.0.mlp.down_proj.weight", {128, 192}).write(folder);
  using Warnings = std::vector<std::string>;
  CHECK((*Planned(folder, "int8")).warnings.empty());
  CHECK((*Planned(folder, "nvfp4")).warnings.empty());
  CHECK((*Planned(folder, "w4a16")).warnings ==
        Warnings{"1 of 7 projections stay unquantized: w4a16 needs rows of whole groups of 128, "
                 "also in those that belong together"});
  CHECK((*Planned(folder, "fp8-block")).warnings ==
        Warnings{"3 of 7 projections stay unquantized: fp8-block needs whole blocks of 128 rows "
                 "where engines stack weights, also in those that belong together"});
}

TEST_CASE("safetensors_plan: the texts", "[convert][pipeline]") {
  const LinearFolder folder;
  const auto* type = GENERATE("fp8-dynamic", "fp8-block", "int8", "w4a16", "nvfp4");
  CAPTURE(type);
  // ModelSlim's loader would take a description of its own for a format that has offsets.
  const Planned one(folder, type);
  REQUIRE((*one).texts.size() == 1);
  const auto config = boost::json::parse((*one).texts.at("config.json")).as_object();
  CHECK(config.at("hidden_size") == 128);
  CHECK(config.contains("quantization_config"));

  const Planned split(folder, type, {}, 20'000);
  REQUIRE((*split).texts.size() == 2);
  CHECK((*split).layout.files.size() > 3);
  const auto index = boost::json::parse((*split).texts.at("model.safetensors.index.json"));
  CHECK(index.at("weight_map").as_object().size() == (*split).layout.places.size());
}

TEST_CASE("safetensors_plan: the model's type is that of most values in plain matrices",
          "[convert][pipeline]") {
  ModelFolder folder;
  LinearModel()
      .add("model.a", {4096, 128}, "F16")
      .add("model.b", {1'000'000}, "F32")  // no matrix
      .write(folder);
  const Planned planned(folder, "int8");
  CHECK((*planned).model_dtype == model::Dtype::f16);
  CHECK(planned.weight("model.norm.weight").parts[0].part.dtype == model::Dtype::bf16);
  CHECK(planned.weight("model.b").parts[0].part.dtype == model::Dtype::f32);
  CHECK(planned.weight(down).parts[1].part.dtype == model::Dtype::f16);
}

TEST_CASE("safetensors_plan: FP8 that is given up is written as values", "[convert][pipeline]") {
  ModelFolder folder;
  write_fp8(folder);
  const Planned planned(folder, "int8");
  CHECK((*planned).model_dtype == model::Dtype::bf16);
  CHECK(planned.weight(down).way == Way::quantized);
  const auto& gate = planned.weight("model.layers.0.mlp.gate.weight");
  CHECK(gate.way == Way::decoded);
  CHECK(gate.parts[0].part.dtype == model::Dtype::bf16);
  CHECK((*planned).layout.places.size() == 3);  // no weight_scale_inv among them
}

TEST_CASE("safetensors_plan: what is lossy already is converted only when that is allowed",
          "[convert][pipeline]") {
  ModelFolder folder(R"({"architectures":["Qwen2ForCausalLM"],"quantization_config":
      {"quant_method":"compressed-tensors","format":"int-quantized","config_groups":{"group_0":{
      "targets":["Linear"],"weights":{"num_bits":8,"type":"int","symmetric":true,
      "strategy":"channel"}}}}})");
  waag::testing::SafetensorsBuilder file;
  file.add(down, "I8", {128, 128}, std::string(128 * 128, '\x05'));
  file.add("model.layers.0.mlp.down_proj.weight_scale", "F32", {128, 1},
           std::vector<float>(128, 0.5f));
  folder.write("model.safetensors", file.file());
  const Planned refused(folder, "w4a16");
  REQUIRE_FALSE(refused.result);
  CHECK(refused.result.error().code == Errc::unprocessable);
  CAPTURE(refused.result.error().what);
  CHECK(refused.result.error().what.find("allow-requantize") != std::string::npos);
  JobSpec spec;
  spec.allow_requantize = true;
  const Planned allowed(folder, "w4a16", spec);
  CHECK(allowed.weight(down).way == Way::quantized);
}

TEST_CASE("safetensors_plan: models that cannot be", "[convert][pipeline]") {
  const auto code_of = [](const ModelFolder& folder, const std::string& type) {
    const Planned planned(folder, type);
    REQUIRE_FALSE(planned.result);
    return planned.result.error().code;
  };
  ModelFolder narrow;  // rows of 8 are no whole number of groups
  TinyModel::llama().write(narrow);
  CHECK(code_of(narrow, "w4a16") == Errc::unprocessable);
  CHECK(code_of(narrow, "nvfp4") == Errc::unprocessable);
  CHECK(code_of(narrow, "no such") == Errc::invalid_argument);
  ModelFolder unknown;
  TinyModel::llama().config(R"({"architectures":["NoSuchForCausalLM"]})").write(unknown);
  CHECK(code_of(unknown, "int8") == Errc::unprocessable);
}

}  // namespace waag::convert::testing
