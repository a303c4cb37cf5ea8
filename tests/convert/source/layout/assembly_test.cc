#include "convert/source/layout/assembly.h"

#include "tests/convert/source/layout/read_weights.h"

namespace waag::convert::testing {
namespace {

using waag::testing::ModelFolder;
using waag::testing::SafetensorsBuilder;

}  // namespace

TEST_CASE("assembly: without quantization everything is a weight of its own", "[convert][source]") {
  const ModelFolder folder("{}", "model.safetensors",
                           SafetensorsBuilder()
                               .add<float>("a.input_scale", "F32", {1}, {2})
                               .add<float>("a.weight", "F32", {1, 1}, {3})
                               .add<float>("a.weight_scale", "F32", {1}, {4})
                               .file());
  CHECK(weight_names(folder) ==
        std::vector<std::string>{"a.input_scale", "a.weight", "a.weight_scale"});
}

TEST_CASE("assembly: a scale that scales nothing stays, and can be seen", "[convert][source]") {
  const ModelFolder folder(R"({"quantization_config":{"quant_method":"fp8"}})", "model.safetensors",
                           SafetensorsBuilder()
                               .add<float>("a.k_scale", "F32", {1}, {2})
                               .add<float>("a.weight", "F32", {1, 1}, {3})
                               .add<float>("b.weight_scale", "F32", {1}, {4})
                               .file());
  CHECK(weight_names(folder) == std::vector<std::string>{"a.weight", "b.weight_scale"});
}

TEST_CASE("assembly: a module's name is what stands before the suffix", "[convert][source]") {
  CHECK(module_of("a.b.qweight", ".qweight") == "a.b");
  CHECK_FALSE(module_of("a.b.weight", ".qweight"));
}

}  // namespace waag::convert::testing
