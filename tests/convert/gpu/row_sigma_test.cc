#include "convert/gpu/row_sigma.h"

#include <catch2/catch.hpp>

#include "convert/quant/reference/arithmetic.h"
#include "tests/convert/gpu/twin_blocks.h"
#include "tests/convert/quant/sample_rows.h"

namespace waag::convert::testing {
namespace {

/// In the bits of the reference, whatever a team left before, in both orders of the threads.
void check_row(std::span<const float> row) {
  const float expected = reference::sum_of_squares(row) / static_cast<float>(row.size());
  const auto state = used_state<gpu::RowSigma::State>();
  for (const bool backwards : {false, true}) {
    const float sigma = gpu::row_sigma_on_host(row.data(), row.size(), *state, backwards);
    CAPTURE(row.size(), backwards, expected, sigma);
    CHECK(std::bit_cast<std::uint32_t>(sigma) == std::bit_cast<std::uint32_t>(expected));
  }
}

}  // namespace

TEST_CASE("row_sigma: the sum is in the order of the row", "[convert][gpu]") {
  const auto values = sample_rows(3, 32);
  for (const std::uint64_t columns : {32u, 64u, 480u, 512u, 544u, 1024u, 1056u, 4128u, 32768u})
    for (std::uint64_t at = 0; at + columns <= values.size(); at += 4096)
      check_row(std::span(values).subspan(at, columns));
}

TEST_CASE("row_sigma: sums that leave binary32, or that lose all that is small", "[convert][gpu]") {
  std::vector<float> row(2048, 1e-30f);
  check_row(row);
  row[700] = 3e38f;
  check_row(row);
  for (std::uint64_t i = 0; i < row.size(); ++i) row[i] = i == 0 ? 4096.0f : 1.0f;
  check_row(row);
  for (auto& value : row) value = -0.0f;
  check_row(row);
}

}  // namespace waag::convert::testing
