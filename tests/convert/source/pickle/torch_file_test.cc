#include "convert/source/pickle/torch_file.h"

#include "tests/convert/source/layout/read_weights.h"
#include "tests/convert/source/pickle/torch_builder.h"

namespace waag::convert::testing {
namespace {

using waag::testing::bytes_of;
using waag::testing::ModelFolder;
using waag::testing::Pickle;
using waag::testing::torch_file;
using waag::testing::ZipBuilder;

const std::string six = bytes_of<float>({0, 1, 2, 3, 4, 5});
const std::string storage = Pickle::storage("FloatStorage", "0", 6);

std::string pickle_of(const std::vector<std::pair<std::string, std::string>>& entries) {
  return Pickle::begin() + Pickle::dict(entries) + ".";
}

ModelFolder folder_with(const std::string& file) {
  return ModelFolder("{}", "pytorch_model.bin", file);
}

std::string refusal(const std::string& file) {
  const auto why = why_refused(folder_with(file));
  const std::string front = "pytorch_model.bin: ";
  if (!why.empty()) CHECK(why.starts_with(front));
  return why.empty() ? why : why.substr(front.size());
}

std::string refusal(std::int64_t offset, const std::vector<std::int64_t>& shape,
                    const std::vector<std::int64_t>& strides) {
  const auto tensor = Pickle::tensor(storage, offset, shape, strides);
  return refusal(torch_file(pickle_of({{"w", tensor}}), {six}));
}

}  // namespace

TEST_CASE("torch_file: whole tensors, views and shared storages", "[convert][source][torch]") {
  const auto folder = folder_with(torch_file(
      pickle_of({{"whole", Pickle::tensor(storage, 0, {2, 3}, {3, 1})},
                 {"transposed", Pickle::tensor(storage, 0, {3, 2}, {1, 3})},
                 {"slice", Pickle::tensor(storage, 1, {2, 2}, {3, 1})},
                 {"column", Pickle::tensor(storage, 2, {2}, {3})},
                 {"cube", Pickle::tensor(storage, 0, {3, 1, 2}, {1, 17, 3})},
                 {"scalar", Pickle::tensor(storage, 5, {}, {})},
                 {"empty", Pickle::tensor(storage, 6, {0, 3}, {3, 1})},
                 {"half", Pickle::tensor(Pickle::storage("HalfStorage", "1", 2), 0, {2}, {1})}}),
      {six, bytes_of<std::uint16_t>({0x3c00, 0xc000})}));
  using Values = std::vector<float>;
  CHECK(weight_values(folder, "whole") == Values{0, 1, 2, 3, 4, 5});
  CHECK(weight_values(folder, "transposed") == Values{0, 3, 1, 4, 2, 5});
  CHECK(weight_values(folder, "slice") == Values{1, 2, 4, 5});
  CHECK(weight_values(folder, "column") == Values{2, 5});
  CHECK(weight_values(folder, "cube") == Values{0, 3, 1, 4, 2, 5});
  CHECK(weight_values(folder, "scalar") == Values{5});
  CHECK(weight_values(folder, "empty").empty());
  CHECK(weight_values(folder, "half") == Values{1, -2});

  const auto model = SourceModel::open(folder.path());
  REQUIRE(model);
  CHECK(model->stored("whole")->info.end - model->stored("whole")->info.begin == 24);
  CHECK(model->stored("transposed").error().what == "transposed: its bytes are not in order");
}

TEST_CASE("torch_file: a view larger than the window it is read through",
          "[convert][source][torch]") {
  constexpr std::int64_t rows = 700;
  constexpr std::int64_t columns = 900;
  std::vector<float> values(rows * columns);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  const auto all = Pickle::storage("FloatStorage", "0", rows * columns);
  const auto folder = folder_with(torch_file(
      pickle_of({{"flipped", Pickle::tensor(all, 0, {columns, rows}, {1, columns})},
                 {"every_other", Pickle::tensor(all, 0, {rows, columns / 2}, {columns, 2})}}),
      {bytes_of(values)}));
  const auto model = SourceModel::open(folder.path());
  REQUIRE(model);
  std::vector<float> part(100 * rows);
  REQUIRE(model->read_rows(*model->find("flipped"), 300, 100, part));
  bool same = true;
  for (std::size_t r = 0; r < 100; ++r)
    for (std::size_t c = 0; c < rows; ++c)
      same = same && part[r * rows + c] == values[c * columns + 300 + r];
  CHECK(same);
  std::vector<float> every_other(rows * columns / 2);
  REQUIRE(model->read_rows(*model->find("every_other"), 0, rows, every_other));
  for (std::size_t i = 0; i < every_other.size(); ++i)
    same = same && every_other[i] == values[2 * i];
  CHECK(same);
}

TEST_CASE("torch_file: views that reach out of their storage", "[convert][source][torch]") {
  const std::string out = "w: reaches out of its storage";
  CHECK(refusal(0, {6}, {1}).empty());
  CHECK(refusal(1, {6}, {1}) == out);
  CHECK(refusal(7, {0}, {1}) == out);
  CHECK(refusal(6, {1}, {1}) == out);
  CHECK(refusal(0, {2, 3}, {4, 1}) == out);
  CHECK(refusal(0, {2}, {6}) == out);
  CHECK(refusal(std::int64_t{1} << 52, {1}, {1}) == out);
  CHECK(refusal(0, {2}, {std::int64_t{1} << 52}) == out);
  const std::string more = "w: has more elements than its storage";
  CHECK(refusal(0, {7}, {0}) == more);
  CHECK(refusal(0, {std::int64_t{1} << 40, std::int64_t{1} << 40}, {0, 0}) == more);
  CHECK(refusal(0, {std::int64_t{1} << 33, 2}, {std::int64_t{1} << 33, 1}) == more);
}

TEST_CASE("torch_file: storages that are missing or of another size", "[convert][source][torch]") {
  const auto one = Pickle::tensor(storage, 0, {1}, {1});
  CHECK(refusal(torch_file(pickle_of({{"w", one}}), {})) == "w: its storage is missing");
  CHECK(refusal(torch_file(pickle_of({{"w", one}}), {six + "1234"})) ==
        "w: its storage is not as long as data.pkl says");
  CHECK(refusal(torch_file(pickle_of({{"w", one}}), {six.substr(1)})) ==
        "w: its storage is not as long as data.pkl says");
  const auto outside =
      Pickle::tensor(Pickle::storage("FloatStorage", "../version", 0), 0, {0}, {1});
  CHECK(refusal(torch_file(pickle_of({{"w", outside}}), {})) == "w: its storage is missing");
}

TEST_CASE("torch_file: members that a state dict does not have", "[convert][source][torch]") {
  const auto empty = pickle_of({});
  const auto zip = [&](const std::string& name, const std::string& bytes) {
    return refusal(ZipBuilder().add("m/data.pkl", empty).add(name, bytes).file());
  };
  CHECK(zip("m/byteorder", "little").empty());
  CHECK(zip("m/byteorder", "big") == "is not of little-endian numbers");
  CHECK(zip("m/constants.pkl", "") == "unknown member m/constants.pkl");
  CHECK(zip("m/code/a.py", "") == "unknown member m/code/a.py");
  CHECK(zip("other/data/0", "") == "unknown member other/data/0");
  CHECK(zip("n/data.pkl", empty) == "two data.pkl");
  CHECK(refusal(ZipBuilder().add("m/x/data.pkl", empty).file()) == "no data.pkl");
}

TEST_CASE("torch_file: a data.pkl that its CRC-32 does not fit", "[convert][source][torch]") {
  auto file = torch_file(pickle_of({{"w", Pickle::tensor(storage, 0, {1}, {1})}}), {six});
  const auto at = file.find("w");
  REQUIRE(at != file.npos);
  file[at] = 'v';
  CHECK(refusal(file) == "data.pkl does not match its CRC-32");
}

TEST_CASE("torch_file: a global of os is refused, and named", "[convert][source][torch]") {
  const auto pickle =
      Pickle::begin() + Pickle::global("os", "system") + Pickle::text("true") + "\x85R.";
  CHECK(refusal(torch_file(pickle, {})) == "pickle: global os.system is not allowed");
  CHECK(refusal(pickle) == "zip: no end record at the end of the file");
}

TEST_CASE("torch_file: files of an index", "[convert][source][torch]") {
  const auto one = Pickle::tensor(storage, 0, {6}, {1});
  ModelFolder folder;
  const auto part = [](int number) {
    return "pytorch_model-0000" + std::to_string(number) + "-of-00002.bin";
  };
  folder.write(part(1), torch_file(pickle_of({{"a", one}}), {six}));
  CHECK(why_refused(folder) ==
        part(1) + ": not all files of its set are here, and there is no index");
  folder.write(part(2), torch_file(pickle_of({{"b", one}}), {six}));
  CHECK(weight_names(folder) == std::vector<std::string>{"a", "b"});
  folder.write("training_args.bin", "anything").write("optimizer.bin", "anything");
  folder.write("pytorch_model.bin.index.json",
               R"({"weight_map":{"a":")" + part(1) + R"(","b":")" + part(2) + R"("}})");
  CHECK(weight_names(folder) == std::vector<std::string>{"a", "b"});
  folder.write("model.safetensors",
               waag::testing::SafetensorsBuilder().add<float>("c", "F32", {1}, {1}).file());
  CHECK(weight_names(folder) == std::vector<std::string>{"c"});
}

}  // namespace waag::convert::testing
