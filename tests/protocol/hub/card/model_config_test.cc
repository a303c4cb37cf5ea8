#include "protocol/hub/card/model_config.h"

#include <catch2/catch.hpp>

#include "protocol/hub/card/card_fields.h"

using namespace waag::hub;

using Texts = std::vector<std::string>;

TEST_CASE("model_config: a causal model", "[protocol][card]") {
  ConfigFiles files;
  files.config = R"({"architectures":["Qwen2ForCausalLM"],"model_type":"qwen2","hidden_size":64})";
  files.tokenizer_config = R"({"bos_token":null,"eos_token":"<e>","pad_token":{"content":"<p>"},)"
                           R"("chat_template":"{{x}}"})";
  const auto model = read_model_config(files);
  CHECK(model.model_type == "qwen2");
  CHECK(model.architectures == Texts{"Qwen2ForCausalLM"});
  CHECK(model.pipeline_tag == "text-generation");
  CHECK(model.chats);
  CHECK(model.json ==
        R"({"architectures":["Qwen2ForCausalLM"],"model_type":"qwen2","tokenizer_config":)"
        R"({"eos_token":"<e>","pad_token":"<p>","chat_template":"{{x}}"}})");
  CHECK(model.transformers_json ==
        R"({"auto_model":"AutoModelForCausalLM","pipeline_tag":"text-generation",)"
        R"("processor":"AutoTokenizer"})");
}

TEST_CASE("model_config: own code", "[protocol][card]") {
  ConfigFiles files;
  files.config = R"({"architectures":["XForCausalLM"],"auto_map":{"AutoConfig":"c.C",)"
                 R"("AutoModelForCausalLM":"m.XForCausalLM"}})";
  const auto info = object_of(read_model_config(files).transformers_json);
  CHECK(info.at("auto_model") == "AutoModelForCausalLM");
  CHECK(info.at("custom_class") == "m.XForCausalLM");
  CHECK_FALSE(info.contains("processor"));  // it has no tokenizer
}

TEST_CASE("model_config: quantizations", "[protocol][card]") {
  const auto [json, tags] = GENERATE(table<std::string, Texts>(
      {{R"({"quant_method":"gptq","bits":4})", {"4-bit", "gptq"}},
       {R"({"quant_method":"fp8"})", {"fp8"}},
       {R"({"quant_method":"bitsandbytes","load_in_8bit":true})", {"8-bit", "bitsandbytes"}},
       {R"({"bits":4000})", {}},
       {R"("text")", {}}}));
  ConfigFiles files;
  files.config = R"({"quantization_config":)" + json + "}";
  CHECK(read_model_config(files).quantizations == tags);
}

TEST_CASE("model_config: adapters and pipelines", "[protocol][card]") {
  ConfigFiles files;
  files.adapter_config = R"({"base_model_name_or_path":"acme/base","peft_type":"LORA","r":8})";
  const auto adapter = read_model_config(files);
  CHECK(adapter.is_adapter);
  CHECK(adapter.adapter_base == "acme/base");
  CHECK(adapter.json == R"({"peft":{"base_model_name_or_path":"acme/base","peft_type":"LORA"}})");
  files.adapter_config = R"({"base_model_name_or_path":"/models/base"})";
  CHECK(read_model_config(files).adapter_base.empty());

  ConfigFiles pipeline;
  pipeline.model_index = R"({"_class_name":"StableDiffusionXLPipeline"})";
  CHECK(read_model_config(pipeline).is_diffusers);
  CHECK(read_model_config(pipeline).pipeline_tag == "text-to-image");
}

TEST_CASE("model_config: broken and missing files say nothing", "[protocol][card]") {
  ConfigFiles files;
  CHECK(read_model_config(files).json.empty());
  files = {"{", "[1]", "x", "1", ""};
  const auto model = read_model_config(files);
  CHECK(model.json.empty());
  CHECK(model.transformers_json.empty());
  CHECK_FALSE(model.is_adapter);
  files.config = R"({"architectures":"X","model_type":7,"auto_map":3})";
  CHECK(read_model_config(files).model_type.empty());
}
