#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "convert/forward/kernels/workers.h"
#include "convert/source/made_model.h"
#include "convert/source/source_model.h"

namespace waag::convert {

/// How far the values of one tensor of a finished result, as its file has them, are from the
/// weights they were made of, these in F32 as the source has them (FORMATS 7.1).
struct WeightErrors {
  std::string name;  // as the result's file has it
  /// "Q4_K"; of a safetensors file the element type ("BF16"), of a quantized weight's codes the
  /// target that they are of ("fp8-dynamic")
  std::string type;
  std::vector<std::uint64_t> shape;  // slowest dimension first; of codes, the weight's
  std::string sha256;                // of the tensor's bytes in the file; hex
  /// Quantized by an importance matrix, which minimizes other errors than these, or of weights that
  /// stood on the steps of another format: more may be lost.
  bool is_lenient = false;

  /// Values that are compared. 0: the tensor stands for no weight of its own (scales), and nothing
  /// below says anything.
  std::uint64_t elements = 0;
  double largest = 0;        // magnitude in the source
  double largest_error = 0;  // magnitude of a difference
  double rmse = 0;
  double relative_rmse = 0;                // |errors| / |source|; 0 if the source is all zero
  std::optional<double> sqnr_db;           // none: exact, or the source is all zero
  std::optional<double> row_sqnr_db;       // of the row with the lowest; none: no row has one
  double cosine = 1;                       // 0 if only one of both is all zero
  std::uint64_t zero_blocks = 0;           // all zero in the file; rows, in types without blocks
  std::uint64_t lost_blocks = 0;           // those of them that are not all zero in the source
  std::uint64_t not_finite = 0;            // NaN or Inf in the file; counted as 0 above
  std::optional<std::uint64_t> saturated;  // beyond what their codes reach; none: codes have no end
  /// Values that the file's type holds exactly, and that are others there although the source
  /// stores them as floats.
  std::uint64_t not_kept = 0;
};

/// Compares every tensor of a result with what it was made of, reading both from their files.
/// Experts that are stacked in one tensor of the file are measured as that one tensor. The figures
/// are the same whatever the number of threads; memory does not depend on the model but for 16
/// bytes a row of the tensor at hand.
///
/// @param on_tensor  hears of each, in the order of their names in a folder, in the canonical one
///                   (FORMATS 2.2) of a GGUF
/// @return Errc::unprocessable, naming the tensor, if the result has not exactly the tensors that
/// the converter makes of the source, in their shapes, or a file breaks a rule
Status measure_weights(const SourceModel& source, const MadeModel& made, Workers& workers,
                       const std::function<void(const WeightErrors&)>& on_tensor);

}  // namespace waag::convert
