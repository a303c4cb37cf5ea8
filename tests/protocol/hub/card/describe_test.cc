#include "protocol/hub/card/describe.h"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::hub;

using Texts = std::vector<std::string>;

namespace {

RepoFiles with_card(RepoType type, const std::string& yaml, const std::string& text = "") {
  RepoFiles files;
  files.type = type;
  files.paths = {".gitattributes", "README.md"};
  files.readme = "---\n" + yaml + "---\n" + text;
  return files;
}

bool has(const Description& description, const std::string& tag) {
  return std::ranges::find(description.tags, tag) != description.tags.end();
}

}  // namespace

TEST_CASE("describe: a model in full", "[protocol][card]") {
  auto files = with_card(RepoType::model,
                         "license: apache-2.0\nlanguage: [en, no]\nbase_model: acme/base\n"
                         "datasets:\n- acme/data\ntags: [mine]\nmodel-index:\n- name: x\n",
                         "A paper: https://arxiv.org/abs/2406.00001\n");
  files.paths.insert(files.paths.end(), {"config.json", "model.safetensors"});
  files.configs.config = R"({"architectures":["Qwen2ForCausalLM"],"model_type":"qwen2"})";
  const auto out = describe(files);
  CHECK(out.tags == Texts{"transformers", "safetensors", "qwen2", "text-generation", "mine", "en",
                          "no", "dataset:acme/data", "arxiv:2406.00001", "base_model:acme/base",
                          "base_model:finetune:acme/base", "license:apache-2.0", "model-index"});
  CHECK(out.library_name == "transformers");
  CHECK(out.pipeline_tag == "text-generation");
  CHECK(out.card_json.find(R"("language":["en","no"])") != std::string::npos);
  CHECK(out.model_index_json == R"([{"name":"x"}])");
  CHECK(out.base_models_json == R"({"relation":"finetune","models":[{"id":"acme/base"}]})");
}

TEST_CASE("describe: how a model comes from another", "[protocol][card]") {
  auto files = with_card(RepoType::model, "base_model: [a/b, c/d]\n");
  CHECK(has(describe(files), "base_model:merge:c/d"));
  files.paths.push_back("x.Q4_K_M.gguf");
  CHECK(has(describe(files), "base_model:quantized:a/b"));
  CHECK(describe(files).library_name.empty());
  CHECK(has(describe(files), "gguf"));
  files = with_card(RepoType::model, "base_model: a/b\nbase_model_relation: merge\n");
  CHECK(has(describe(files), "base_model:merge:a/b"));
  files = with_card(RepoType::model, "base_model: a/b\nbase_model_relation: cousin\n");
  CHECK(has(describe(files), "base_model:finetune:a/b"));
  files = with_card(RepoType::model, "license: mit\n");
  files.configs.adapter_config = R"({"base_model_name_or_path":"a/b"})";
  CHECK(has(describe(files), "base_model:adapter:a/b"));
  CHECK(describe(files).library_name == "peft");
}

TEST_CASE("describe: the card's word counts", "[protocol][card]") {
  auto files = with_card(RepoType::model, "pipeline_tag: fill-mask\nlibrary_name: keras\n");
  files.configs.config = R"({"architectures":["Qwen2ForCausalLM"]})";
  const auto out = describe(files);
  CHECK(out.pipeline_tag == "fill-mask");
  CHECK(out.library_name == "keras");
  CHECK(out.transformers_json.empty());
  files = with_card(RepoType::model, "tags: [audio-classification]\n");
  CHECK(describe(files).pipeline_tag == "audio-classification");
}

TEST_CASE("describe: datasets", "[protocol][card]") {
  auto files = with_card(RepoType::dataset,
                         "license: mit\nlanguage:\n- en\ntask_categories: [text-generation]\n"
                         "size_categories: 1K<n<10K\ntags: [mine]\npaperswithcode_id: squad\n",
                         "# Squad\nQuestions.\n\n```bibtex\n@x{y}\n```\n");
  files.paths.push_back("data/train.parquet");
  const auto out = describe(files);
  CHECK(out.tags == Texts{"task_categories:text-generation", "language:en", "license:mit",
                          "size_categories:1K<n<10K", "format:parquet", "mine"});
  CHECK(out.description == "Squad Questions.");
  CHECK(out.citation == "@x{y}");
  CHECK(out.paperswithcode_id == "squad");
}

TEST_CASE("describe: spaces", "[protocol][card]") {
  const auto out = describe(
      with_card(RepoType::space, "sdk: gradio\nmodels: [a/b]\ndatasets: c/d\ntags: [x]\n"));
  CHECK(out.sdk == "gradio");
  CHECK(out.tags == Texts{"gradio", "x"});
  CHECK(out.models == Texts{"a/b"});
  CHECK(out.datasets == Texts{"c/d"});
}

TEST_CASE("describe: cards as people write them", "[protocol][card]") {
  const auto readme =
      GENERATE("---\nlicense: mit\n---\n", "\xEF\xBB\xBF---\r\nlicense: mit\r\n---\r\ntext",
               "---\nlicense: mit\n", "---\n# why\nlicense: mit # good\n---\n",
               "\n\n---\nlicense: [mit]\n---\n");
  RepoFiles files;
  files.readme = readme;
  CAPTURE(files.readme);
  CHECK(has(describe(files), "license:mit"));
  CHECK_FALSE(describe(files).card_json.empty());
}

TEST_CASE("describe: broken cards are harmless", "[protocol][card]") {
  const auto readme = GENERATE("", "# T", "---\na: [b\n---\n", "---\n- a\n---\n", "---\n",
                               "---\nsome text\n# never closed\n", "---\nlicense: {a: b}\n---\n",
                               "---\ntags: {a: 1}\nlanguage: 3\nbase_model: null\n---\n");
  RepoFiles files;
  files.paths = {"pytorch_model.bin"};
  files.readme = readme;
  CAPTURE(files.readme);
  const auto out = describe(files);
  CHECK(out.tags.front() == "pytorch");
  for (const auto& tag : out.tags) CHECK_FALSE(tag.starts_with("license"));
}

TEST_CASE("describe: tags are bounded and once each", "[protocol][card]") {
  std::string yaml = "tags: [a, a, \"b\\nc\", " + std::string(300, 'x');
  for (int i = 0; i < 2000; ++i) yaml += ", t" + std::to_string(i);
  const auto out = describe(with_card(RepoType::model, yaml + "]\n"));
  CHECK(out.tags.size() == 1000);
  CHECK(out.tags[0] == "a");
  CHECK(out.tags[1] == "t0");
}
