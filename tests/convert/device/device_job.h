#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "convert/converter.h"
#include "convert/pipeline/in_order.h"
#include "tests/convert/io/faulty_output_folder.h"
#include "tests/convert/tiny_model.h"

namespace waag::convert::testing {

/// A model whose rows are whole blocks of every type, of a few tiles of a twin a tensor.
inline TinyModel device_model() {
  TinyModel model(R"({"architectures":["Qwen2ForCausalLM"],"num_hidden_layers":1,"hidden_size":256,
    "vocab_size":70,"num_attention_heads":2,"num_key_value_heads":1,"intermediate_size":256,
    "rms_norm_eps":1e-6,"max_position_embeddings":64,"tie_word_embeddings":true})");
  const std::string at = "model.layers.0.";
  model.add("model.embed_tokens.weight", {70, 256})
      .add("model.norm.weight", {256})
      .add(at + "input_layernorm.weight", {256})
      .add(at + "post_attention_layernorm.weight", {256})
      .add(at + "self_attn.q_proj.weight", {256, 256})
      .add(at + "self_attn.k_proj.weight", {128, 256})
      .add(at + "self_attn.v_proj.weight", {128, 256})
      .add(at + "self_attn.o_proj.weight", {256, 256})
      .add(at + "mlp.gate_proj.weight", {256, 256})
      .add(at + "mlp.up_proj.weight", {256, 256})
      .add(at + "mlp.down_proj.weight", {256, 256});
  model.scale(1.0f / 256);  // an F16 holds all of them
  return model;
}

/// Jobs on it; targets such as "gguf:Q4_K_M".
struct DeviceJob {
  using Files = std::map<std::string, std::string>;

  explicit DeviceJob(const std::vector<std::string>& targets, unsigned threads = 2) {
    device_model().write(folder);
    folder.write("tokenizer.json", tiny_tokenizer());
    spec.source = folder.path();
    spec.threads = threads;
    spec.model.name = "Tiny";
    for (const auto& name : targets) {
      const auto colon = name.find(':');
      TargetSpec target;
      target.type = name.substr(colon + 1);
      target.kind =
          name.starts_with("gguf") ? TargetSpec::Kind::gguf : TargetSpec::Kind::safetensors;
      target.path = target.kind == TargetSpec::Kind::gguf ? target.type + ".gguf" : target.type;
      spec.targets.push_back(target);
    }
  }

  /// On a device that is opened by `open`; without one, on the CPU.
  Status run(const DeviceUse::Open& open = nullptr, Device wanted = Device::automatic) {
    lines.clear();
    Progress progress([this](std::string_view line) { lines.emplace_back(line); });
    if (!open) return run_job(spec, output, progress);
    WAAG_TRY(const auto use, DeviceUse::choose(wanted, open, progress));
    WAAG_CHECK(use->prove(proof_columns));
    return run_job(spec, output, progress, use.get());
  }

  [[nodiscard]] Files files() const {
    Files contents;
    for (const auto& [name, content] : output.files) contents[name] = content->now;
    return contents;
  }
  /// What it said of devices.
  [[nodiscard]] std::vector<std::string> devices() const {
    std::vector<std::string> found;
    for (const auto& line : lines) {
      auto event = boost::json::parse(line).as_object();
      if (event["event"] == "device")
        found.push_back(std::string(event["device"].as_string()) + ": " +
                        std::string(event["message"].as_string()));
    }
    return found;
  }

  waag::testing::ModelFolder folder;
  JobSpec spec;
  FaultyOutputFolder output;
  std::vector<std::string> lines;
};

/// Every type that a device may be asked for.
inline std::vector<std::string> device_targets() {
  return {"gguf:Q8_0",
          "gguf:Q4_0",
          "gguf:Q4_1",
          "gguf:Q5_0",
          "gguf:Q5_1",
          "gguf:Q2_K",
          "gguf:Q3_K_M",
          "gguf:Q4_K_M",
          "gguf:Q5_K_M",
          "gguf:Q6_K",
          "gguf:IQ4_NL",
          "gguf:IQ4_XS",
          "gguf:F16",
          "safetensors:fp8-dynamic",
          "safetensors:fp8-block",
          "safetensors:int8",
          "safetensors:w4a16",
          "safetensors:nvfp4"};
}

/// Whole files of a device are those of the CPU. For the twin, and for devices that are real.
inline void check_whole_files(const DeviceUse::Open& open, unsigned threads) {
  for (const auto& target : device_targets()) {
    CAPTURE(target, threads);
    DeviceJob plain({target});
    REQUIRE(plain.run());
    DeviceJob job({target}, threads);
    const auto done = job.run(open, Device::cuda);
    if (!done) FAIL(done.error().what);
    CHECK(job.files() == plain.files());
  }
}

}  // namespace waag::convert::testing
