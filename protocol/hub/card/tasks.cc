#include "protocol/hub/card/tasks.h"

#include <algorithm>
#include <array>

namespace waag::hub {
namespace {

struct Head {
  std::string_view suffix;  // of the class
  Task task;
};

constexpr std::string_view tokenizer = "AutoTokenizer";
constexpr std::string_view image_processor = "AutoImageProcessor";
constexpr std::string_view feature_extractor = "AutoFeatureExtractor";
constexpr std::string_view processor = "AutoProcessor";

/// The first suffix that fits counts.
constexpr std::array heads{
    Head{"ForCausalLM", {"AutoModelForCausalLM", "text-generation", tokenizer}},
    Head{"LMHeadModel", {"AutoModelForCausalLM", "text-generation", tokenizer}},
    Head{"ForSequenceClassification",
         {"AutoModelForSequenceClassification", "text-classification", tokenizer}},
    Head{"ForMaskedLM", {"AutoModelForMaskedLM", "fill-mask", tokenizer}},
    Head{"ForTokenClassification",
         {"AutoModelForTokenClassification", "token-classification", tokenizer}},
    Head{"ForQuestionAnswering",
         {"AutoModelForQuestionAnswering", "question-answering", tokenizer}},
    Head{"ForMultipleChoice", {"AutoModelForMultipleChoice", "multiple-choice", tokenizer}},
    Head{"ForNextSentencePrediction", {"AutoModelForNextSentencePrediction", "", tokenizer}},
    Head{"ForPreTraining", {"AutoModelForPreTraining", "", tokenizer}},
    Head{"ForTableQuestionAnswering",
         {"AutoModelForTableQuestionAnswering", "table-question-answering", tokenizer}},
    Head{"ForDocumentQuestionAnswering",
         {"AutoModelForDocumentQuestionAnswering", "document-question-answering", processor}},
    Head{"ForVisualQuestionAnswering",
         {"AutoModelForVisualQuestionAnswering", "visual-question-answering", processor}},
    Head{"ForImageTextToText", {"AutoModelForImageTextToText", "image-text-to-text", processor}},
    Head{"ForImageClassification",
         {"AutoModelForImageClassification", "image-classification", image_processor}},
    Head{"ForZeroShotImageClassification",
         {"AutoModelForZeroShotImageClassification", "zero-shot-image-classification", processor}},
    Head{"ForZeroShotObjectDetection",
         {"AutoModelForZeroShotObjectDetection", "zero-shot-object-detection", processor}},
    Head{"ForObjectDetection",
         {"AutoModelForObjectDetection", "object-detection", image_processor}},
    Head{"ForSemanticSegmentation",
         {"AutoModelForSemanticSegmentation", "image-segmentation", image_processor}},
    Head{"ForInstanceSegmentation",
         {"AutoModelForInstanceSegmentation", "image-segmentation", image_processor}},
    Head{"ForUniversalSegmentation",
         {"AutoModelForUniversalSegmentation", "image-segmentation", image_processor}},
    Head{"ForDepthEstimation",
         {"AutoModelForDepthEstimation", "depth-estimation", image_processor}},
    Head{"ForVideoClassification",
         {"AutoModelForVideoClassification", "video-classification", image_processor}},
    Head{"ForMaskGeneration", {"AutoModelForMaskGeneration", "mask-generation", processor}},
    Head{"ForImageToImage", {"AutoModelForImageToImage", "image-to-image", image_processor}},
    Head{"ForCTC", {"AutoModelForCTC", "automatic-speech-recognition", processor}},
    Head{"ForSpeechSeq2Seq",
         {"AutoModelForSpeechSeq2Seq", "automatic-speech-recognition", processor}},
    Head{"ForAudioClassification",
         {"AutoModelForAudioClassification", "audio-classification", feature_extractor}},
    Head{"ForTextToWaveform", {"AutoModelForTextToWaveform", "text-to-audio", processor}},
    Head{"ForTextToSpectrogram", {"AutoModelForTextToSpectrogram", "text-to-speech", processor}},
};

constexpr std::array speech_types{"whisper", "speech_to_text", "speecht5", "moonshine"};
/// Two towers whose class is a bare model.
constexpr std::array contrastive{"CLIPModel", "SiglipModel", "Siglip2Model", "AlignModel",
                                 "ChineseCLIPModel"};
constexpr std::array image_models{"ViTModel", "Dinov2Model", "DINOv3ViTModel", "BeitModel",
                                  "SwinModel"};

constexpr std::array pipeline_tags{
    "any-to-any",
    "audio-classification",
    "audio-text-to-text",
    "audio-to-audio",
    "automatic-speech-recognition",
    "depth-estimation",
    "document-question-answering",
    "feature-extraction",
    "fill-mask",
    "graph-ml",
    "image-classification",
    "image-feature-extraction",
    "image-segmentation",
    "image-text-to-image",
    "image-text-to-text",
    "image-text-to-video",
    "image-to-3d",
    "image-to-image",
    "image-to-text",
    "image-to-video",
    "keypoint-detection",
    "mask-generation",
    "multiple-choice",
    "object-detection",
    "question-answering",
    "reinforcement-learning",
    "robotics",
    "sentence-similarity",
    "summarization",
    "table-question-answering",
    "table-to-text",
    "tabular-classification",
    "tabular-regression",
    "tabular-to-text",
    "text-classification",
    "text-generation",
    "text-ranking",
    "text-retrieval",
    "text-to-3d",
    "text-to-audio",
    "text-to-image",
    "text-to-speech",
    "text-to-video",
    "text2text-generation",
    "time-series-forecasting",
    "token-classification",
    "translation",
    "unconditional-image-generation",
    "video-classification",
    "video-text-to-text",
    "video-to-video",
    "visual-document-retrieval",
    "visual-question-answering",
    "voice-activity-detection",
    "zero-shot-classification",
    "zero-shot-image-classification",
    "zero-shot-object-detection",
};
static_assert(std::ranges::is_sorted(pipeline_tags, {},
                                     [](const char* tag) { return std::string_view(tag); }));

template <class Words>
bool is_one_of(std::string_view text, const Words& words) {
  return std::ranges::any_of(words, [text](std::string_view word) { return word == text; });
}

/// Encoder and decoder: what goes in decides what the class is good for.
Task conditional_generation(const TaskHints& hints) {
  if (is_one_of(hints.model_type, speech_types))
    return {"AutoModelForSpeechSeq2Seq", "automatic-speech-recognition", processor};
  if (hints.sees) return {"AutoModelForImageTextToText", "image-text-to-text", processor};
  if (hints.hears) return {"AutoModelForSeq2SeqLM", "audio-text-to-text", processor};
  return {"AutoModelForSeq2SeqLM", "text2text-generation", tokenizer};
}

}  // namespace

Task task_of(std::string_view architecture, const TaskHints& hints) {
  if (architecture.ends_with("ForConditionalGeneration")) return conditional_generation(hints);
  for (const auto& head : heads)
    if (architecture.ends_with(head.suffix)) return head.task;
  if (is_one_of(architecture, contrastive))
    return {"AutoModelForZeroShotImageClassification", "zero-shot-image-classification", processor};
  if (is_one_of(architecture, image_models))
    return {"AutoModel", "image-feature-extraction", image_processor};
  if (architecture.ends_with("Model")) return {"AutoModel", "feature-extraction", tokenizer};
  return {"AutoModel", "", ""};
}

bool is_pipeline_tag(std::string_view tag) {
  return std::ranges::binary_search(pipeline_tags, tag, {},
                                    [](std::string_view known) { return known; });
}

}  // namespace waag::hub
