#include "daemon/catalog/summarise.h"

#include "tests/support/store_fixture.h"
#include "tests/support/weight_files.h"

using namespace waag;
using namespace waag::daemon;
using waag::testing::safetensors_file;
using waag::testing::StoreFixture;

namespace {

struct Repo : StoreFixture {
  std::uint64_t uid = make_repo("tiny");
  Summary summary(std::vector<storage::Change> changes, RepoType type = RepoType::model) {
    WeightReader weights(*store);
    auto made = summarise(*store, weights, type, *snapshot(uid, commit(uid, std::move(changes))));
    REQUIRE(made);
    return *made;
  }
};

}  // namespace

TEST_CASE("summarise: a model's commit", "[daemon][catalog]") {
  Repo repo;
  const auto weights = safetensors_file(10, 3);
  const auto summary =
      repo.summary({repo.put("README.md", "---\nlicense: mit\n---\n"),
                    repo.put("config.json", R"({"architectures":["Qwen2ForCausalLM"]})"),
                    repo.put_lfs("model.safetensors", weights)});
  CHECK(summary.commit == repo.head(repo.uid));
  CHECK(summary.about.card_json == R"({"license":"mit"})");
  CHECK(summary.about.tags ==
        std::vector<std::string>{"transformers", "safetensors", "text-generation", "license:mit"});
  CHECK(summary.safetensors_json == R"({"parameters":{"BF16":10,"F32":3},"total":13})");
  CHECK(summary.parameters == 13);
  CHECK(summary.files_bytes > weights.size());
  CHECK(summary.regular_bytes == summary.files_bytes - weights.size());
}

TEST_CASE("summarise: which weight files make up the model", "[daemon][catalog]") {
  Repo repo;
  const auto part = [&](const std::string& path, std::uint64_t count) {
    return repo.put_lfs(path, safetensors_file(count));
  };
  CHECK(repo.summary({part("model-1.safetensors", 1), part("model-2.safetensors", 2)}).parameters ==
        3);
  CHECK(repo.summary({part("sub/other.safetensors", 10)}).parameters == 3);
  CHECK(repo.summary({repo.put("model.safetensors.index.json",
                               R"({"weight_map":{"a":"model-2.safetensors"}})")})
            .parameters == 2);
  CHECK(repo.summary({StoreFixture::remove("model.safetensors.index.json"),
                      part("model.safetensors", 7)})
            .parameters == 7);
  const auto broken = repo.summary({repo.put("model.safetensors", "no weights")});
  CHECK(broken.parameters == 0);
  CHECK(broken.safetensors_json.empty());
}

TEST_CASE("summarise: files that cannot be read are as good as absent", "[daemon][catalog]") {
  Repo repo;
  const auto summary = repo.summary({repo.put("README.md", "---\na: [\n---\n"),
                                     repo.put("config.json", "{"), repo.put("m.gguf", "GGUF")});
  CHECK(summary.about.card_json.empty());
  CHECK(summary.gguf_json.empty());
  CHECK(summary.about.tags == std::vector<std::string>{"gguf"});
  CHECK(repo.summary({repo.put("a.csv", "1")}, RepoType::dataset).safetensors_json.empty());
}
