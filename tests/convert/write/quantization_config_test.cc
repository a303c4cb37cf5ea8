#include "convert/write/quantization_config.h"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

namespace waag::convert::testing {
namespace {

namespace json = boost::json;

const std::vector<std::string> ignored{"lm_head", "model.layers.0.mlp.gate"};

json::object quantization_of(const std::string& config) {
  return json::parse(config).at("quantization_config").as_object();
}

/// config.json's quantization_config with only what differs between the formats.
json::object written(LinearFormat format) {
  const auto config = with_quantization_config("{}", format, ignored);
  REQUIRE(config);
  return quantization_of(*config);
}

json::value parsed(const char* text) { return json::parse(text); }

}  // namespace

TEST_CASE("quantization_config: members stay as they are written", "[convert][write]") {
  const auto config = with_quantization_config(
      "{\n  \"a\": [1e-06, {\"x\": \"},{\\\"\"}],\"quantization_config\": {\"ignore\": [\"]\"]},\n"
      "\t\"b\" : 1.0E5 , \"c\": {\"quantization_config\": 1},\n  \"d\": -0 }\n",
      LinearFormat::fp8_block, ignored);
  REQUIRE(config);
  CHECK(*config == R"({
  "a": [1e-06, {"x": "},{\""}],
  "b" : 1.0E5,
  "c": {"quantization_config": 1},
  "d": -0,
  "quantization_config": {
    "quant_method": "fp8",
    "fmt": "e4m3",
    "activation_scheme": "dynamic",
    "weight_block_size": [128, 128],
    "modules_to_not_convert": [
      "lm_head",
      "model.layers.0.mlp.gate"
    ]
  }
}
)");
  const auto again = with_quantization_config(*config, LinearFormat::fp8_block, ignored);
  REQUIRE(again);
  CHECK(*again == *config);
}

TEST_CASE("quantization_config: a key in escapes and the older key are replaced too",
          "[convert][write]") {
  const auto config = with_quantization_config(
      R"({"quantization\u005fconfig": 1, "compression_config": {}, "e": {}})", LinearFormat::int8,
      ignored);
  REQUIRE(config);
  const auto object = json::parse(*config).as_object();
  CHECK(object.size() == 2);
  CHECK(object.at("e").as_object().empty());
}

TEST_CASE("quantization_config: the schemes of compressed-tensors", "[convert][write]") {
  const auto group = [](LinearFormat format) {
    return written(format).at("config_groups").at("group_0");
  };
  CHECK(group(LinearFormat::fp8_dynamic) == parsed(R"({"targets": ["Linear"],
      "weights": {"num_bits": 8, "type": "float", "symmetric": true, "group_size": null,
                  "strategy": "channel", "dynamic": false},
      "input_activations": {"num_bits": 8, "type": "float", "symmetric": true,
                            "group_size": null, "strategy": "token", "dynamic": true},
      "output_activations": null})"));
  CHECK(group(LinearFormat::int8) == parsed(R"({"targets": ["Linear"],
      "weights": {"num_bits": 8, "type": "int", "symmetric": true, "group_size": null,
                  "strategy": "channel", "dynamic": false},
      "input_activations": {"num_bits": 8, "type": "int", "symmetric": true,
                            "group_size": null, "strategy": "token", "dynamic": true},
      "output_activations": null})"));
  CHECK(group(LinearFormat::w4a16) == parsed(R"({"targets": ["Linear"],
      "weights": {"num_bits": 4, "type": "int", "symmetric": true, "group_size": 128,
                  "strategy": "group", "dynamic": false},
      "input_activations": null, "output_activations": null})"));
  CHECK(group(LinearFormat::nvfp4) == parsed(R"({"targets": ["Linear"],
      "weights": {"num_bits": 4, "type": "float", "symmetric": true, "group_size": 16,
                  "strategy": "tensor_group", "dynamic": false},
      "input_activations": null, "output_activations": null})"));
}

TEST_CASE("quantization_config: each format under its name", "[convert][write]") {
  const auto format_of = [](LinearFormat format) {
    const auto config = written(format);
    CHECK(config.at("quant_method") == "compressed-tensors");
    CHECK(config.at("quantization_status") == "compressed");
    CHECK(config.at("ignore") == parsed(R"(["lm_head", "model.layers.0.mlp.gate"])"));
    return std::string(config.at("format").as_string());
  };
  CHECK(format_of(LinearFormat::fp8_dynamic) == "float-quantized");
  CHECK(format_of(LinearFormat::int8) == "int-quantized");
  CHECK(format_of(LinearFormat::w4a16) == "pack-quantized");
  CHECK(format_of(LinearFormat::nvfp4) == "nvfp4-pack-quantized");
}

TEST_CASE("quantization_config: what is no object is refused", "[convert][write]") {
  const auto text = GENERATE("", "[]", "3", "{", "{\"a\": }", "{} x", "\xff");
  CAPTURE(text);
  const auto config = with_quantization_config(text, LinearFormat::int8, ignored);
  REQUIRE_FALSE(config);
  CHECK(config.error().code == Errc::unprocessable);
}

}  // namespace waag::convert::testing
