#include "convert/source/source_model.h"

#include <cmath>
#include <limits>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/convert/source/model_folder.h"

namespace waag::convert::testing {
namespace {

using waag::testing::ModelFolder;
using waag::testing::SafetensorsBuilder;

std::vector<float> read_all(const SourceModel& model, std::string_view name) {
  const auto* tensor = model.find(name);
  REQUIRE(tensor != nullptr);
  std::vector<float> values(tensor->elements());
  const auto status = model.read_rows(*tensor, 0, tensor->rows(), values);
  if (!status) FAIL(status.error().what);
  return values;
}

SourceModel open(const ModelFolder& folder) {
  auto model = SourceModel::open(folder.path());
  if (!model) FAIL(model.error().what);
  return *std::move(model);
}

}  // namespace

TEST_CASE("source_model: what stands in one file", "[convert][source]") {
  SafetensorsBuilder file;
  file.add<float>("a", "F32", {2, 2}, {1.0f, -2.0f, 3.5f, 0x1p-140f})
      .add<std::uint16_t>("b", "BF16", {3}, {0x3f80, 0xc000, 0x0001})
      .add<std::uint16_t>("c", "F16", {1, 2}, {0x3c00, 0x0001})
      .add<double>("d", "F64", {}, {0.25})
      .add<std::int64_t>("ids", "I64", {2}, {1, 2});
  ModelFolder folder(R"({"model_type":"llama"})");
  folder.write("model.safetensors", file.file());
  const auto model = open(folder);
  CHECK(model.config_text() == R"({"model_type":"llama"})");
  CHECK(model.folder() == folder.path());
  CHECK(model.tensors().size() == 5);
  CHECK(read_all(model, "a") == std::vector<float>{1.0f, -2.0f, 3.5f, 0x1p-140f});
  CHECK(read_all(model, "b") == std::vector<float>{1.0f, -2.0f, 0x1p-133f});
  CHECK(read_all(model, "c") == std::vector<float>{1.0f, 0x1p-24f});
  CHECK(read_all(model, "d") == std::vector<float>{0.25f});
  CHECK(model.find("a")->requantized_from.empty());
  CHECK(model.find("c")->dtype == model::Dtype::f16);
  CHECK(model.find("nothing") == nullptr);

  std::vector<float> row(2);
  REQUIRE(model.read_rows(*model.find("a"), 1, 1, row));
  CHECK(row == std::vector<float>{3.5f, 0x1p-140f});
  const auto integers = model.read_rows(*model.find("ids"), 0, 1, row);
  REQUIRE_FALSE(integers);
  CHECK(integers.error().what == "model.safetensors: ids: I64 is no type of weights");
}

TEST_CASE("source_model: rows that are not there", "[convert][source]") {
  ModelFolder folder;
  folder.write("model.safetensors",
               SafetensorsBuilder().add<float>("a", "F32", {2, 2}, {1, 2, 3, 4}).file());
  const auto model = open(folder);
  std::vector<float> values(2);
  const auto& tensor = *model.find("a");
  CHECK(model.read_rows(tensor, 2, 1, values).error().code == Errc::invalid_argument);
  CHECK(model.read_rows(tensor, 1, 2, values).error().code == Errc::invalid_argument);
  CHECK(model.read_rows(tensor, 0, 2, values).error().code == Errc::invalid_argument);
  CHECK(model.read_rows(tensor, ~std::uint64_t{0}, 1, values).error().code ==
        Errc::invalid_argument);
  CHECK(model.read_rows(tensor, 2, 0, {}));
  SourceTensor other;
  other.name = "b";
  CHECK(model.read_rows(other, 0, 1, values).error().code == Errc::not_found);
}

TEST_CASE("source_model: a value that is not finite is refused by name", "[convert][source]") {
  std::vector<float> values(40, 1.0f);
  values[3] = std::numeric_limits<float>::infinity();
  values[39] = std::numeric_limits<float>::quiet_NaN();
  ModelFolder folder;
  folder.write("model.safetensors",
               SafetensorsBuilder().add<float>("w", "F32", {4, 10}, values).file());
  const auto model = open(folder);
  std::vector<float> out(40);
  const auto status = model.read_rows(*model.find("w"), 0, 4, out);
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Errc::unprocessable);
  CHECK(status.error().what == "w: 2 values of rows 0 to 4 are NaN or Inf");
  CHECK(model.read_rows(*model.find("w"), 1, 2, std::span(out).first(20)));
}

TEST_CASE("source_model: a F64 that F32 cannot hold is refused", "[convert][source]") {
  ModelFolder folder;
  folder.write("model.safetensors",
               SafetensorsBuilder().add<double>("w", "F64", {1}, {0.1}).file());
  const auto model = open(folder);
  std::vector<float> out(1);
  const auto status = model.read_rows(*model.find("w"), 0, 1, out);
  REQUIRE_FALSE(status);
  CHECK(status.error().what == "model.safetensors: w: a value is not exact in F32");
}

TEST_CASE("source_model: stored bytes, for copying", "[convert][source]") {
  ModelFolder folder;
  folder.write("model.safetensors", SafetensorsBuilder()
                                        .add<std::uint8_t>("x", "U8", {1}, {9})
                                        .add<std::uint8_t>("y", "U8", {4}, {1, 2, 3, 4})
                                        .file());
  const auto model = open(folder);
  const auto stored = model.stored("y");
  REQUIRE(stored);
  CHECK(stored->file == "model.safetensors");
  CHECK(stored->info.end - stored->info.begin == 4);
  Bytes out(2);
  REQUIRE(model.read_stored(*stored, 1, out));
  CHECK(out == Bytes{std::byte{2}, std::byte{3}});
  CHECK(model.read_stored(*stored, 3, out).error().code == Errc::invalid_argument);
  CHECK(model.read_stored(*stored, ~std::uint64_t{0}, out).error().code == Errc::invalid_argument);
  CHECK(model.stored("z").error().code == Errc::not_found);
}

TEST_CASE("source_model: a file that shrinks under us ends early", "[convert][source]") {
  ModelFolder folder;
  folder.write("model.safetensors",
               SafetensorsBuilder().add<float>("w", "F32", {2}, {1, 2}).file());
  const auto model = open(folder);
  std::filesystem::resize_file(folder.path() / "model.safetensors", 9);
  std::vector<float> out(2);
  const auto status = model.read_rows(*model.find("w"), 0, 1, out);
  REQUIRE_FALSE(status);
  CHECK(status.error().what == "model.safetensors: ends early");
}

TEST_CASE("source_model: several threads read at once", "[convert][source]") {
  std::vector<float> values(64 * 1024);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  ModelFolder folder;
  folder.write("model.safetensors",
               SafetensorsBuilder().add<float>("w", "F32", {64, 1024}, values).file());
  const auto model = open(folder);
  std::array<bool, 4> same{};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < same.size(); ++t)
    threads.emplace_back([&, t] {
      std::vector<float> row(1024);
      bool all = true;
      for (std::uint64_t r = t; r < 64; r += 4) {
        all = model.read_rows(*model.find("w"), r, 1, row).has_value() && all;
        all = all && row.front() == static_cast<float>(r * 1024) && row.back() == row[0] + 1023;
      }
      same[t] = all;
    });
  for (auto& thread : threads) thread.join();
  CHECK(same == std::array<bool, 4>{true, true, true, true});
}

TEST_CASE("source_model: no config, no weights", "[convert][source]") {
  waag::testing::TempFolder empty;
  CHECK(SourceModel::open(empty.path()).error().code == Errc::not_found);
  CHECK(SourceModel::open(empty.path() / "nowhere").error().code == Errc::not_found);
  ModelFolder folder;
  CHECK(SourceModel::open(folder.path()).error().code == Errc::not_found);
  ModelFolder broken("[1");
  broken.write("model.safetensors", SafetensorsBuilder().file());
  CHECK(SourceModel::open(broken.path()).error().what == "config.json: not a JSON object");
}

}  // namespace waag::convert::testing
