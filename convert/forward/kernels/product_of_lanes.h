#pragma once

#include <algorithm>
#include <cstring>

#include "convert/forward/kernels/product.h"

// One source for each width of vector: included by a file that is compiled for it. Tiles of
// `height` left rows and `width` right rows keep their sums in registers; a left and a right row
// are read once a tile. Measured: docs/CONVERT.md.

namespace waag::convert {
namespace {

template <std::size_t lanes>
struct Vector {
  typedef float type __attribute__((vector_size(lanes * sizeof(float))));
};

template <std::size_t lanes>
typename Vector<lanes>::type load(const float* from, std::size_t count = lanes) {
  typename Vector<lanes>::type vector{};
  std::memcpy(&vector, from, count * sizeof(float));
  return vector;
}

/// Of the lanes, halves first.
template <std::size_t lanes>
float sum(const typename Vector<lanes>::type& vector) {
  float part[lanes];
  std::memcpy(part, &vector, sizeof(part));
  for (std::size_t half = lanes / 2; half > 0; half /= 2)
    for (std::size_t i = 0; i < half; ++i) part[i] += part[i + half];
  return part[0];
}

template <std::size_t lanes, std::size_t height, std::size_t width>
void add_tile(const Product& product, std::size_t left_row, std::size_t right_row) {
  using V = typename Vector<lanes>::type;
  const float* left = product.left + left_row * product.left_stride;
  const float* right = product.right + right_row * product.right_stride;
  V sums[height][width] = {};
  const auto whole = product.depth / lanes * lanes;
  for (std::size_t k = 0; k < whole; k += lanes) {
    V rights[width];
    for (std::size_t r = 0; r < width; ++r)
      rights[r] = load<lanes>(right + r * product.right_stride + k);
    for (std::size_t l = 0; l < height; ++l) {
      const V one = load<lanes>(left + l * product.left_stride + k);
      for (std::size_t r = 0; r < width; ++r) sums[l][r] += one * rights[r];
    }
  }
  const auto rest = product.depth - whole;
  for (std::size_t l = 0; l < height; ++l)
    for (std::size_t r = 0; r < width; ++r) {
      if (rest > 0)
        sums[l][r] += load<lanes>(left + l * product.left_stride + whole, rest) *
                      load<lanes>(right + r * product.right_stride + whole, rest);
      product.out[(left_row + l) * product.out_stride + right_row + r] += sum<lanes>(sums[l][r]);
    }
}

/// All of the right rows against `height` left ones.
template <std::size_t lanes, std::size_t height, std::size_t width>
void add_band(const Product& product, std::size_t left_row) {
  std::size_t right_row = 0;
  for (; right_row + width <= product.right_rows; right_row += width)
    add_tile<lanes, height, width>(product, left_row, right_row);
  for (; right_row < product.right_rows; ++right_row)
    add_tile<lanes, height, 1>(product, left_row, right_row);
}

template <std::size_t lanes, std::size_t height, std::size_t width>
void add_product_of(const Product& product) {
  std::size_t left_row = 0;
  for (; left_row + height <= product.left_rows; left_row += height)
    add_band<lanes, height, width>(product, left_row);
  for (; left_row < product.left_rows; ++left_row) add_band<lanes, 1, width>(product, left_row);
}

}  // namespace
}  // namespace waag::convert
