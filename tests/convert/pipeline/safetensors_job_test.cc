#include "convert/pipeline/safetensors_job.h"

#include <algorithm>
#include <cstring>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "convert/converter.h"
#include "convert/pipeline/safetensors_plan.h"
#include "protocol/hash.h"
#include "protocol/model/safetensors_header.h"
#include "tests/convert/io/faulty_output_folder.h"
#include "tests/convert/pipeline/linear_model.h"

namespace waag::convert::testing {
namespace {

using waag::testing::ModelFolder;
using Texts = std::map<std::string, std::string>;

const std::string block = LinearModel::block;
const std::vector<std::string> all_types{"fp8-dynamic", "fp8-block", "int8", "w4a16", "nvfp4"};

/// A job on a small model, its lines of progress, its output in memory.
struct Job {
  explicit Job(const LinearModel& model, const std::vector<std::string>& types) {
    model.write(folder);
    start(types);
  }
  explicit Job(const std::vector<std::string>& types) { start(types); }

  void start(const std::vector<std::string>& types) {
    folder.write("tokenizer.json", "{}");
    spec.source = folder.path();
    spec.threads = 2;
    for (const auto& type : types) {
      TargetSpec target;
      target.kind = TargetSpec::Kind::safetensors;
      target.type = type;
      target.path = "out/" + type;
      spec.targets.push_back(target);
    }
  }
  Status run() {
    lines.clear();
    Progress progress([this](std::string_view line) { lines.emplace_back(line); });
    return run_job(spec, output, progress);
  }
  void must_run() {
    const auto status = run();
    if (!status) FAIL(status.error().what);
  }
  [[nodiscard]] Texts files() const {
    Texts contents;
    for (const auto& [name, content] : output.files) contents[name] = content->now;
    return contents;
  }
  [[nodiscard]] std::vector<boost::json::object> events(std::string_view kind) const {
    std::vector<boost::json::object> found;
    for (const auto& line : lines) {
      auto event = boost::json::parse(line).as_object();
      if (std::string_view(event["event"].as_string()) == kind) found.push_back(std::move(event));
    }
    return found;
  }

  ModelFolder folder;
  JobSpec spec;
  FaultyOutputFolder output;
  std::vector<std::string> lines;
};

/// The tensors of all weight files below a folder, as any reader finds them.
class Tensors {
 public:
  Tensors(Texts files, const std::string& folder) : files_(std::move(files)) {
    for (const auto& [name, file] : files_) {
      if (!name.starts_with(folder + "/") || !name.ends_with(".safetensors")) continue;
      const auto header = model::parse_safetensors_header(as_bytes(file), file.size());
      if (!header) FAIL(header.error().what);
      for (const auto& tensor : header->tensors) {
        CHECK_FALSE(found_.contains(tensor.name));
        found_[tensor.name] = {
            tensor, as_text(as_bytes(file)).substr(tensor.begin, tensor.end - tensor.begin)};
      }
    }
  }
  [[nodiscard]] std::size_t size() const { return found_.size(); }
  [[nodiscard]] bool contains(const std::string& name) const { return found_.contains(name); }
  [[nodiscard]] const model::TensorInfo& info(const std::string& name) const {
    return at(name).first;
  }
  [[nodiscard]] std::string_view bytes(const std::string& name) const { return at(name).second; }
  [[nodiscard]] float scalar(const std::string& name) const {
    float value = 0;
    REQUIRE(bytes(name).size() == sizeof(value));
    std::memcpy(&value, bytes(name).data(), sizeof(value));
    return value;
  }

 private:
  using Found = std::pair<model::TensorInfo, std::string_view>;
  [[nodiscard]] const Found& at(const std::string& name) const {
    const auto found = found_.find(name);
    if (found == found_.end()) FAIL("no tensor " << name);
    return found->second;
  }

  Texts files_;
  std::map<std::string, Found> found_;
};

/// How far a value may be from the source's, in the largest of its scale's values. Of NVFP4, half
/// of the widest step (1/6) and a scale that is rounded itself.
double tolerance(LinearFormat format) {
  switch (format) {
    case LinearFormat::fp8_dynamic:
    case LinearFormat::fp8_block:
      return 16.0 / 448 + 0.004;
    case LinearFormat::int8:
      return 0.5 / 127.5 + 0.004;
    case LinearFormat::w4a16:
      return 0.5 / 7.5 + 0.004;
    case LinearFormat::nvfp4:
      return 1.0 / 6 + 0.07;
  }
  return 0;
}

/// What the tensors of a weight that was quantized say its values are.
std::vector<float> decoded(const Tensors& tensors, LinearFormat format, const std::string& name,
                           LinearShape shape, model::Dtype model_dtype = model::Dtype::bf16) {
  const auto parts = linear_parts(format, shape, model_dtype);
  REQUIRE(parts);
  const auto stem = name.substr(0, name.size() - 6);
  const auto named = [&](std::size_t part) { return stem + std::string((*parts)[part].suffix); };
  for (std::size_t i = 0; i < parts->size(); ++i) {
    CHECK(tensors.info(named(i)).dtype == (*parts)[i].dtype);
    CHECK(tensors.info(named(i)).shape == (*parts)[i].shape);
  }
  LinearCodes codes{.codes = as_bytes(tensors.bytes(named(0))),
                    .scales = as_bytes(tensors.bytes(named(1))),
                    .columns = shape.columns,
                    .scale_dtype = (*parts)[1].dtype};
  if (format == LinearFormat::nvfp4) codes.global_scale = tensors.scalar(named(2));
  if (format == LinearFormat::w4a16)
    CHECK(std::ranges::equal(as_bytes(tensors.bytes(named(2))), linear_shape_bytes(shape)));
  std::vector<float> values(shape.rows * shape.columns);
  dequantize_linear_rows(format, codes, values);
  return values;
}

void check_near(LinearFormat format, const std::vector<float>& values,
                const std::vector<float>& source, std::uint64_t columns) {
  REQUIRE(values.size() == source.size());
  const auto together = format == LinearFormat::fp8_block ? values.size() : columns;
  for (std::size_t at = 0; at < values.size(); at += together) {
    const auto of = std::span(source).subspan(at, together);
    const auto allowed = tolerance(format) * static_cast<double>(largest_magnitude(of));
    double worst = 0;
    for (std::size_t i = 0; i < together; ++i)
      worst = std::max(worst, std::abs(static_cast<double>(values[at + i]) - of[i]));
    CAPTURE(at);
    CHECK(worst <= allowed);
  }
}

LinearFormat format_of(const std::string& type) { return *find_linear_format(type); }

/// The bytes of codes and scales of a whole weight, from the quantizer alone.
std::pair<Bytes, Bytes> quantized(LinearFormat format, const LinearModel::Weight& weight,
                                  float global_scale) {
  const LinearShape shape{weight.shape[0], weight.shape[1]};
  const auto parts = linear_parts(format, shape, model::Dtype::bf16);
  REQUIRE(parts);
  const auto size = [&](const LinearPart& part) {
    return (shape.rows + part.rows_per_unit - 1) / part.rows_per_unit * part.unit_bytes;
  };
  std::pair<Bytes, Bytes> made{Bytes(size((*parts)[0])), Bytes(size((*parts)[1]))};
  quantize_linear_rows(format, {.values = weight.values,
                                .columns = shape.columns,
                                .scale_dtype = model::Dtype::bf16,
                                .global_scale = global_scale,
                                .codes = made.first,
                                .scales = made.second});
  return made;
}

}  // namespace

TEST_CASE("safetensors_job: each format holds the model", "[convert][pipeline][safetensors_job]") {
  const std::string type = GENERATE(from_range(all_types));
  CAPTURE(type);
  const auto format = format_of(type);
  const LinearModel source;
  Job job(source, {type});
  job.must_run();
  const Tensors tensors(job.files(), "out/" + type);
  CHECK(job.files().size() == 3);  // weights, config.json, tokenizer.json; no progress
  std::size_t count = 0;
  for (const auto& [name, weight] : source.weights()) {
    CAPTURE(name);
    if (name.ends_with("_proj.weight")) {
      const LinearShape shape{weight.shape[0], weight.shape[1]};
      check_near(format, decoded(tensors, format, name, shape), weight.values, shape.columns);
      count += format == LinearFormat::w4a16 || format == LinearFormat::nvfp4 ? 3 : 2;
    } else {
      CHECK(tensors.info(name).dtype == model::Dtype::bf16);
      CHECK(tensors.info(name).shape == weight.shape);
      CHECK(tensors.bytes(name) == LinearModel::bytes(weight));
      ++count;
    }
  }
  CHECK(tensors.size() == count);
}

TEST_CASE("safetensors_job: what it tells", "[convert][pipeline][safetensors_job]") {
  const LinearModel source;
  Job job(source, {"int8"});
  job.must_run();
  const auto files = job.files();
  const auto plans = job.events("plan");
  REQUIRE(plans.size() == 1);
  CHECK(plans[0].at("done_bytes") == 0);
  CHECK(plans[0].at("tensors") == source.weights().size());
  const auto written = job.events("tensor");
  REQUIRE(written.size() == source.weights().size());
  CHECK(written.back().at("done_bytes") == plans[0].at("bytes"));
  CHECK(written.back().at("total_bytes") == plans[0].at("bytes"));
  for (const auto& event : written) {
    const std::string_view name = event.at("name").as_string();
    CHECK(event.at("type") == (name.ends_with("_proj.weight") ? "int8" : "BF16"));
  }
  const auto told = job.events("file");
  REQUIRE(told.size() == files.size());
  for (const auto& event : told) {
    const auto& file = files.at(std::string(event.at("path").as_string()));
    const auto expected = sha256(as_bytes(file)).hex();
    CHECK(event.at("size") == file.size());
    CHECK(std::string_view(event.at("sha256").as_string()) == expected);
  }
}

TEST_CASE("safetensors_job: fused experts give the files of those that are published apart",
          "[convert][pipeline][safetensors_job]") {
  const std::string type = GENERATE(from_range(all_types));
  CAPTURE(type);
  Job apart(LinearModel().with_experts(/*is_fused=*/false, 256), {type});
  Job fused(LinearModel().with_experts(/*is_fused=*/true, 256), {type});
  apart.must_run();
  fused.must_run();
  CHECK(fused.files() == apart.files());
  CHECK(fused.events("tensor").size() == apart.events("tensor").size());
}

TEST_CASE("safetensors_job: experts that a format cannot hold stay fused",
          "[convert][pipeline][safetensors_job]") {
  const LinearModel source = LinearModel().with_experts(/*is_fused=*/true, 64);
  Job job(source, {"w4a16"});  // groups of 128
  job.must_run();
  const Tensors tensors(job.files(), "out/w4a16");
  const auto name = block + "mlp.experts.down_proj";
  CHECK(tensors.info(name).shape == LinearModel::Shape{2, 128, 64});
  CHECK(tensors.bytes(name) == LinearModel::bytes(source.weights().at(name)));
  const auto config = job.files().at("out/w4a16/config.json");
  CHECK(config.find("mlp.experts\"") != std::string::npos);  // ignored
}

TEST_CASE("safetensors_job: scales that are too large for their type are told",
          "[convert][pipeline][safetensors_job]") {
  const std::string down = LinearModel::block + std::string("mlp.down_proj.weight");
  LinearModel source;  // F16 for the most part, so its scales are too
  source.add("lm_head.weight", {4096, 128}, "F16").add(down, {128, 128}, "F32");
  const std::string type = GENERATE("int8", "fp8-dynamic", "w4a16");
  CAPTURE(type);
  {
    Job job(source, {type});
    job.must_run();
    CHECK(job.events("warning").empty());
  }
  source.scale(down, 40);
  Job job(source, {type});
  job.must_run();
  const auto warnings = job.events("warning");
  REQUIRE(warnings.size() == 1);
  const std::string_view message = warnings[0].at("message").as_string();
  CAPTURE(message);
  CHECK(std::stoi(std::string(message)) > 64);
  CHECK(message.find("65504") != message.npos);
}

TEST_CASE("safetensors_job: weights in several pieces are those of the quantizer",
          "[convert][pipeline][safetensors_job]") {
  const std::string type = GENERATE("fp8-block", "w4a16", "nvfp4");
  CAPTURE(type);
  const std::string down = block + "mlp.down_proj.weight";
  LinearModel source;  // 1.2 million values; a last block of 88 rows
  source.add(down, {1240, 1024}).add("lm_head.weight", {2100, 1024});
  Texts expected;
  for (const unsigned threads : {3u, 1u}) {
    Job job(source, {type});
    job.spec.threads = threads;
    job.must_run();
    if (expected.empty()) expected = job.files();
    CHECK(job.files() == expected);
  }
  const Tensors tensors(expected, "out/" + type);
  const auto& weight = source.weights().at(down);
  const auto [codes, scales] =
      quantized(format_of(type), weight, nvfp4_global_scale(largest_magnitude(weight.values)));
  const auto stem = block + "mlp.down_proj.weight";
  const bool is_block = type == "fp8-block";
  CHECK(tensors.bytes(stem + (is_block ? "" : "_packed")) == as_text(codes));
  CHECK(tensors.bytes(stem + (is_block ? "_scale_inv" : "_scale")) == as_text(scales));
  CHECK(tensors.bytes("lm_head.weight") ==
        LinearModel::bytes(source.weights().at("lm_head.weight")));
}

TEST_CASE("safetensors_job: weights that engines stack share NVFP4's global scale",
          "[convert][pipeline][safetensors_job]") {
  const LinearModel source;
  Job job(source, {"nvfp4"});
  job.must_run();
  const Tensors tensors(job.files(), "out/nvfp4");
  const auto largest = [&](const std::string& name) {
    return largest_magnitude(source.values(block + name + "_proj.weight"));
  };
  const auto scale = [&](const std::string& name) {
    return tensors.scalar(block + name + "_proj.weight_global_scale");
  };
  const auto attention =
      std::max({largest("self_attn.q"), largest("self_attn.k"), largest("self_attn.v")});
  REQUIRE(attention != largest("self_attn.k"));
  for (const auto* name : {"self_attn.q", "self_attn.k", "self_attn.v"})
    CHECK(scale(name) == nvfp4_global_scale(attention));
  CHECK(scale("self_attn.o") == nvfp4_global_scale(largest("self_attn.o")));
  const auto gate = std::max(largest("mlp.gate"), largest("mlp.up"));
  CHECK(scale("mlp.gate") == nvfp4_global_scale(gate));
  CHECK(scale("mlp.up") == nvfp4_global_scale(gate));
  CHECK(scale("mlp.down") == nvfp4_global_scale(largest("mlp.down")));
}

TEST_CASE("safetensors_job: a model in FP8", "[convert][pipeline][safetensors_job]") {
  Job job(std::vector<std::string>{"int8"});
  job.folder.write("config.json", R"({"architectures":["Qwen2ForCausalLM"],"quantization_config":
      {"quant_method":"fp8","weight_block_size":[128,128]}})");
  waag::testing::SafetensorsBuilder file;
  std::string codes(128 * 128, '\0');
  std::vector<float> values;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    codes[i] = static_cast<char>(i * 37 % 0x7f | (i % 2 << 7));  // no NaN among them
    values.push_back(e4m3_to_float(static_cast<std::uint8_t>(codes[i])) * 0.5f);
  }
  const auto down = block + "mlp.down_proj.weight";
  const auto gate = block + "mlp.gate.weight";
  for (const auto& name : {down, gate}) {
    file.add(name, "F8_E4M3", {128, 128}, codes);
    file.add(name + "_scale_inv", "F32", {1, 1}, std::vector<float>{0.5f});
  }
  job.folder.write("model.safetensors", file.file());
  job.must_run();
  const Tensors tensors(job.files(), "out/int8");
  CHECK(tensors.size() == 3);
  check_near(LinearFormat::int8, decoded(tensors, LinearFormat::int8, down, {128, 128}), values,
             128);
  CHECK(tensors.info(gate).dtype == model::Dtype::bf16);
  CHECK(tensors.bytes(gate) == LinearModel::bytes({{128, 128}, "BF16", values}));
  const auto config = boost::json::parse(job.files().at("out/int8/config.json"));
  CHECK(config.at("quantization_config").at("quant_method") == "compressed-tensors");
}

TEST_CASE("safetensors_job: split files and their index", "[convert][pipeline][safetensors_job]") {
  const LinearModel source;
  Job whole(source, {"w4a16"});
  whole.must_run();
  Job job(source, {"w4a16"});
  job.spec.targets[0].split_bytes = 20'000;
  job.must_run();
  const auto files = job.files();
  const Tensors tensors(files, "out/w4a16");
  const Tensors expected(whole.files(), "out/w4a16");
  CHECK(tensors.size() == expected.size());
  const auto index = boost::json::parse(files.at("out/w4a16/model.safetensors.index.json"));
  const auto& map = index.at("weight_map").as_object();
  CHECK(map.size() == tensors.size());
  for (const auto& [key, value] : map) {
    const std::string name(key);
    CHECK(tensors.bytes(name) == expected.bytes(name));
    const auto path = "out/w4a16/" + std::string(value.as_string());
    REQUIRE(files.contains(path));
    CHECK(files.at(path).find('"' + name + '"') != std::string::npos);
  }
}

TEST_CASE("safetensors_job: killed at any operation, it ends with the same files",
          "[convert][pipeline][safetensors_job]") {
  const LinearModel source;
  Job whole(source, {"nvfp4"});
  whole.spec.targets[0].split_bytes = 60'000;
  whole.must_run();
  const auto expected = whole.files();
  REQUIRE(expected.size() > 4);
  const bool is_power_lost = GENERATE(true, false);
  for (std::uint64_t at = 0; at < whole.output.operations; ++at) {
    CAPTURE(at, is_power_lost);
    Job job(source, {"nvfp4"});
    job.spec.targets = whole.spec.targets;
    job.output.fail_at = at;
    job.output.code = Errc::no_space;
    const auto status = job.run();
    REQUIRE_FALSE(status);
    CHECK(status.error().code == Errc::no_space);
    if (is_power_lost)
      job.output.lose_power();
    else
      job.output.restart();
    job.must_run();
    CHECK((job.files() == expected));
  }
}

TEST_CASE("safetensors_job: what is in its place is not made again",
          "[convert][pipeline][safetensors_job]") {
  const LinearModel source;
  Job job(source, {"int8", "w4a16"});
  job.spec.targets[1].type = "no such type";
  REQUIRE_FALSE(job.run());
  REQUIRE(job.output.exists("out/int8/model.safetensors"));
  job.spec.targets[1].type = "w4a16";
  job.output.lose_power();
  job.must_run();
  const auto plans = job.events("plan");
  REQUIRE(plans.size() == 2);
  CHECK(plans[0].at("done_bytes") == plans[0].at("bytes"));
  CHECK(plans[1].at("done_bytes") == 0);
  CHECK(job.events("tensor").size() == source.weights().size());  // of the second alone
  CHECK(job.events("file").size() == 6);
  Job whole(source, {"int8", "w4a16"});
  whole.must_run();
  CHECK((job.files() == whole.files()));
}

TEST_CASE("safetensors_job: only weights that are not as the ledger says are made again",
          "[convert][pipeline][safetensors_job]") {
  const LinearModel source;
  Job job(source, {"int8", "w4a16"});
  job.spec.targets[1].type = "no such type";
  REQUIRE_FALSE(job.run());
  const auto expected = job.files().at("out/int8/model.safetensors");
  auto& content = *job.output.files.at("out/int8/model.safetensors");
  const auto header = model::parse_safetensors_header(as_bytes(expected), expected.size());
  REQUIRE(header);
  const auto damaged = std::ranges::find(header->tensors, block + "mlp.up_proj.weight_scale",
                                         &model::TensorInfo::name);
  REQUIRE(damaged != header->tensors.end());
  content.now[damaged->end - 1] ^= 1;
  REQUIRE_FALSE(job.run());
  const auto made = job.events("tensor");
  REQUIRE(made.size() == 1);
  CHECK(std::string_view(made[0].at("name").as_string()) == block + "mlp.up_proj.weight");
  CHECK(made[0].at("done_bytes") == made[0].at("total_bytes"));
  CHECK((job.files().at("out/int8/model.safetensors") == expected));

  // That it was made again is in the ledger, too.
  REQUIRE_FALSE(job.run());
  CHECK(job.events("tensor").empty());
}

TEST_CASE("safetensors_job: weights of another commit are not gone on with",
          "[convert][pipeline][safetensors_job]") {
  const LinearModel source;
  Job job(source, {"int8"});
  job.spec.model.commit = std::string(40, 'a');
  job.spec.targets.push_back(job.spec.targets[0]);
  job.spec.targets[1].type = "no such type";
  REQUIRE_FALSE(job.run());
  job.spec.targets.pop_back();
  job.spec.model.commit = std::string(40, 'b');
  job.must_run();
  CHECK(job.events("plan").at(0).at("done_bytes") == 0);
}

TEST_CASE("safetensors_job: what the model's type cannot hold is refused",
          "[convert][pipeline][safetensors_job]") {
  // Most weights are F16; one in FP8 that is no projection has values beyond it.
  LinearModel source;
  source.add("model.a", {2048, 128}, "F16");
  Job job(source, {"int8"});
  job.folder.write("config.json", R"({"architectures":["Qwen2ForCausalLM"],"quantization_config":
      {"quant_method":"fp8","weight_block_size":[128,128]}})");
  waag::testing::SafetensorsBuilder file;
  const auto gate = block + "mlp.gate.weight";
  file.add(gate, "F8_E4M3", {8, 128}, std::string(8 * 128, '\x38'));
  file.add(gate + "_scale_inv", "F32", {1, 1}, std::vector<float>{1e6f});
  for (const auto& [name, weight] : source.weights())
    file.add(name, weight.dtype, weight.shape, LinearModel::bytes(weight));
  job.folder.write("model.safetensors", file.file());
  const auto status = job.run();
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Errc::unprocessable);
  CHECK(status.error().what.find(gate) != std::string::npos);
  CHECK_FALSE(job.output.exists("out/int8/model.safetensors"));
}

}  // namespace waag::convert::testing
