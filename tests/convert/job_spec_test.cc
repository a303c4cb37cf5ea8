#include "convert/job_spec.h"

#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

const std::string whole = R"({"source":"/in","output":"/out","threads":3,"device":"cpu",
  "allow_requantize":true,"via":"direct",
  "model":{"name":"M","organization":"O","repo_url":"https://h.example/O/M","commit":"c",
           "license":"mit","base_model":["B"],"tags":["t","u"],"languages":["en"]},
  "targets":[{"kind":"gguf","type":"Q4_K_M","file":"q/m.gguf","imatrix":"/im","split_bytes":9},
             {"kind":"safetensors","type":"fp8","folder":"fp8","split_bytes":8}]})";
const std::string bare = R"({"source":"/in","output":"/out","model":{"name":"M"},
  "targets":[{"kind":"gguf","type":"Q8_0","file":"m.gguf"}]})";

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == std::string::npos) FAIL(from << " is not in " << text);
  return text.replace(at, from.size(), to);
}

void is_refused(const std::string& text, const std::string& word) {
  CAPTURE(text);
  const auto spec = parse_job_spec(text);
  REQUIRE_FALSE(spec);
  CHECK(spec.error().code == Errc::invalid_argument);
  CAPTURE(spec.error().what);
  CHECK(spec.error().what.find(word) != std::string::npos);
}

}  // namespace

TEST_CASE("job_spec: everything said", "[convert][job_spec]") {
  const auto spec = parse_job_spec(whole);
  REQUIRE(spec);
  CHECK(spec->source == "/in");
  CHECK(spec->output == "/out");
  CHECK(spec->threads == 3);
  CHECK(spec->device == Device::cpu);
  CHECK(spec->allow_requantize);
  CHECK_FALSE(spec->is_via_bf16);
  CHECK(spec->model.name == "M");
  CHECK(spec->model.organization == "O");
  CHECK(spec->model.repo_url == "https://h.example/O/M");
  CHECK(spec->model.commit == "c");
  CHECK(spec->model.license == "mit");
  CHECK(spec->model.base_models == std::vector<std::string>{"B"});
  CHECK(spec->model.tags == std::vector<std::string>{"t", "u"});
  CHECK(spec->model.languages == std::vector<std::string>{"en"});
  REQUIRE(spec->targets.size() == 2);
  CHECK(spec->targets[0].name() == "gguf:Q4_K_M");
  CHECK(spec->targets[0].path == "q/m.gguf");
  CHECK(spec->targets[0].importance == "/im");
  CHECK(spec->targets[0].split_bytes == 9);
  CHECK(spec->targets[1].name() == "safetensors:fp8");
  CHECK(spec->targets[1].path == "fp8");
  CHECK(spec->targets[1].split_bytes == 8);
}

TEST_CASE("job_spec: what is not said", "[convert][job_spec]") {
  const auto spec = parse_job_spec(bare);
  REQUIRE(spec);
  CHECK(spec->threads == 0);
  CHECK(spec->device == Device::automatic);
  CHECK_FALSE(spec->allow_requantize);
  CHECK(spec->is_via_bf16);
  CHECK(spec->model.license.empty());
  CHECK(spec->targets[0].importance.empty());
  CHECK(spec->targets[0].split_bytes == 0);
  CHECK(parse_job_spec(with(bare, R"("model")", R"("device":"auto","model")")));
  CHECK(parse_job_spec(with(bare, R"("model")", R"("device":"cuda","via":"bf16","model")")));
}

TEST_CASE("job_spec: what is no spec", "[convert][job_spec]") {
  for (const auto* text : {"", "[]", "{", "7", "null", "\xff"}) is_refused(text, "");
  is_refused(bare + " x", "");
  is_refused(std::string(job_spec_bytes_max + 1, ' '), "");
  is_refused(std::string(100'000, '[') + std::string(100'000, ']'), "");
}

TEST_CASE("job_spec: members that are missing", "[convert][job_spec]") {
  is_refused(with(bare, R"("source":"/in",)", ""), "source");
  is_refused(with(bare, R"("output":"/out",)", ""), "output");
  is_refused(with(bare, R"("model":{"name":"M"},)", ""), "model");
  is_refused(with(bare, R"({"name":"M"})", "{}"), "name");
  is_refused(R"({"source":"/in","output":"/out","model":{"name":"M"}})", "targets");
  is_refused(with(bare, R"("kind":"gguf",)", ""), "kind");
  is_refused(with(bare, R"("type":"Q8_0",)", ""), "type");
  is_refused(with(bare, R"(,"file":"m.gguf")", ""), "file");
  is_refused(with(whole, R"("folder":"fp8",)", ""), "folder");
}

TEST_CASE("job_spec: members that are not known", "[convert][job_spec]") {
  is_refused(with(bare, R"("model":)", R"("verbose":true,"model":)"), "verbose");
  is_refused(with(bare, R"("name")", R"("nam":"x","name")"), "nam");
  is_refused(with(bare, R"("file")", R"("folder":"x","file")"), "folder");
  is_refused(with(whole, R"("folder")", R"("imatrix":"/x","folder")"), "imatrix");
}

TEST_CASE("job_spec: members of a wrong type or value", "[convert][job_spec]") {
  const auto add = [](const std::string& member) {
    return with(bare, R"("model":)", member + R"(,"model":)");
  };
  is_refused(add(R"("threads":"2")"), "threads");
  is_refused(add(R"("threads":-1)"), "threads");
  is_refused(add(R"("threads":1025)"), "threads");
  is_refused(add(R"("threads":1.5)"), "threads");
  is_refused(add(R"("device":"tpu")"), "device");
  is_refused(add(R"("device":1)"), "device");
  is_refused(add(R"("allow_requantize":1)"), "allow_requantize");
  is_refused(add(R"("via":"f16")"), "via");
  is_refused(with(bare, R"("/in")", R"("in")"), "source");
  is_refused(with(bare, R"("/in")", R"("")"), "source");
  is_refused(with(bare, R"("/in")", "7"), "source");
  is_refused(with(bare, R"("/out")", R"("./out")"), "output");
  is_refused(with(bare, R"({"name":"M"})", R"("M")"), "model");
  is_refused(with(bare, R"("M")", "7"), "name");
  is_refused(with(whole, R"(["t","u"])", R"(["t",7])"), "tags");
  is_refused(with(whole, R"(["t","u"])", R"("t")"), "tags");
  is_refused(with(whole, R"(["en"])", R"({"en":1})"), "languages");
  is_refused(with(whole, R"("/im")", R"("im")"), "imatrix");
  is_refused(with(whole, R"("/im")", "null"), "imatrix");
  is_refused(with(whole, R"("split_bytes":9)", R"("split_bytes":-9)"), "split_bytes");
}

TEST_CASE("job_spec: targets", "[convert][job_spec]") {
  is_refused(with(bare, R"([{"kind":"gguf","type":"Q8_0","file":"m.gguf"}])", "[]"), "targets");
  is_refused(with(bare, R"([{"kind":"gguf","type":"Q8_0","file":"m.gguf"}])", "{}"), "targets");
  is_refused(with(bare, R"({"kind":"gguf","type":"Q8_0","file":"m.gguf"})", "7"), "target");
  is_refused(with(bare, R"("gguf","type")", R"("onnx","type")"), "onnx");
  is_refused(with(bare, "m.gguf", "m.bin"), ".gguf");
  for (const auto* path : {"/m.gguf", "../m.gguf", "a/../m.gguf", "a//m.gguf", "./m.gguf"})
    is_refused(with(bare, "m.gguf", path), "path");
  is_refused(with(whole, R"("folder":"fp8")", R"("folder":"../fp8")"), "path");
  is_refused(with(whole, R"("folder":"fp8")", R"("folder":"q/m.gguf")"), "two targets");
  is_refused(with(bare, "m.gguf", ".gguf"), ".gguf");

  std::string many;
  for (int i = 0; i < 65; ++i)
    many += (i > 0 ? "," : "") + (R"({"kind":"gguf","type":"Q8_0","file":")" + std::to_string(i)) +
            R"(.gguf"})";
  const auto list = with(bare, R"({"kind":"gguf","type":"Q8_0","file":"m.gguf"})", many);
  is_refused(list, "64");
  CHECK(parse_job_spec(with(list, R"({"kind":"gguf","type":"Q8_0","file":"0.gguf"},)", "")));
}

}  // namespace waag::convert::testing
