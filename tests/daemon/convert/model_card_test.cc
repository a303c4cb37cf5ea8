#include "daemon/convert/model_card.h"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "protocol/hub/card/front_matter.h"
#include "protocol/hub/card/yaml_json.h"

using namespace waag;
using namespace waag::daemon;

namespace {

CardFacts facts() {
  CardFacts made;
  made.title = "tiny-GGUF";
  made.source = {RepoType::model, "ada", "tiny"};
  made.source_url = "http://hub/ada/tiny";
  made.source_readme =
      "---\nlicense: other\nlicense_name: |\n  x\n  base_model: evil/x\ntags: [chat, gguf]\n"
      "language: no\nbase_model: acme/base\nthumbnail: x\n---\ntext";
  made.targets = {*ConvertTarget::parse("gguf:Q4_K_M"), *ConvertTarget::parse("gguf:F16")};
  made.weights = {{"tiny-F16.gguf", 1234567}, {"tiny-Q4_K_M.gguf", 12}};
  return made;
}

boost::json::object metadata(const std::string& card) {
  CHECK(hub::check_card(card).errors.empty());
  const auto made = hub::yaml_to_json(hub::front_matter(card));
  REQUIRE(made);
  return boost::json::parse(*made).as_object();
}

}  // namespace

TEST_CASE("model card: metadata", "[daemon][convert]") {
  const auto card = model_card(facts());
  const auto data = metadata(card);
  CHECK(data.at("base_model") == "ada/tiny");
  CHECK(data.at("base_model_relation") == "quantized");
  CHECK(data.at("library_name") == "gguf");
  CHECK(data.at("license") == "other");
  CHECK(data.at("license_name") == "x\nbase_model: evil/x\n");  // a value, and no more
  CHECK(data.at("language") == "no");
  CHECK(data.at("tags") == boost::json::array{"gguf", "quantized", "chat"});
  CHECK_FALSE(data.contains("thumbnail"));
  CHECK(is_our_card(card));
  CHECK(model_card(facts()) == card);
}

TEST_CASE("model card: text", "[daemon][convert]") {
  auto made = facts();
  made.options.imatrix = "imatrix.dat";
  const auto card = model_card(made);
  CHECK(card.find("# tiny-GGUF\n") != std::string::npos);
  CHECK(card.find("| tiny-F16.gguf | 1,234,567 |\n| tiny-Q4_K_M.gguf | 12 |\n") !=
        std::string::npos);
  CHECK(card.find("waag convert ada/tiny@" + made.commit.hex() +
                  " --to gguf:Q4_K_M,gguf:F16 --imatrix imatrix.dat") != std::string::npos);
}

TEST_CASE("model card: how it was made, and what to know of it", "[daemon][convert]") {
  auto made = facts();
  CHECK(model_card(made).find("Warnings") == std::string::npos);
  made.options = {"", true, "direct", 5'000'000};
  made.warnings = {"look out: [x](http://evil) <b>"};
  const auto card = model_card(made);
  CHECK(card.find("gguf:F16 --allow-requantize --via direct --split-max-size 5000000\n") !=
        std::string::npos);
  CHECK(card.find("## Warnings\n\n- look out: \\[x\\]\\(http://evil\\) \\<b\\>\n") !=
        std::string::npos);
}

TEST_CASE("model card: what certificates say", "[daemon][convert]") {
  auto made = facts();
  CHECK(model_card(made).find("Validation") == std::string::npos);
  certificate::Certificate of;
  of.target = "gguf:F16";
  of.figures.kld_mean = 0.04567;
  of.figures.kld_p99 = 0.5;
  of.figures.same_top = 0.9567;
  of.figures.ln_perplexity_ratio = -0.001;
  of.verdict = certificate::Verdict::warn;
  of.reasons = {"look: [x](http://evil)"};
  made.certificates = {{"certificates/F16.json", of}};
  made.validate = true;
  const auto card = model_card(made);
  CHECK(card.find("| gguf:F16 | warn | 0.0457 | 0.5 | 95.7 % | -0.001 | "
                  "[certificates/F16.json](certificates/F16.json) |\n\n"
                  "- gguf:F16: look: \\[x\\]\\(http://evil\\)\n") != std::string::npos);
  CHECK(card.find("gguf:F16 --validate\n") != std::string::npos);
}

TEST_CASE("model card: of safetensors, and of a source without a card", "[daemon][convert]") {
  auto made = facts();
  made.source_readme = "";
  made.targets = {*ConvertTarget::parse("safetensors:fp8-dynamic")};
  const auto data = metadata(model_card(made));
  CHECK(data.at("library_name") == "transformers");
  CHECK(data.at("tags") == boost::json::array{"compressed-tensors", "fp8-dynamic", "quantized"});
  CHECK_FALSE(data.contains("license"));
  CHECK_FALSE(is_our_card("# A card that somebody wrote"));
}

TEST_CASE("model card: fields for the converter", "[daemon][convert]") {
  const auto fields = card_fields(facts().source_readme);
  CHECK(fields.license == "other");
  CHECK(fields.base_models == std::vector<std::string>{"acme/base"});
  CHECK(fields.tags == std::vector<std::string>{"chat", "gguf"});
  CHECK(fields.languages == std::vector<std::string>{"no"});
  CHECK(card_fields("no card").license.empty());
}
