#include "convert/pipeline/gguf_job.h"

#include <algorithm>
#include <map>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "convert/converter.h"
#include "convert/quant/quantize.h"
#include "protocol/hash.h"
#include "protocol/model/gguf_header.h"
#include "tests/convert/io/faulty_output_folder.h"
#include "tests/convert/tiny_model.h"

namespace waag::convert::testing {
namespace {

using waag::testing::ModelFolder;

/// A job on a tiny model, its lines of progress, its output in memory.
struct Job {
  explicit Job(const TinyModel& tiny, const std::vector<std::string>& types = {"F32"}) {
    tiny.write(folder);
    folder.write("tokenizer.json", tiny_tokenizer());
    spec.source = folder.path();
    spec.threads = 2;
    spec.model.name = "Tiny";
    for (const auto& type : types) {
      TargetSpec target;
      target.type = type;
      target.path = "out/" + type + ".gguf";
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
  [[nodiscard]] std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> contents;
    for (const auto& [name, content] : output.files) contents[name] = content->now;
    return contents;
  }
  /// Every event of that kind.
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

model::GgufHeader header_of(const std::string& file) {
  const auto parsed = model::parse_gguf_header(as_bytes(file), file.size());
  if (!parsed) FAIL(parsed.error().what);
  const auto* header = std::get_if<model::GgufHeader>(&*parsed);
  REQUIRE(header != nullptr);
  return *header;
}

ByteView data_of(const std::string& file, std::string_view name) {
  const auto header = header_of(file);
  const auto at = std::ranges::find(header.tensors, name, &model::TensorInfo::name);
  REQUIRE(at != header.tensors.end());
  return as_bytes(file).subspan(at->begin, at->end - at->begin);
}

std::vector<float> values_of(const TinyModel& tiny, const std::string& source, std::size_t count) {
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(tiny.first_value(source) + static_cast<float>(i));
  return values;
}

/// A model whose rows are one block of 32 wide; its embedding has more than a tile.
TinyModel wide() {
  TinyModel model(R"({"architectures":["Qwen2ForCausalLM"],"num_hidden_layers":1,"hidden_size":32,
    "vocab_size":70,"num_attention_heads":2,"num_key_value_heads":1,"intermediate_size":64,
    "rms_norm_eps":1e-6,"max_position_embeddings":64,"tie_word_embeddings":true})");
  const std::string at = "model.layers.0.";
  model.add("model.embed_tokens.weight", {70, 32})
      .add("model.norm.weight", {32})
      .add(at + "input_layernorm.weight", {32})
      .add(at + "post_attention_layernorm.weight", {32})
      .add(at + "self_attn.q_proj.weight", {32, 32})
      .add(at + "self_attn.k_proj.weight", {16, 32})
      .add(at + "self_attn.v_proj.weight", {16, 32})
      .add(at + "self_attn.o_proj.weight", {32, 32})
      .add(at + "mlp.gate_proj.weight", {64, 32})
      .add(at + "mlp.up_proj.weight", {64, 32})
      .add(at + "mlp.down_proj.weight", {32, 64});
  return model;
}

}  // namespace

TEST_CASE("gguf_job: a file holds what the model says", "[convert][pipeline][gguf_job]") {
  const auto tiny = TinyModel::llama();
  Job job(tiny);
  job.must_run();
  REQUIRE(job.files().size() == 1);  // nothing of its progress is left
  const auto file = job.files().at("out/F32.gguf");
  CHECK(header_of(file).tensors.size() == 12);
  const auto embedding = values_of(tiny, "model.embed_tokens.weight", 40);
  CHECK(
      std::ranges::equal(data_of(file, "token_embd.weight"), std::as_bytes(std::span(embedding))));
  const auto down = values_of(tiny, "model.layers.0.mlp.down_proj.weight", 48);
  CHECK(std::ranges::equal(data_of(file, "blk.0.ffn_down.weight"), std::as_bytes(std::span(down))));

  const auto plans = job.events("plan");
  REQUIRE(plans.size() == 1);
  CHECK(plans[0].at("bytes") == file.size());
  CHECK(plans[0].at("tensors") == 12);
  CHECK(job.events("tensor").size() == 12);
  const auto places = job.events("file");
  REQUIRE(places.size() == 1);
  Sha256 hash;
  hash.update(as_bytes(file));
  const auto sha256 = hash.finish().hex();
  CHECK(places[0].at("sha256").as_string() == std::string_view(sha256));
  CHECK(places[0].at("size") == file.size());
  CHECK(places[0].at("path") == "out/F32.gguf");
}

TEST_CASE("gguf_job: blocks are those of the quantizer, whatever the threads",
          "[convert][pipeline][gguf_job]") {
  const auto tiny = wide();
  Job job(tiny, {"Q8_0", "Q4_0"});
  job.must_run();
  const auto files = job.files();
  const auto values = values_of(tiny, "model.layers.0.mlp.up_proj.weight", 64 * 32);
  for (const auto& [name, type] : {std::pair("out/Q8_0.gguf", TensorType::q8_0),
                                   std::pair("out/Q4_0.gguf", TensorType::q4_0)}) {
    Bytes blocks(64 * row_bytes(type, 32));
    RowsToQuantize rows;
    rows.values = values;
    rows.columns = 32;
    rows.blocks = blocks;
    quantize_rows(type, rows);
    CHECK(std::ranges::equal(data_of(files.at(name), "blk.0.ffn_up.weight"), blocks));
  }
  for (const unsigned threads : {1u, 5u}) {
    Job again(tiny, {"Q8_0", "Q4_0"});
    again.spec.threads = threads;
    again.must_run();
    CHECK(again.files() == files);
  }
}

TEST_CASE("gguf_job: killed at any operation, it ends with the same files",
          "[convert][pipeline][gguf_job]") {
  Job whole(wide(), {"Q8_0", "F32"});
  for (auto& target : whole.spec.targets) target.split_bytes = 12'000;
  whole.must_run();
  const auto expected = whole.files();
  REQUIRE(expected.size() > 3);
  const auto operations = whole.output.operations;
  for (std::uint64_t at = 0; at < operations; at += 1 + at / 16) {
    CAPTURE(at);
    Job job(wide(), {"Q8_0", "F32"});
    job.spec.targets = whole.spec.targets;
    job.output.fail_at = at;
    job.output.code = Errc::no_space;
    const auto status = job.run();
    REQUIRE_FALSE(status);
    CHECK(status.error().code == Errc::no_space);
    job.output.lose_power();
    job.must_run();
    CHECK(job.files() == expected);
  }
}

TEST_CASE("gguf_job: the last tensor's event says that all bytes are written",
          "[convert][pipeline][gguf_job]") {
  Job whole(wide(), {"Q8_0"});
  whole.spec.targets[0].split_bytes = GENERATE(0u, 12'000u);
  whole.must_run();
  std::uint64_t bytes = 0;
  for (const auto& [name, content] : whole.files()) bytes += content.size();
  CHECK(whole.events("tensor").back().at("total_bytes") == bytes);
  CHECK(whole.events("tensor").back().at("done_bytes") == bytes);
  for (std::uint64_t at = 0; at < whole.output.operations; ++at) {
    CAPTURE(at);
    Job job(wide(), {"Q8_0"});
    job.spec.targets = whole.spec.targets;
    job.output.fail_at = at;
    REQUIRE_FALSE(job.run());
    job.output.lose_power();
    job.must_run();
    const auto written = job.events("tensor");
    const auto done = written.empty() ? job.events("plan").back() : written.back();
    CHECK(done.at("done_bytes") == bytes);
  }
}

TEST_CASE("gguf_job: what is done is not done again", "[convert][pipeline][gguf_job]") {
  Job job(wide(), {"Q8_0", "F32"});
  job.spec.targets[1].type = "no such type";
  REQUIRE_FALSE(job.run());
  CHECK(job.output.exists("out/Q8_0.gguf"));
  job.spec.targets[1].type = "F32";
  job.must_run();
  const auto plans = job.events("plan");
  REQUIRE(plans.size() == 2);
  CHECK(plans[0].at("done_bytes") == plans[0].at("bytes"));
  CHECK(plans[1].at("done_bytes") == 0);
  CHECK(job.events("file").size() == 2);  // both are told of
  for (const auto& [name, content] : job.files()) CHECK(name.ends_with(".gguf"));
}

TEST_CASE("gguf_job: scales that are no numbers", "[convert][pipeline][gguf_job]") {
  // A scale of 40,000 / 127 is one, one of 1e30 is none in F16.
  auto tiny = wide();
  Job job(tiny, {"Q8_0"});
  auto bytes = waag::testing::bytes_of(std::vector<float>(32 * 32, 1e30f));
  waag::testing::SafetensorsBuilder file;
  tiny.remove("model.layers.0.self_attn.q_proj.weight");
  tiny.write(job.folder);
  file.add("model.layers.0.self_attn.q_proj.weight", "F32", {32, 32}, bytes);
  std::filesystem::rename(job.folder.path() / "model.safetensors",
                          job.folder.path() / "model-00001-of-00002.safetensors");
  job.folder.write("model-00002-of-00002.safetensors", file.file());
  const auto status = job.run();
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Errc::unprocessable);
  CAPTURE(status.error().what);
  CHECK(status.error().what.find("blk.0.attn_q.weight") != std::string::npos);
  CHECK_FALSE(job.output.exists("out/Q8_0.gguf"));
}

}  // namespace waag::convert::testing
