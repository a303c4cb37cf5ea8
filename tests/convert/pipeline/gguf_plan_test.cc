#include "convert/pipeline/gguf_plan.h"

#include <algorithm>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/convert/tiny_model.h"

namespace waag::convert::testing {
namespace {

using waag::testing::ModelFolder;

struct Planned {
  explicit Planned(const std::string& type, const TinyModel& tiny = TinyModel::llama()) {
    tiny.write(folder);
    folder.write("tokenizer.json", tiny_tokenizer());
    spec.model.name = "Tiny";
    target.type = type;
    target.path = "a/m.gguf";
    auto opened = SourceModel::open(folder.path());
    if (!opened) FAIL(opened.error().what);
    model = std::make_unique<SourceModel>(*std::move(opened));
  }
  Result<GgufPlan> plan() { return plan_gguf(spec, target, *model); }

  ModelFolder folder;
  JobSpec spec;
  TargetSpec target;
  std::unique_ptr<SourceModel> model;
};

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == std::string::npos) FAIL(from << " is not in " << text);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("gguf_plan: names, types and files fit together", "[convert][pipeline][gguf_plan]") {
  Planned planned("bf16");
  const auto plan = planned.plan();
  if (!plan) FAIL(plan.error().what);
  CHECK(plan->recipe.name == "BF16");
  REQUIRE(plan->tensors.size() == 12);
  REQUIRE(plan->types.size() == 12);
  for (std::size_t i = 0; i < plan->types.size(); ++i)
    CHECK(plan->types[i] == (plan->tensors[i].is_f32 ? TensorType::f32 : TensorType::bf16));
  REQUIRE(plan->files.size() == 1);
  CHECK(plan->files[0].name == "a/m.gguf");
  CHECK(plan->files[0].tensors.size() == 12);
  const auto header = as_text(plan->files[0].header);
  for (const auto* key : {"general.architecture", "general.file_type", "llama.block_count",
                          "tokenizer.ggml.model", "general.size_label"})
    CHECK(header.find(key) != std::string_view::npos);
  CHECK(header.find("quantize.imatrix") == std::string_view::npos);
}

TEST_CASE("gguf_plan: with an importance matrix", "[convert][pipeline][gguf_plan]") {
  Planned planned("Q2_K_S");
  const auto without = planned.plan();
  REQUIRE_FALSE(without);
  CHECK(without.error().code == Errc::invalid_argument);

  planned.target.importance = planned.folder.path() / "imatrix.dat";
  const auto missing = planned.plan();
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == Errc::not_found);

  ByteWriter out;
  out.fixed(std::uint32_t{1});
  out.fixed(std::uint32_t{1});
  out.raw(as_bytes("a"));
  for (int i = 0; i < 3; ++i) out.fixed(std::uint32_t{1});
  planned.folder.write("imatrix.dat", out.str());
  const auto plan = planned.plan();
  if (!plan) FAIL(plan.error().what);
  const auto header = as_text(plan->files[0].header);
  CHECK(header.find("quantize.imatrix.file") != std::string_view::npos);
  CHECK(header.find("imatrix.dat") != std::string_view::npos);
  CHECK(header.find(planned.folder.path().string()) == std::string_view::npos);
}

TEST_CASE("gguf_plan: a mix that does not fit the model's rows is told",
          "[convert][pipeline][gguf_plan]") {
  const auto warning = [](const std::string& type) {
    Planned planned(type);
    const auto plan = planned.plan();
    if (!plan) FAIL(plan.error().what);
    std::string found;
    for (const auto& text : plan->warnings)
      if (text.find("no whole number of its blocks") != std::string::npos) found += text;
    return found;
  };
  CHECK(warning("F16").empty());
  CHECK(warning("Q4_K_M").starts_with("9 of 12 tensors are of another type than Q4_K_M"));
}

TEST_CASE("gguf_plan: a window that llama.cpp does not have is told",
          "[convert][pipeline][gguf_plan]") {
  const auto warnings = [](const std::string& more, const std::string& class_name) {
    auto model = TinyModel::llama();
    auto text = with(model.config_text(), "LlamaForCausalLM", class_name);
    text = with(text, "\"hidden_size\"", more + "\"hidden_size\"");
    Planned planned("F16", model.config(text));
    const auto plan = planned.plan();
    if (!plan) FAIL(plan.error().what);
    return std::ranges::count_if(plan->warnings, [](const auto& warning) {
      return warning.find("sliding window of 4 tokens") != std::string::npos;
    });
  };
  CHECK(warnings("\"sliding_window\":4,", "MistralForCausalLM") == 1);
  CHECK(warnings("\"sliding_window\":null,", "MistralForCausalLM") == 0);
  CHECK(warnings("\"sliding_window\":4000000,", "MistralForCausalLM") == 0);  // longer than texts
  CHECK(warnings("\"sliding_window\":4,", "LlamaForCausalLM") == 0);          // has none
}

TEST_CASE("gguf_plan: what is refused", "[convert][pipeline][gguf_plan]") {
  const auto unknown = Planned("Q9").plan();
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Errc::invalid_argument);

  const auto tiny = TinyModel::llama();
  const auto refused = [&](const std::string& from, const std::string& to) {
    auto model = tiny;
    const auto plan = Planned("F16", model.config(with(tiny.config_text(), from, to))).plan();
    REQUIRE_FALSE(plan);
    CHECK(plan.error().code == Errc::unprocessable);
  };
  refused("LlamaForCausalLM", "Unknown");
  refused("\"hidden_size\":8", "\"hidden_size\":16");
  refused("\"rms_norm_eps\"", "\"eps\"");
  refused("\"vocab_size\":5", "\"vocab_size\":4");

  Planned untold("F16");
  std::filesystem::remove(untold.folder.path() / "tokenizer.json");
  const auto no_tokenizer = untold.plan();
  REQUIRE_FALSE(no_tokenizer);
  CHECK(no_tokenizer.error().code == Errc::not_found);
}

}  // namespace waag::convert::testing
