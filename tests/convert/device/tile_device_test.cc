#include "convert/device/tile_device.h"

#include <catch2/catch.hpp>

#include "convert/device/prove.h"
#include "convert/quant/linear/quantize_linear.h"

namespace waag::convert::testing {

TEST_CASE("tile_device: a tile on the CPU is what the quantizers make", "[convert][device]") {
  constexpr std::uint64_t rows = 3;
  std::vector<float> values(rows * proof_columns), importance(proof_columns, 2.0f);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(i % 97) - 48.5f + static_cast<float>(i % 7) * 0.01f;
  for (const auto& work : all_tile_work(rows, importance)) {
    Bytes ours(work.out_bytes()), theirs(work.out_bytes());
    quantize_tile(work, {.values = values, .out = ours});
    if (const auto* type = std::get_if<TensorType>(&work.target)) {
      quantize_rows(*type, {values, proof_columns, work.importance, theirs});
    } else {
      quantize_linear_rows(std::get<LinearFormat>(work.target),
                           {.values = values,
                            .columns = proof_columns,
                            .scale_dtype = work.scale_dtype,
                            .global_scale = work.global_scale,
                            .codes = std::span(theirs).first(work.code_bytes),
                            .scales = std::span(theirs).subspan(work.code_bytes)});
    }
    CAPTURE(name_of(work), work.scale_bytes);
    CHECK(ours == theirs);
  }
  const auto work = block_work(TensorType::q4_k, 2, 512, {});
  CHECK(work.values() == 1024);
  CHECK(work.out_bytes() == 4 * 144);
  CHECK(name_of(work) == "Q4_K");
}

}  // namespace waag::convert::testing
