#include "protocol/hub/card/tasks.h"

#include <catch2/catch.hpp>

using namespace waag::hub;

TEST_CASE("tasks: classes that transformers knows", "[protocol][card]") {
  const auto [architecture, auto_model, tag] =
      GENERATE(table<std::string, std::string, std::string>(
          {{"Qwen2ForCausalLM", "AutoModelForCausalLM", "text-generation"},
           {"GPT2LMHeadModel", "AutoModelForCausalLM", "text-generation"},
           {"BertForMaskedLM", "AutoModelForMaskedLM", "fill-mask"},
           {"BertForSequenceClassification", "AutoModelForSequenceClassification",
            "text-classification"},
           {"ViTForImageClassification", "AutoModelForImageClassification", "image-classification"},
           {"Wav2Vec2ForCTC", "AutoModelForCTC", "automatic-speech-recognition"},
           {"T5ForConditionalGeneration", "AutoModelForSeq2SeqLM", "text2text-generation"},
           {"CLIPModel", "AutoModelForZeroShotImageClassification",
            "zero-shot-image-classification"},
           {"BertModel", "AutoModel", "feature-extraction"},
           {"BertForPreTraining", "AutoModelForPreTraining", ""},
           {"SomethingElse", "AutoModel", ""}}));
  CAPTURE(architecture);
  const auto task = task_of(architecture, {});
  CHECK(task.auto_model == auto_model);
  CHECK(task.pipeline_tag == tag);
  if (!tag.empty()) CHECK(is_pipeline_tag(tag));
}

TEST_CASE("tasks: what goes in decides", "[protocol][card]") {
  const std::string name = "AnyForConditionalGeneration";
  CHECK(task_of(name, {"whisper", false, false}).pipeline_tag == "automatic-speech-recognition");
  CHECK(task_of(name, {"qwen2_vl", true, false}).pipeline_tag == "image-text-to-text");
  CHECK(task_of(name, {"qwen2_audio", false, true}).pipeline_tag == "audio-text-to-text");
}

TEST_CASE("tasks: which tags are tasks", "[protocol][card]") {
  CHECK(is_pipeline_tag("text-generation"));
  CHECK(is_pipeline_tag("zero-shot-object-detection"));
  CHECK_FALSE(is_pipeline_tag("transformers"));
  CHECK_FALSE(is_pipeline_tag(""));
}
