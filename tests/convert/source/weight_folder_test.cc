#include <catch2/catch.hpp>

#include "convert/source/source_model.h"
#include "convert/source/weight_file.h"
#include "tests/convert/source/model_folder.h"

namespace waag::convert::testing {
namespace {

namespace fs = std::filesystem;
using waag::testing::ModelFolder;
using waag::testing::SafetensorsBuilder;

std::string file_with(const std::string& name) {
  return SafetensorsBuilder().add<float>(name, "F32", {1}, {1.0f}).file();
}

std::string index_of(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string map;
  for (const auto& [tensor, file] : entries)
    map += (map.empty() ? "\"" : ",\"") + tensor + R"(":")" + file + '"';
  return R"({"metadata":{"total_size":8},"weight_map":{)" + map + "}}";
}

/// Why the folder is refused; "" if it is not.
std::string refusal(const ModelFolder& folder) {
  const auto model = SourceModel::open(folder.path());
  if (model) return "";
  CHECK(model.error().code == Errc::unprocessable);
  return model.error().what;
}

constexpr const char* first = "model-00001-of-00002.safetensors";
constexpr const char* second = "model-00002-of-00002.safetensors";
constexpr const char* index_file = "model.safetensors.index.json";

ModelFolder& two_files(ModelFolder& folder) {
  return folder.write(first, file_with("a")).write(second, file_with("b"));
}

}  // namespace

TEST_CASE("weight_folder: several files, with and without an index", "[convert][source]") {
  ModelFolder folder;
  two_files(folder);
  CHECK(SourceModel::open(folder.path())->tensors().size() == 2);
  folder.write(index_file, index_of({{"a", first}, {"b", second}}));
  CHECK(SourceModel::open(folder.path())->tensors().size() == 2);
  folder.write("consolidated.safetensors", file_with("tok_embeddings.weight"));
  CHECK(SourceModel::open(folder.path())->tensors().size() == 2);
}

TEST_CASE("weight_folder: rules of an index", "[convert][source]") {
  ModelFolder folder;
  two_files(folder);
  const auto with = [&](const std::string& index) {
    folder.write(index_file, index);
    return refusal(folder);
  };
  const std::string is = std::string(index_file) + ": ";
  CHECK(with("{").starts_with(is + "not JSON"));
  CHECK(with("[]") == is + "has no object weight_map");
  CHECK(with(R"({"weight_map":3})") == is + "has no object weight_map");
  CHECK(with(R"({"weight_map":{}})") == is + "weight_map is empty");
  CHECK(with(R"({"weight_map":{"a":1}})") == is + "a file of weight_map is not a string");
  for (const auto* name : {"../x.safetensors", "/etc/passwd", "..", ".", "", "a/b", "a\\\\b"})
    CHECK(with(index_of({{"a", name}})) == is + "names a file that is not a plain file name");
  CHECK(with(index_of({{"a", first}, {"b", "gone.safetensors"}})) ==
        is + "names gone.safetensors, which is missing");
  CHECK(with(index_of({{"a", first}, {"b", first}, {"c", second}})) ==
        is + "says that b is in " + first + ", which does not have it");
  CHECK(with(index_of({{"a", second}, {"b", first}})) ==
        is + "says that a is in " + second + ", which does not have it");
  folder.write(second, SafetensorsBuilder()
                           .add<float>("b", "F32", {1}, {1.0f})
                           .add<float>("more", "F32", {1}, {1.0f})
                           .file());
  CHECK(with(index_of({{"a", first}, {"b", second}})) ==
        is + "does not name more, which is in " + second);
  folder.write("model.safetensors", file_with("a"));
  folder.write(second, file_with("b"));
  CHECK(with(index_of({{"a", first}, {"b", second}})) ==
        is + "does not name model.safetensors, which is here too");
}

TEST_CASE("weight_folder: one name in two files", "[convert][source]") {
  ModelFolder folder;
  folder.write(first, file_with("a")).write(second, file_with("a"));
  CHECK(refusal(folder) == std::string(second) + ": a is in " + first + " too");
  folder.write(index_file, index_of({{"a", first}, {"b", second}}));
  CHECK(refusal(folder) == std::string(second) + ": a is in " + first + " too");
}

TEST_CASE("weight_folder: a set of which a file is missing", "[convert][source]") {
  ModelFolder folder;
  folder.write(first, file_with("a"));
  const std::string why = ": not all files of its set are here, and there is no index";
  CHECK(refusal(folder) == first + why);
  folder.write("model-00003-of-00002.safetensors", file_with("b"));
  CHECK(refusal(folder) == first + why);
  folder.write("model-00002-of-00003.safetensors", file_with("c"));
  CHECK(refusal(folder) == first + why);
}

TEST_CASE("weight_folder: Mistral's own names alone", "[convert][source]") {
  ModelFolder folder;
  folder.write("consolidated.safetensors", file_with("tok_embeddings.weight"));
  CHECK(refusal(folder).starts_with("consolidated*.safetensors: "));
}

TEST_CASE("weight_folder: rules of a header", "[convert][source]") {
  const auto tensor = [](const char* shape, const char* offsets) {
    return std::string(R"({"a":{"dtype":"F32","shape":)") + shape + R"(,"data_offsets":)" +
           offsets + "}}";
  };
  const auto made = SafetensorsBuilder::with_header;
  const std::string length_only = made("", "");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "shorter than 8 bytes"},
      {"1234567", "shorter than 8 bytes"},
      {length_only, "safetensors: header too short"},
      {std::string(8, '\xff'), "safetensors: header too long"},
      {std::string("\x00\x01\x00\x00\x00\x00\x00\x00{}", 10), "its header is longer than the file"},
      {made("[]", ""), "safetensors: header is not an object"},
      {made("{}", "x"), "safetensors: tensors do not fill the file"},
      {made(tensor("[1]", "[0,4]"), "1234x"), "safetensors: tensors do not fill the file"},
      {made(tensor("[1]", "[0,4]"), "123"), "safetensors: tensors do not fill the file"},
      {made(tensor("[1]", "[1,5]"), "12345"), "safetensors: tensors leave a hole or overlap"},
      {made(tensor("[2]", "[0,4]"), "1234"), "safetensors: shape and offsets differ"},
      {made(tensor("[-1]", "[0,4]"), "1234"), "safetensors: negative number"},
      {made(tensor("[4294967296,4294967296]", "[0,0]"), ""),
       "safetensors: shape and offsets differ"},
      {made(R"({"a":{"dtype":"F33","shape":[],"data_offsets":[0,4]}})", "1234"),
       "safetensors: unknown dtype"},
      {made(R"({"__metadata__":{"a":1}})", ""), "safetensors: number out of place"},
  };
  ModelFolder folder;
  for (const auto& [bytes, why] : cases) {
    folder.write("model.safetensors", bytes);
    CHECK(refusal(folder) == "model.safetensors: " + why);
  }
}

TEST_CASE("weight_folder: links inside of the folder only, and regular files",
          "[convert][source]") {
  ModelFolder folder;
  ModelFolder outside;
  outside.write("w.safetensors", file_with("a"));
  const auto link = folder.path() / "model.safetensors";
  fs::create_symlink(outside.path() / "w.safetensors", link);
  CHECK(refusal(folder) == "model.safetensors: a symbolic link out of the folder");
  fs::remove(link);
  folder.write("kept.bytes", file_with("a"));
  fs::create_symlink("kept.bytes", link);
  CHECK(refusal(folder).empty());
  fs::remove(link);
  fs::create_directory(link);
  CHECK(refusal(folder) == "model.safetensors: not a regular file");
  fs::remove(link);
  folder.write("model.safetensors", file_with("a"));
  fs::remove(folder.path() / "config.json");
  fs::create_symlink(outside.path() / "config.json", folder.path() / "config.json");
  CHECK(refusal(folder) == "config.json: a symbolic link out of the folder");
}

TEST_CASE("weight_file: read at an offset, never past the end", "[convert][source]") {
  ModelFolder folder;
  folder.write("x", "0123456789");
  const auto file = WeightFile::open(folder.path(), "x");
  REQUIRE(file);
  CHECK((*file)->size_bytes() == 10);
  Bytes out(4);
  REQUIRE((*file)->read_at(6, out));
  CHECK(as_text(out) == "6789");
  CHECK((*file)->read_at(7, out).error().what == "x: ends early");
  CHECK((*file)->read_at(~std::uint64_t{0}, out).error().what == "x: ends early");
  CHECK(read_small_file(folder.path(), "x", 10).has_value());
  CHECK(read_small_file(folder.path(), "x", 9).error().code == Errc::unprocessable);
  CHECK(read_small_file(folder.path(), "y", 9).error().code == Errc::not_found);
  CHECK(WeightFile::open(folder.path(), "../x").error().code == Errc::unprocessable);
}

}  // namespace waag::convert::testing
