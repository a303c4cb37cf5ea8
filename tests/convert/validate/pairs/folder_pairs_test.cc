#include "convert/validate/pairs/folder_pairs.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "convert/validate/weight_gates.h"
#include "protocol/hash.h"
#include "tests/convert/pipeline/linear_model.h"
#include "tests/convert/validate/normal_model.h"

namespace waag::convert::testing {
namespace {

const std::string q = "model.layers.0.self_attn.q_proj.";

/// Of normal values in rows of 512; the limits are below them (weight_gates.cc).
const std::map<std::string, double> expected{
    {"fp8-dynamic", 31.6}, {"fp8-block", 31.5}, {"int8", 42.6}, {"w4a16", 19.1}, {"nvfp4", 20.4}};

std::string codes_of(const std::string& type) {
  return type == "w4a16" || type == "nvfp4" ? q + "weight_packed" : q + "weight";
}

std::vector<std::string> faults_of(const std::map<std::string, WeightErrors>& all) {
  std::vector<std::string> faults;
  for (const auto& [name, errors] : all)
    for (const auto& fault : weight_faults(errors)) faults.push_back(fault);
  return faults;
}

/// Sets the byte at each multiple of `step`.
std::function<void(Bytes&)> each_byte(std::size_t step, std::byte value) {
  return [=](Bytes& bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += step) bytes[at] = value;
  };
}

}  // namespace

TEST_CASE("folder_pairs: every format, every stored tensor once",
          "[convert][validate][folder_pairs]") {
  const std::string type = GENERATE("fp8-dynamic", "fp8-block", "int8", "w4a16", "nvfp4");
  CAPTURE(type);
  const MadeOfModel made(NormalModel(), "safetensors:" + type);
  const auto all = made.errors(2);
  CHECK(faults_of(all).empty());
  const auto stored = open_stored_tensors(made.made().folder);
  REQUIRE(stored);
  REQUIRE(all.size() == stored->size());
  std::size_t quantized = 0;
  for (const auto& [name, tensor] : *stored) {
    CAPTURE(name);
    const auto& errors = all.at(name);
    Bytes bytes(tensor.info.end - tensor.info.begin);
    REQUIRE(tensor.file->read_at(tensor.info.begin, bytes));
    CHECK(errors.sha256 == sha256(bytes).hex());
    if (errors.type == type) {
      ++quantized;
      CHECK(*errors.sqnr_db == Approx(expected.at(type)).margin(0.3));
      CHECK(errors.shape.back() == 512);
      // A group's largest stands between codes 7 and 8, of which there is only one.
      CHECK((errors.saturated == 0u || type == "w4a16"));
      CHECK(errors.zero_blocks == 0);
    } else if (name.find("weight_") == std::string::npos) {
      CHECK(errors.type == "BF16");
      CHECK(errors.elements > 0);
      CHECK_FALSE(errors.sqnr_db);
      CHECK_FALSE(errors.saturated);
    } else {
      CHECK(errors.elements == 0);
    }
  }
  CHECK(quantized == 7);
  CHECK(all.at(codes_of(type)).shape == std::vector<std::uint64_t>{512, 512});
}

TEST_CASE("folder_pairs: experts that were fused are apart", "[convert][validate][folder_pairs]") {
  const bool is_fused = GENERATE(false, true);
  LinearModel model;
  model.with_experts(is_fused, 128);
  model.add("model.layers.0.mlp.gate.weight", {2, 128});
  for (const auto* norm : {"q_norm", "k_norm"})
    model.add("model.layers.0.self_attn." + std::string(norm) + ".weight", {64});
  const MadeOfModel made(model, "safetensors:fp8-dynamic");
  const auto all = made.errors();
  const auto& expert = all.at("model.layers.0.mlp.experts.1.up_proj.weight");
  CHECK(expert.type == "fp8-dynamic");
  CHECK(expert.shape == std::vector<std::uint64_t>{128, 128});
  CHECK(*expert.sqnr_db > 28);
  CHECK(faults_of(all).empty());
}

TEST_CASE("folder_pairs: damage is found", "[convert][validate][folder_pairs]") {
  struct Damage {
    std::string type, tensor, word;
    std::function<void(Bytes&)> change;
  };
  const auto damage = GENERATE(
      Damage{"fp8-dynamic", "weight", "at least 28.5", each_byte(1, std::byte{0})},
      Damage{"fp8-dynamic", "weight", "1 values are NaN",
             [](Bytes& bytes) { bytes[1000] = std::byte{0x7f}; }},
      Damage{"int8", "weight", "a row has",
             [](Bytes& bytes) {
               std::swap_ranges(bytes.begin(), bytes.begin() + 512, bytes.begin() + 512 * 40);
             }},
      Damage{"int8", "weight_scale", "a row has",  // BF16: the next power of two
             [](Bytes& bytes) {
               std::uint16_t word = 0;
               std::memcpy(&word, &bytes[20], sizeof(word));
               word = static_cast<std::uint16_t>(word + 0x80);
               std::memcpy(&bytes[20], &word, sizeof(word));
             }},
      Damage{"w4a16", "weight_packed", "at least 13.7",
             [](Bytes& bytes) { std::ranges::reverse(bytes); }},
      Damage{"nvfp4", "weight_global_scale", "at least 17.4", [](Bytes& bytes) {
               std::uint32_t word = 0;
               std::memcpy(&word, bytes.data(), sizeof(word));
               word += 0x800000;
               std::memcpy(bytes.data(), &word, sizeof(word));
             }});
  CAPTURE(damage.type, damage.word);
  MadeOfModel made(NormalModel(), "safetensors:" + damage.type);
  made.change(q + damage.tensor, damage.change);
  const auto faults = faults_of(made.errors());
  REQUIRE_FALSE(faults.empty());
  bool is_said = false;
  for (const auto& fault : faults) {
    CAPTURE(fault);
    CHECK(fault.starts_with(codes_of(damage.type) + " (" + damage.type + "): "));
    is_said = is_said || fault.find(damage.word) != std::string::npos;
  }
  CAPTURE(faults.front());
  CHECK(is_said);
}

TEST_CASE("folder_pairs: rows of nothing are no fault as long as they stay such",
          "[convert][validate][folder_pairs]") {
  const std::string type = GENERATE("fp8-dynamic", "fp8-block", "int8", "w4a16", "nvfp4");
  CAPTURE(type);
  MadeOfModel made(NormalModel().hollow(q + "weight"), "safetensors:" + type);
  CHECK(faults_of(made.errors()).empty());
  if (type != "int8") return;
  made.change(q + "weight", [](Bytes& bytes) {
    std::copy_n(bytes.begin(), 512, bytes.begin() + std::ptrdiff_t{3} * 512);
  });
  made.change(q + "weight_scale", [](Bytes& bytes) { std::copy_n(bytes.begin(), 2, &bytes[6]); });
  const auto faults = faults_of(made.errors());
  REQUIRE(faults.size() == 1);
  CHECK(faults[0] == q + "weight (int8): a row has -100.0 dB, at least 6.5 are expected");
}

TEST_CASE("folder_pairs: an F64 that is copied", "[convert][validate][folder_pairs]") {
  struct WithF64 : LinearModel {
    void write(waag::testing::ModelFolder& folder) const {
      waag::testing::SafetensorsBuilder file;
      for (const auto& [name, weight] : weights()) {
        const std::vector<double> values(weight.values.begin(), weight.values.end());
        if (name == "lm_head.weight")
          file.add(name, "F64", weight.shape, values);
        else
          file.add(name, weight.dtype, weight.shape, bytes(weight));
      }
      folder.write("config.json", config());
      folder.write("model.safetensors", file.file());
    }
  };
  const auto all = MadeOfModel(WithF64(), "safetensors:fp8-dynamic").errors();
  CHECK(all.at("lm_head.weight").type == "F64");
  CHECK(all.at("lm_head.weight").elements == 16 * 128);
  CHECK(faults_of(all).empty());
}

TEST_CASE("folder_pairs: scales that are too small cut values off",
          "[convert][validate][folder_pairs]") {
  MadeOfModel made(NormalModel(), "safetensors:int8");
  made.change(q + "weight_scale", [](Bytes& bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += 2) {
      std::uint16_t word = 0;
      std::memcpy(&word, &bytes[at], sizeof(word));
      word = static_cast<std::uint16_t>(word - 0x80);
      std::memcpy(&bytes[at], &word, sizeof(word));
    }
  });
  CHECK(*made.errors().at(q + "weight").saturated > 200);  // of half of the rows the largest
}

TEST_CASE("folder_pairs: what is no conversion of the source",
          "[convert][validate][folder_pairs]") {
  const MadeOfModel made(NormalModel(), "safetensors:int8");
  const auto none = [](const WeightPair&) { return ok(); };
  const auto is_refused = [&](NormalModel&& model, const std::string& word) {
    waag::testing::ModelFolder folder;
    model.write(folder);
    const auto other = SourceModel::open(folder.path());
    REQUIRE(other);
    const auto refused = each_folder_pair(*other, made.made().folder, none);
    REQUIRE_FALSE(refused);
    CAPTURE(refused.error().what);
    CHECK(refused.error().code == Errc::unprocessable);
    CHECK(refused.error().what.find(word) != std::string::npos);
  };
  CHECK(each_folder_pair(made.source(), made.made().folder, none));
  is_refused(std::move(NormalModel().add(q + "bias", {512})), "q_proj.bias");
  is_refused(std::move(NormalModel().add(q + "weight", {256, 512})), "shape");
  is_refused(std::move(NormalModel().remove(q + "weight")), "comes of nothing");
}

}  // namespace waag::convert::testing
