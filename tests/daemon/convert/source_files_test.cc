#include "daemon/convert/source_files.h"

#include <catch2/catch.hpp>

using namespace waag;
using namespace waag::daemon;
using storage::TreeEntry;

namespace {

std::vector<TreeEntry> tree(const std::vector<std::string>& paths) {
  std::vector<TreeEntry> entries;
  for (const auto& path : paths) {
    TreeEntry entry;
    entry.path = path;
    if (path.ends_with('/')) entry.type = TreeEntry::Type::directory;
    entries.push_back(entry);
  }
  return entries;
}

std::vector<std::string> paths(const std::vector<TreeEntry>& entries) {
  std::vector<std::string> found;
  for (const auto& entry : entries) found.push_back(entry.path);
  return found;
}

std::vector<std::string> chosen(const std::vector<std::string>& all, std::string_view index = "") {
  const auto files = find_source_files(tree(all), "");
  REQUIRE(files);
  const auto weights = choose_weights(*files, index);
  if (!weights) FAIL(weights.error().what);
  return paths(*weights);
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("source files: which are wanted", "[daemon][convert]") {
  const auto files = find_source_files(
      tree({".gitattributes", "LICENSE.txt", "NOTICE", "README.md", "assets/", "assets/a.json",
            "chat_template.jinja", "config.json", "imatrix/im.dat", "merges.txt",
            "model.safetensors", "pytorch_model.bin", "tekken.json", "tokenizer.model",
            "weights.onnx", "x.py"}),
      "imatrix/im.dat");
  REQUIRE(files);
  CHECK(paths(files->small) == Paths{"LICENSE.txt", "NOTICE", "README.md", "chat_template.jinja",
                                     "config.json", "imatrix/im.dat", "merges.txt", "tekken.json",
                                     "tokenizer.model"});
  CHECK(is_read_by_converter(*files, "config.json"));
  CHECK(is_read_by_converter(*files, "imatrix/im.dat"));
  for (const auto* path : {"LICENSE.txt", "NOTICE", "README.md"})
    CHECK_FALSE(is_read_by_converter(*files, path));
  CHECK(paths(files->licences) == Paths{"LICENSE.txt", "NOTICE"});
  CHECK(paths(files->weights) == Paths{"model.safetensors", "pytorch_model.bin"});
  CHECK(find_source_files({}, "im.dat").error().code == Errc::entry_not_found);
}

TEST_CASE("source files: which weights", "[daemon][convert]") {
  CHECK(chosen({"model.safetensors", "pytorch_model.bin"}) == Paths{"model.safetensors"});
  CHECK(chosen({"consolidated.safetensors", "model.safetensors"}) == Paths{"model.safetensors"});
  CHECK(chosen({"consolidated.safetensors"}) == Paths{"consolidated.safetensors"});
  CHECK(chosen({"pytorch_model.bin"}) == Paths{"pytorch_model.bin"});
  const auto* index = R"({"weight_map":{"a":"m-2.safetensors","b":"m-1.safetensors"}})";
  CHECK(chosen({"m-1.safetensors", "m-2.safetensors", "other.safetensors"}, index) ==
        Paths{"m-1.safetensors", "m-2.safetensors"});
  const auto lacks = find_source_files(tree({"m-1.safetensors"}), "");
  CHECK(choose_weights(*lacks, index).error().code == Errc::unprocessable);
  CHECK(choose_weights(SourceFiles{}, "").error().code == Errc::unprocessable);
}

TEST_CASE("source files: the index", "[daemon][convert]") {
  const auto of = [](const std::vector<std::string>& all) {
    return index_name(*find_source_files(tree(all), ""));
  };
  CHECK(of({"model.safetensors.index.json", "pytorch_model.bin.index.json", "a.safetensors"}) ==
        "model.safetensors.index.json");
  CHECK(of({"model.safetensors.index.json", "pytorch_model.bin.index.json", "a.bin"}) ==
        "pytorch_model.bin.index.json");
  CHECK(of({"a.safetensors"}).empty());
}

TEST_CASE("source files: how much comes of it", "[daemon][convert]") {
  CHECK(estimate_output_bytes(1'000'000, {"F32"}) >= 2'000'000);
  CHECK(estimate_output_bytes(1'000'000, {"Q4_K_M"}) == 500'000);
  CHECK(estimate_output_bytes(1'000'000, {"Q8_0", "fp8-dynamic"}) == 1'300'000);
}
