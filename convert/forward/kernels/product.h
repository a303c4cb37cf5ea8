#pragma once

#include <cstddef>

namespace waag::convert {

/// Rows times rows: out[l][r] += left row l . right row r, for matrices whose rows lie `stride`
/// values apart. A sum is that of as many partial sums as a vector has lanes: errors grow with
/// depth / lanes.
struct Product {
  const float* left = nullptr;
  std::size_t left_stride = 0;
  std::size_t left_rows = 0;
  const float* right = nullptr;
  std::size_t right_stride = 0;
  std::size_t right_rows = 0;
  std::size_t depth = 0;  // values of a row
  float* out = nullptr;   // left_rows x right_rows
  std::size_t out_stride = 0;
};

/// By the widest vectors that this CPU has; the sums of others differ in their last bits.
void add_product(const Product& product);

/// The kernels that it chooses from. The wider are not to be run on a CPU that lacks them, and are
/// there on x86-64 alone.
void add_product_plain(const Product& product);
void add_product_avx2(const Product& product);
void add_product_avx512(const Product& product);

}  // namespace waag::convert
