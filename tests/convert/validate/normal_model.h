#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numbers>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "convert/converter.h"
#include "convert/forward/weights/gguf_tensors.h"
#include "convert/quant/floats.h"
#include "convert/source/stored_tensor.h"
#include "convert/validate/weight_errors.h"
#include "tests/convert/io/faulty_output_folder.h"
#include "tests/convert/tiny_model.h"
#include "tests/vectors/split_mix.h"

namespace waag::convert::testing {

/// Normal values of a standard deviation of 0.02, as BF16 holds them.
inline std::vector<float> normal_values(std::uint64_t seed, std::size_t count) {
  test::SplitMix words(seed);
  const auto uniform = [&] { return (static_cast<double>(words.next() >> 11) + 0.5) * 0x1p-53; };
  std::vector<float> values(count);
  for (auto& value : values) {
    const auto normal =
        std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform());
    value = bfloat_to_float(float_to_bfloat(static_cast<float>(0.02 * normal)));
  }
  return values;
}

/// A Llama of one block, of hidden size 512, with normal weights in BF16.
class NormalModel {
 public:
  NormalModel() {
    const std::string at = "model.layers.0.";
    add("model.embed_tokens.weight", {64, 512}).add("lm_head.weight", {64, 512});
    for (const std::string norm : {"model.norm", "model.layers.0.input_layernorm",
                                   "model.layers.0.post_attention_layernorm"})
      add(norm + ".weight", {512});
    for (const auto* name : {"q", "o"}) add(at + "self_attn." + name + "_proj.weight", {512, 512});
    for (const auto* name : {"k", "v"}) add(at + "self_attn." + name + "_proj.weight", {256, 512});
    for (const auto* name : {"gate", "up", "down"})
      add(at + "mlp." + name + "_proj.weight", {512, 512});
  }
  NormalModel& add(const std::string& name, std::vector<std::uint64_t> shape) {
    std::uint64_t count = 1;
    for (const auto extent : shape) count *= extent;
    weights_[name] = {std::move(shape), normal_values(weights_.size(), count)};
    return *this;
  }
  NormalModel& remove(const std::string& name) {
    weights_.erase(name);
    return *this;
  }
  /// Of a weight of 512 columns: a row of zeros, and one of next to nothing.
  NormalModel& hollow(const std::string& name) {
    auto& all = values(name);
    std::fill_n(all.begin() + 3 * 512, 512, 0.0f);
    for (std::size_t at = 7 * 512; at < 8 * 512; ++at) all[at] *= 0x1p-20f;
    return *this;
  }
  [[nodiscard]] std::vector<float>& values(const std::string& name) {
    return weights_.at(name).second;
  }

  void write(waag::testing::ModelFolder& folder) const {
    waag::testing::SafetensorsBuilder file;
    for (const auto& [name, weight] : weights_) {
      std::vector<std::uint16_t> words;
      for (const auto value : weight.second) words.push_back(float_to_bfloat(value));
      file.add(name, "BF16", weight.first, words);
    }
    folder.write("config.json", R"({"architectures":["LlamaForCausalLM"],"num_hidden_layers":1,
      "hidden_size":512,"vocab_size":64,"num_attention_heads":4,"num_key_value_heads":2,
      "intermediate_size":512,"rms_norm_eps":1e-5,"max_position_embeddings":64})");
    folder.write("model.safetensors", file.file());
  }

 private:
  std::map<std::string, std::pair<std::vector<std::uint64_t>, std::vector<float>>> weights_;
};

/// A model on disk and one thing that was made of it.
class MadeOfModel {
 public:
  /// @param target  "gguf:Q4_K_S", "safetensors:int8"
  /// @param importance  the bytes of an importance matrix; empty: none
  template <class Model>
  MadeOfModel(const Model& model, const std::string& target, std::uint64_t split_bytes = 0,
              const std::string& importance = "") {
    model.write(source_folder_);
    source_folder_.write("tokenizer.json", tiny_tokenizer());
    TargetSpec spec;
    const auto colon = target.find(':');
    spec.kind = target.starts_with("gguf") ? TargetSpec::Kind::gguf : TargetSpec::Kind::safetensors;
    spec.type = target.substr(colon + 1);
    spec.path = spec.kind == TargetSpec::Kind::gguf ? "m.gguf" : "out";
    spec.split_bytes = split_bytes;
    if (!importance.empty()) {
      source_folder_.write("imatrix", importance);
      spec.importance = source_folder_.path() / "imatrix";
    }
    JobSpec job;
    job.source = source_folder_.path();
    job.threads = 1;
    job.allow_requantize = true;
    job.model.name = "M";
    job.targets.push_back(spec);
    FaultyOutputFolder output;
    Progress progress([](std::string_view) {});
    if (const auto done = run_job(job, output, progress); !done) FAIL(done.error().what);
    for (const auto& [name, content] : output.files) {
      const auto base = name.substr(name.rfind('/') + 1);
      folder_.write(base, content->now);
      if (base.ends_with(".gguf") && (made_.gguf.empty() || base.find("-00001-of-") != base.npos))
        made_.gguf = folder_.path() / base;
    }
    if (spec.kind == TargetSpec::Kind::safetensors) made_.folder = folder_.path();
    auto opened = SourceModel::open(source_folder_.path());
    if (!opened) FAIL(opened.error().what);
    source_ = std::make_unique<SourceModel>(*std::move(opened));
  }

  [[nodiscard]] const SourceModel& source() const { return *source_; }
  [[nodiscard]] const MadeModel& made() const { return made_; }
  [[nodiscard]] const waag::testing::ModelFolder& folder() const { return folder_; }
  [[nodiscard]] waag::testing::ModelFolder& folder() { return folder_; }

  Status measure(std::vector<WeightErrors>& found, unsigned threads = 1) const {
    Workers workers(threads);
    return measure_weights(*source_, made_, workers,
                           [&](const WeightErrors& errors) { found.push_back(errors); });
  }
  [[nodiscard]] std::map<std::string, WeightErrors> errors(unsigned threads = 1) const {
    std::vector<WeightErrors> found;
    if (const auto done = measure(found, threads); !done) FAIL(done.error().what);
    std::map<std::string, WeightErrors> by_name;
    for (const auto& each : found) CHECK(by_name.emplace(each.name, each).second);
    return by_name;
  }

  /// Changes the bytes of one stored tensor.
  void change(const std::string& tensor, const std::function<void(Bytes&)>& change) {
    const auto [file, begin, end] = made_.gguf.empty() ? place_in_folder(tensor) : place(tensor);
    Bytes bytes(end - begin);
    REQUIRE(file->read_at(begin, bytes));
    change(bytes);
    std::fstream out(folder_.path() / file->name(),
                     std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(static_cast<std::streamoff>(begin));
    out << as_text(bytes);
  }

 private:
  struct Place {
    std::shared_ptr<const WeightFile> file;
    std::uint64_t begin, end;
  };
  [[nodiscard]] Place place(const std::string& tensor) const {
    const auto tensors = open_gguf(made_.gguf);
    if (!tensors) FAIL(tensors.error().what);
    const auto& stored = tensors->at(tensor);
    return {stored.file, stored.info.begin, stored.info.end};
  }
  [[nodiscard]] Place place_in_folder(const std::string& tensor) const {
    const auto tensors = open_stored_tensors(made_.folder);
    if (!tensors) FAIL(tensors.error().what);
    const auto& stored = tensors->at(tensor);
    return {stored.file, stored.info.begin, stored.info.end};
  }

  waag::testing::ModelFolder source_folder_;
  waag::testing::ModelFolder folder_;
  MadeModel made_;
  std::unique_ptr<SourceModel> source_;
};

}  // namespace waag::convert::testing
