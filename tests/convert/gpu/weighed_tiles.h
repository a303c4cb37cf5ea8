#pragma once

#include <algorithm>

#include <catch2/catch.hpp>

#include "convert/device/tile_device.h"
#include "tests/convert/quant/importance_kinds.h"

// Tiles with importance on a device: for the twin, and for devices that are real.

namespace waag::convert::testing {

/// Types whose rows are whole blocks of 32, so that a row may have any of the widths below.
inline constexpr std::array weighed_types{TensorType::q4_0, TensorType::q4_1, TensorType::q5_0,
                                          TensorType::q5_1, TensorType::iq4_nl};
/// One block, and about the parts that a row's sum is found in (gpu::RowSigma::columns, 512).
inline constexpr std::array<std::uint64_t, 7> weighed_columns{32, 96, 480, 512, 544, 1536, 5152};

inline void check_weighed_tile(TileDevice& device, unsigned slot, const TileWork& work,
                               std::span<const float> values) {
  REQUIRE(device.takes(work));
  const auto memory = device.memory(slot, work);
  REQUIRE(memory);
  std::ranges::copy(values, memory->values.begin());
  REQUIRE(device.submit(slot, work));
  Bytes expected(work.out_bytes());
  quantize_rows(std::get<TensorType>(work.target),
                {values, work.columns, work.importance, expected}, Lanes::scalar);
  REQUIRE(device.wait(slot));
  const auto differ = std::ranges::mismatch(expected, memory->out);
  CAPTURE(name_of(work), work.rows, work.columns, differ.in1 - expected.begin());
  CHECK(differ.in1 == expected.end());
}

/// Each width with each importance: the rows of a tile differ in their sigmas by far.
/// @param rows  of a tile
inline void check_weighed_tiles(TileDevice& device, std::uint64_t rows) {
  unsigned slot = 0;
  for (const auto columns : weighed_columns) {
    std::vector<float> values(rows * columns);
    for (std::uint64_t i = 0; i < values.size(); ++i)
      values[i] = std::ldexp(sample_element(columns * 1024 + i), static_cast<int>(i / columns % 5));
    for (const auto& kind : importance_kinds) {
      const auto importance = importance_of(kind, columns);
      CAPTURE(kind.name);
      for (const auto type : weighed_types) {
        check_weighed_tile(device, slot, block_work(type, rows, columns, importance), values);
        slot = (slot + 1) % device.slots();
      }
    }
  }
}

}  // namespace waag::convert::testing
