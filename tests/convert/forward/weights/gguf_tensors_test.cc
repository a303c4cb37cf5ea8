#include "convert/forward/weights/gguf_tensors.h"

#include <catch2/catch.hpp>

#include "convert/write/gguf_layout.h"
#include "tests/convert/source/model_folder.h"

namespace waag::convert::testing {
namespace {

using waag::testing::bytes_of;
using waag::testing::ModelFolder;

const std::vector<GgufTensor> two{{.name = "one", .shape = {2, 8}},
                                  {.name = "other", .shape = {3, 8}}};

/// Two tensors in F32 whose elements count on, written in parts of at most `split_bytes`.
std::vector<std::string> write(ModelFolder& folder, std::uint64_t split_bytes) {
  const auto files =
      layout_gguf("m", {{"general.architecture", std::string("x")}}, two, split_bytes);
  if (!files) FAIL(files.error().what);
  std::vector<std::string> names;
  for (const auto& file : *files) {
    std::string bytes(as_text(file.header));
    bytes.resize(file.size_bytes);
    for (const auto& place : file.tensors) {
      std::vector<float> values(place.size_bytes / sizeof(float));
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<float>(100 * place.tensor + i);
      bytes.replace(place.offset_bytes, place.size_bytes, bytes_of(values));
    }
    folder.write(file.name, bytes);
    names.push_back(file.name);
  }
  return names;
}

}  // namespace

TEST_CASE("gguf_tensors: of one file and of parts", "[convert][forward][weights]") {
  const std::uint64_t split_bytes = GENERATE(64u, 1u << 20);
  ModelFolder folder;
  const auto names = write(folder, split_bytes);
  REQUIRE(names.size() == (split_bytes == 64 ? 2 : 1));
  const auto tensors = open_gguf(folder.path() / names[0]);
  if (!tensors) FAIL(tensors.error().what);
  REQUIRE(tensors->size() == 2);
  std::vector<float> values(16);
  REQUIRE(read_gguf_rows(tensors->at("other"), 1, values));
  CHECK(values[0] == 108);
  CHECK(values[15] == 123);
  CHECK(*gguf_has(folder.path() / names[0], "general.architecture"));
  CHECK_FALSE(*gguf_has(folder.path() / names[0], "quantize.imatrix.file"));
  CHECK_FALSE(gguf_has(folder.path() / "none.gguf", "general.architecture"));
  CHECK(read_gguf_rows(tensors->at("other"), 2, values).error().code == Errc::invalid_argument);
}

TEST_CASE("gguf_tensors: what is refused", "[convert][forward][weights]") {
  ModelFolder folder;
  const auto names = write(folder, 64);
  CHECK_FALSE(open_gguf(folder.path() / "none.gguf"));
  std::filesystem::rename(folder.path() / names[1], folder.path() / "moved");
  CHECK_FALSE(open_gguf(folder.path() / names[0]));
  std::filesystem::rename(folder.path() / names[0], folder.path() / "first.gguf");
  const auto renamed = open_gguf(folder.path() / "first.gguf");
  REQUIRE_FALSE(renamed);
  CHECK(renamed.error().what.find("first.gguf") != std::string::npos);
  folder.write("text.gguf", "no GGUF");
  CHECK(open_gguf(folder.path() / "text.gguf").error().code == Errc::unprocessable);
}

}  // namespace waag::convert::testing
