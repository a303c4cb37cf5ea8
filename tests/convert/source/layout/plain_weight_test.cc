#include <catch2/catch.hpp>

#include "convert/source/layout/row_reader.h"
#include "convert/source/layout/word_matrix.h"
#include "convert/source/stored_tensor.h"
#include "tests/convert/source/model_folder.h"

namespace waag::convert::testing {
namespace {

using waag::testing::bytes_of;
using waag::testing::ModelFolder;

/// A tensor over the whole of a file.
StoredTensor stored(const ModelFolder& folder, model::Dtype dtype,
                    const std::vector<std::uint64_t>& shape) {
  StoredTensor tensor;
  const auto file = WeightFile::open(folder.path(), "x");
  REQUIRE(file);
  tensor.file = *file;
  tensor.info.name = std::string(1, 't');  // g++ 12 warns of a literal here
  tensor.info.dtype = dtype;
  tensor.info.shape = shape;
  tensor.info.end = tensor.file->size_bytes();
  return tensor;
}

}  // namespace

TEST_CASE("plain_weight: rows in order, and by strides", "[convert][source]") {
  const ModelFolder folder("{}", "x", bytes_of<float>({0, 1, 2, 3, 4, 5}));
  auto tensor = stored(folder, model::Dtype::f32, {2, 3});
  std::vector<float> row(3);
  REQUIRE(plain_weight(tensor)->rows->read(1, 1, row));
  CHECK(row == std::vector<float>{3, 4, 5});
  tensor.info.shape = {3, 2};
  tensor.strides = {1, 3};
  row.resize(4);
  REQUIRE(plain_weight(tensor)->rows->read(1, 2, row));
  CHECK(row == std::vector<float>{1, 4, 2, 5});
}

TEST_CASE("stored_tensor: numbers of each width, from the middle", "[convert][source]") {
  const ModelFolder folder("{}", "x", bytes_of<std::int64_t>({7, 8, std::int64_t{1} << 32}));
  std::vector<std::uint32_t> words(2);
  const auto wide = stored(folder, model::Dtype::i64, {3});
  REQUIRE(read_words(wide, 0, words));
  CHECK(words == std::vector<std::uint32_t>{7, 8});
  CHECK(read_words(wide, 1, words).error().what == "x: t: an integer is too large");
  CHECK(read_words(wide, 2, words).error().what == "x: t: has too few elements");
  CHECK(read_words(wide, ~std::uint64_t{0}, words).error().what == "x: t: has too few elements");
  const auto narrow = stored(folder, model::Dtype::i32, {6});
  REQUIRE(read_words(narrow, 2, words));
  CHECK(words == std::vector<std::uint32_t>{8, 0});
  std::vector<std::uint8_t> codes(2);
  REQUIRE(read_codes(stored(folder, model::Dtype::u8, {24}), 8, codes));
  CHECK(codes == std::vector<std::uint8_t>{8, 0});
  CHECK(read_codes(narrow, 0, codes).error().what == "x: t: is not of bytes");
  std::vector<float> values(1);
  CHECK(read_floats(narrow, 0, values).error().what == "x: t: I32 is no type of weights");
  auto strided = wide;
  strided.strides = {2};
  CHECK(read_words(strided, 0, words).error().what == "x: t: has strides where none are allowed");
}

TEST_CASE("word_matrix: part of a row; scales by group", "[convert][source]") {
  const ModelFolder folder("{}", "x", bytes_of<float>({1, 2, 3, 4, 5, 6}));
  const auto scales = GroupScales::of(stored(folder, model::Dtype::f32, {2, 3}), 3);
  REQUIRE(scales);
  CHECK(*scales->read(1, 2) == std::vector<float>{2, 3, 5, 6});
  CHECK_FALSE(GroupScales::of(stored(folder, model::Dtype::f32, {2, 3}), 2));
  CHECK_FALSE(GroupScales::of(stored(folder, model::Dtype::i32, {2, 3}), 3));
  const auto matrix = WordMatrix::of(stored(folder, model::Dtype::i32, {2, 3}));
  REQUIRE(matrix);
  std::vector<std::uint32_t> words(2);
  REQUIRE(matrix->read(1, 1, words));
  CHECK(words == std::vector<std::uint32_t>{0x40a00000, 0x40c00000});
  CHECK_FALSE(WordMatrix::of(stored(folder, model::Dtype::f32, {2, 3})));
  CHECK_FALSE(WordMatrix::of(stored(folder, model::Dtype::i32, {6})));
}

}  // namespace waag::convert::testing
