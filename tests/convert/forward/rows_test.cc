#include "convert/forward/rows.h"

#include <cmath>

#include <catch2/catch.hpp>

namespace waag::convert::testing {

TEST_CASE("rows: normalized by their root mean square", "[convert][forward][rows]") {
  std::vector<float> rows{3, 4, 0, 0, 1, -1};
  const std::vector<float> weight{2, 10};
  normalize_rows(rows, weight, 1e-12, rows);
  CHECK(rows[0] == Approx(6 / std::sqrt(12.5)));
  CHECK(rows[1] == Approx(40 / std::sqrt(12.5)));
  CHECK(rows[2] == 0);
  CHECK(rows[5] == Approx(-10));
  std::vector<float> small{1e-3f, 0};
  normalize_rows(small, weight, 1.0, small);
  CHECK(small[0] == Approx(2e-3));
}

TEST_CASE("rows: gated by silu", "[convert][forward][rows]") {
  Workers workers(2);
  std::vector<float> gate(40'000, 1.0f);
  gate[0] = -100;
  gate[1] = 100;
  gate[2] = 0;
  std::vector<float> up(40'000, 2.0f);
  REQUIRE(gate_by_silu(workers, gate, up));
  CHECK(gate[0] == Approx(0).margin(1e-30));
  CHECK(gate[1] == 200);
  CHECK(gate[2] == 0);
  CHECK(gate.back() == Approx(2 / (1 + std::exp(-1.0))));
}

TEST_CASE("rows: sums", "[convert][forward][rows]") {
  std::vector<float> rows{1, 2, 3, 4};
  add_to(rows, std::vector<float>{1, 1, 1, 1});
  add_to_rows(rows, std::vector<float>{10, 20});
  CHECK(rows == std::vector<float>{12, 23, 14, 25});
}

}  // namespace waag::convert::testing
