#include "daemon/api/v2/ollama_image.h"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "daemon/api/v2/chat_template.h"
#include "protocol/hash.h"

using namespace waag;
using namespace waag::daemon;

namespace {

ImageParts parts() {
  ImageParts made;
  made.model = {"", sha256(as_bytes("model")), 5};
  made.tag = "Q4_K_M";
  made.facts = model::GgufSummary{};
  made.facts->total = 7'615'616'512;
  made.facts->architecture = "qwen2";
  made.facts->chat_template = "{{ '<|im_start|>' + role }}";
  return made;
}

std::vector<std::string> kinds(const Image& image) {
  std::vector<std::string> found;
  for (const auto& layer : image.layers)
    found.push_back(layer.media_type.substr(layer.media_type.rfind('.') + 1));
  return found;
}

using Kinds = std::vector<std::string>;

}  // namespace

TEST_CASE("ollama image: of a file with a well-known format", "[daemon][v2]") {
  const auto image = make_image(parts());
  CHECK(kinds(image) == Kinds{"model", "template", "params"});
  const auto config = boost::json::parse(image.config.content);
  CHECK(config.at("model_format") == "gguf");
  CHECK(config.at("model_family") == "qwen2");
  CHECK(config.at("model_families").at(0) == "qwen2");
  CHECK(config.at("model_type") == "7.6B");
  CHECK(config.at("file_type") == "Q4_K_M");
  CHECK(config.at("rootfs").at("diff_ids").as_array().size() == 3);
  const auto manifest = boost::json::parse(manifest_json(image));
  CHECK(manifest.at("schemaVersion") == 2);
  CHECK(manifest.at("config").at("digest").as_string() == "sha256:" + image.config.digest.hex());
  CHECK(manifest.at("config").at("size") == image.config.content.size());
  CHECK(manifest.at("layers").at(0).at("digest").as_string() ==
        "sha256:" + sha256(as_bytes("model")).hex());
  CHECK(manifest.at("layers").at(0).at("size") == 5);
  REQUIRE(image.texts.size() == 2);
  CHECK(image.texts[0].digest == sha256(as_bytes(image.texts[0].content)));
  static_cast<void>(boost::json::parse(image.texts[1].content));
  CHECK(make_image(parts()).config.digest == image.config.digest);
}

TEST_CASE("ollama image: with files of the repo's own", "[daemon][v2]") {
  auto made = parts();
  made.chat_template = "{{ .Prompt }}";
  made.system = "Be brief.";
  made.projector = ImageLayer{"", sha256(as_bytes("eye")), 3};
  const auto image = make_image(made);
  CHECK(kinds(image) == Kinds{"model", "projector", "template", "system"});
  CHECK(image.texts[0].content == "{{ .Prompt }}");
}

TEST_CASE("ollama image: of a file that is not here yet", "[daemon][v2]") {
  auto made = parts();
  made.facts.reset();
  const auto image = make_image(made);
  CHECK(kinds(image) == Kinds{"model"});
  CHECK_FALSE(boost::json::parse(image.config.content).as_object().contains("model_family"));
}

TEST_CASE("ollama image: parameters", "[daemon][v2]") {
  CHECK(parameters_text(7'615'616'512) == "7.6B");
  CHECK(parameters_text(494'032'768) == "494M");
  CHECK(parameters_text(405'000'000'000) == "405B");
  CHECK(parameters_text(1'000'000'000'000) == "1.0T");
  CHECK(parameters_text(12) == "12");
}

TEST_CASE("chat template: what is known", "[daemon][v2]") {
  for (const auto* mark :
       {"<|im_start|>", "<|start_header_id|>", "<start_of_turn>", "<|end|>", "[INST]"}) {
    const auto* found = known_chat_template(std::string("{% if x %}") + mark);
    REQUIRE(found != nullptr);
    CHECK(found->text.find(mark) != std::string_view::npos);
    CHECK(found->text.find("{{ .Response }}") != std::string_view::npos);
    CHECK(boost::json::parse(found->params_json).at("stop").as_array().size() >= 2);
  }
  CHECK(known_chat_template("") == nullptr);
  CHECK(known_chat_template("### Instruction:") == nullptr);
}
