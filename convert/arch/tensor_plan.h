#pragma once

#include <vector>

#include "convert/arch/architecture.h"
#include "convert/source/source_model.h"

namespace waag::convert {

/// A run of consecutive rows of an output tensor, and the rows of one source that they are made of.
struct RowRun {
  enum class Order : std::uint8_t {
    as_they_are,
    // Within each group of `group` rows, halves become pairs: out 2i+j = in j*group/2+i. Of a
    // vector, the elements count as its rows.
    paired,
    transposed,  // the run's source rows, as a matrix, turned over: `columns` of the source are
                 // rows
  };
  const SourceTensor* source = nullptr;
  std::uint64_t first_row = 0;  // of the source, seen as rows() x columns()
  std::uint64_t source_rows = 0;
  Order order = Order::as_they_are;
  std::uint64_t group = 0;  // paired only: rows of one head

  /// Rows that the run gives to the output.
  [[nodiscard]] std::uint64_t rows() const {
    return order == Order::transposed ? source->columns() : source_rows;
  }
  [[nodiscard]] std::uint64_t columns() const {
    return order == Order::transposed ? source_rows : source->columns();
  }
};

/// One tensor of the output.
struct PlannedTensor {
  std::string name;                  // "blk.0.attn_q.weight"
  std::vector<std::uint64_t> shape;  // slowest dimension first
  std::vector<RowRun> runs;          // in order; empty for a constant
  std::vector<float> constant;       // computed, not read (rope_freqs.weight)
  bool is_f32 = false;               // stays F32 whatever the target (FORMATS 2.4, F32 rule)

  [[nodiscard]] std::uint64_t columns() const { return shape.empty() ? 1 : shape.back(); }
  [[nodiscard]] std::uint64_t rows() const {
    std::uint64_t product = 1;
    for (std::size_t i = 0; i + 1 < shape.size(); ++i) product *= shape[i];
    return product;
  }
};

/// Every tensor of the GGUF, in the canonical order (FORMATS 2.2): by block, -1 for those of none,
/// then by the bytes of their names.
/// @param model  must outlive the plan: runs point into it
/// @return Errc::unprocessable, naming the tensor, if one is missing, unknown, of another shape
/// than config.json implies, or if an expert is missing
Result<std::vector<PlannedTensor>> plan_tensors(const Architecture& architecture,
                                                const ModelConfig& config,
                                                const Dimensions& dimensions,
                                                const SourceModel& model);

/// Divisors of the rotary frequencies for Llama 3's scaling (FORMATS 6.3), head / 2 of them,
/// computed in F32 as llama.cpp's converter does; empty unless the config asks for it.
/// @return Errc::unprocessable if a factor is not positive
Result<std::vector<float>> rope_frequency_factors(const ModelConfig& config,
                                                  const Dimensions& dimensions);

}  // namespace waag::convert
