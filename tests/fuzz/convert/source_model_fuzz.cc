#include <array>

#include "tests/convert/source/model_folder.h"
#include "tests/fuzz/convert/read_tensors.h"

using namespace waag;
using waag::testing::ModelFolder;
using waag::testing::SafetensorsBuilder;

namespace {

constexpr std::array<std::string_view, 9> configs{
    "",
    R"({})",
    R"({"quantization_config":{"quant_method":"fp8","weight_block_size":[128,128]}})",
    R"({"quantization_config":{"quant_method":"gptq","bits":4,"group_size":8}})",
    R"({"quantization_config":{"quant_method":"gptq","bits":8,"group_size":-1}})",
    R"({"quantization_config":{"quant_method":"awq","bits":4,"group_size":8}})",
    R"({"quantization_config":{"quant_method":"compressed-tensors","config_groups":{"g":)"
    R"({"weights":{"num_bits":4}},"h":{"weights":{"num_bits":8}}}}})",
    R"({"quantization_config":{"quant_method":"modelopt"}})",
    R"({"quantization_config":{"quant_method":"mxfp4"}})"};

}  // namespace

// The first byte picks a config.json (0: the JSON header is one too), two more say how long the
// safetensors file's JSON is; then that, then its data.
void fuzz::run(ByteView input) {
  if (input.size() < 3) return;
  static ModelFolder folder;
  ByteReader reader(input);
  const auto choice = reader.fixed<std::uint8_t>() % configs.size();
  const auto json_bytes = std::min<std::size_t>(reader.fixed<std::uint16_t>(), reader.left());
  const std::string json(as_text(reader.raw(json_bytes)));
  const std::string data(as_text(reader.raw(reader.left())));
  folder.write("config.json", choice == 0 ? json : std::string(configs[choice]));
  folder.write("model.safetensors", SafetensorsBuilder::with_header(json, data));
  const auto model = convert::SourceModel::open(folder.path());
  if (model) read_tensors(*model);
}

WAAG_FUZZ_TARGET
