#pragma once

#include <algorithm>

#include "convert/source/source_model.h"
#include "tests/fuzz/fuzz.h"

namespace waag::fuzz {

/// More values than this are not read: a header may promise many where a row has few bytes.
inline constexpr std::uint64_t values_max = 1 << 16;

/// Reads the first and the last row of every tensor: whatever is in them, they are there.
inline void read_tensors(const convert::SourceModel& model) {
  for (const auto& [name, tensor] : model.tensors()) {
    FUZZ_REQUIRE(name == tensor.name);
    if (tensor.rows() == 0 || tensor.columns() > values_max) continue;
    std::vector<float> row(static_cast<std::size_t>(tensor.columns()));
    for (const auto first : {std::uint64_t{0}, tensor.rows() - 1}) {
      const auto status = model.read_rows(tensor, first, 1, row);
      FUZZ_REQUIRE(status || status.error().code == Errc::unprocessable);
    }
    const auto count =
        std::min(tensor.rows(), values_max / std::max<std::uint64_t>(tensor.columns(), 1));
    std::vector<float> rows(static_cast<std::size_t>(count * tensor.columns()));
    const auto status = model.read_rows(tensor, 0, count, rows);
    FUZZ_REQUIRE(status || status.error().code == Errc::unprocessable);
  }
}

}  // namespace waag::fuzz
