#pragma once

#include <bit>
#include <cmath>
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

inline constexpr std::uint32_t device_columns = 256;

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

  /// Gives the GGUF targets an importance matrix, in llama.cpp's older form (FORMATS 4.3): of each
  /// weight, one column in 16 that never counts, and sizes over 2^20 in the others.
  DeviceJob& weigh() {
    ByteWriter out;
    const std::string block = "blk.0.";
    const std::vector<std::string> names{"token_embd.weight",       block + "attn_q.weight",
                                         block + "attn_k.weight",   block + "attn_v.weight",
                                         block + "ffn_gate.weight", block + "attn_output.weight",
                                         block + "ffn_down.weight", block + "ffn_up.weight"};
    out.fixed(static_cast<std::uint32_t>(names.size()));
    for (std::uint32_t weight = 0; weight < names.size(); ++weight) {
      constexpr std::uint32_t calls = 1;
      out.fixed(static_cast<std::uint32_t>(names[weight].size()));
      out.raw(as_bytes(names[weight]));
      out.fixed(calls);
      out.fixed(device_columns);
      for (std::uint32_t i = 0; i < device_columns; ++i) {
        const auto word = (weight * device_columns + i) * 2654435761u;  // any, and its high bits
        const auto size = std::ldexp(1.0f + static_cast<float>(word >> 8 & 0xff),
                                     static_cast<int>(word >> 16 & 15) - 12);
        out.fixed(std::bit_cast<std::uint32_t>(word >> 28 == 0 ? 0.0f : size));
      }
    }
    folder.write("imatrix.dat", out.str());
    for (auto& target : spec.targets)
      if (target.kind == TargetSpec::Kind::gguf) target.importance = folder.path() / "imatrix.dat";
    return *this;
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

/// The files of a job on a device are those of the CPU.
inline void check_files(DeviceJob& job, DeviceJob& plain, const DeviceUse::Open& open) {
  REQUIRE(plain.run());
  const auto done = job.run(open, Device::cuda);
  if (!done) FAIL(done.error().what);
  CHECK(job.files() == plain.files());
}

/// Whole files of a device are those of the CPU, with an importance matrix too. For the twin, and
/// for devices that are real.
inline void check_whole_files(const DeviceUse::Open& open, unsigned threads) {
  for (const auto& target : device_targets()) {
    CAPTURE(target, threads);
    DeviceJob job({target}, threads), plain({target});
    check_files(job, plain, open);
    if (!target.starts_with("gguf:")) continue;
    DeviceJob weighed({target}, threads), weighed_plain({target});
    check_files(weighed.weigh(), weighed_plain.weigh(), open);
  }
}

}  // namespace waag::convert::testing
