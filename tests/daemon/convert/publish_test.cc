#include "daemon/convert/publish.h"

#include "tests/daemon/convert/converter_fixture.h"

using namespace waag;
using namespace waag::daemon;
using storage::JobState;
using waag::daemon::testing::ConverterFixture;

namespace {

bool has(ConverterFixture& hub, const std::string& path) {
  return hub.get("/ada/tiny-INT8/resolve/main/" + path, hub.ada).status == 200;
}

}  // namespace

TEST_CASE_METHOD(ConverterFixture, "publish: what people wrote stays", "[daemon][convert]") {
  make_source("good");
  make_repo("ada/tiny-GGUF");
  committed("ada/tiny-GGUF", file_line("README.md", "# Mine") + file_line("LICENSE", "Ours."));
  REQUIRE(convert(R"("gguf:F16")").state == JobState::done);
  CHECK(file("ada/tiny-GGUF", "README.md") == "# Mine");
  CHECK(file("ada/tiny-GGUF", "LICENSE") == "Ours.");
  CHECK(file("ada/tiny-GGUF", "tiny-F16.gguf").starts_with("GGUF"));
}

TEST_CASE_METHOD(ConverterFixture, "publish: a GGUF in parts, and whole again",
                 "[daemon][convert]") {
  make_source("good");
  const auto there = [&](const std::string& name) {
    return get("/ada/tiny-GGUF/resolve/main/" + name, ada).status == 200;
  };
  const auto tag = [&](const std::string& name, const std::string& headers) {
    return get("/v2/ada/tiny-GGUF/manifests/" + name, ada, headers);
  };
  REQUIRE(convert(R"("gguf:F16","gguf:Q8_0")").state == JobState::done);
  REQUIRE(convert(R"("gguf:F16")", R"(,"split_bytes":1000000)").state == JobState::done);
  CHECK(there("tiny-F16-00001-of-00002.gguf"));
  CHECK(there("tiny-F16-00002-of-00002.gguf"));
  CHECK_FALSE(there("tiny-F16.gguf"));  // the same model
  CHECK(there("tiny-Q8_0.gguf"));
  const auto made = file("ada/tiny-GGUF", "README.md");
  CHECK(made.find("| tiny-F16-00002-of-00002.gguf |") != std::string::npos);
  CHECK(made.find("| tiny-F16.gguf |") == std::string::npos);
  CHECK(made.find("| tiny-Q8_0.gguf |") != std::string::npos);
  // llama.cpp takes the first part and finds the others; Ollama cannot join them.
  CHECK(tag("f16", "User-Agent: llama-cpp\r\n").json().at("ggufFile").at("rfilename") ==
        "tiny-F16-00001-of-00002.gguf");
  CHECK(tag("f16", "").status == 400);
  REQUIRE(convert(R"("gguf:F16")").state == JobState::done);
  CHECK(there("tiny-F16.gguf"));
  CHECK_FALSE(there("tiny-F16-00002-of-00002.gguf"));
  CHECK(tag("f16", "").status == 200);
}

TEST_CASE_METHOD(ConverterFixture, "publish: weights of before go", "[daemon][convert]") {
  make_source("good");
  make_repo("ada/tiny-INT8");
  upload("ada/tiny-INT8", weights);
  committed("ada/tiny-INT8", lfs_line("model-00001-of-00002.safetensors", weights) +
                                 file_line("model.safetensors.index.json", "{}") +
                                 file_line("generation_config.json", "{}"));
  REQUIRE(convert(R"("safetensors:int8")").state == JobState::done);
  CHECK(has(*this, "model.safetensors"));
  CHECK(has(*this, "generation_config.json"));
  CHECK_FALSE(has(*this, "model-00001-of-00002.safetensors"));
  CHECK_FALSE(has(*this, "model.safetensors.index.json"));
}
