#include "convert/validate/pairs/weight_pair.h"

#include <algorithm>
#include <cmath>

#include "convert/quant/floats.h"
#include "convert/source/decode/floats_of_bytes.h"
#include "convert/validate/pairs/error_sums.h"
#include "protocol/hash.h"

namespace waag::convert {
namespace {

constexpr std::uint64_t hashed_bytes_at_once = 1 << 20;

/// A row that is, and came out as, no larger a share of the tensor's mean row is left out of the
/// search for the worst row: tokens that were never trained have rows so small that scales in F16
/// lose them, and no result depends on it. One that is small but came out large is damage.
constexpr double row_share_min = 1e-4;
/// Of a row of zeros that came out as something.
constexpr double row_db_min = -100;

struct RowSquares {
  double source = 0;
  double error = 0;
};

/// What is found in one tile.
struct TileFound {
  ErrorSums sums;
  std::uint64_t zero_blocks = 0;
  std::uint64_t lost_blocks = 0;
  std::uint64_t not_finite = 0;
  std::uint64_t not_kept = 0;
  std::optional<std::uint64_t> saturated;
};

bool is_all_zero(std::span<const float> values) {
  return std::ranges::all_of(values, [](float value) { return value == 0; });
}

/// Sets what is not finite to 0, so that all sums are numbers.
std::uint64_t drop_not_finite(std::span<float> values) {
  const auto count = count_not_finite(values);
  if (count > 0)
    std::ranges::replace_if(values, [](float value) { return !std::isfinite(value); }, 0.0f);
  return count;
}

/// The value that a type of floats has for another.
float rounded(TensorType type, float value) {
  if (type == TensorType::bf16) return bfloat_to_float(float_to_bfloat(value));
  return type == TensorType::f16 ? half_to_float(float_to_half(value)) : value;
}

std::uint64_t count_not_kept(TensorType type, std::span<const float> source,
                             std::span<const float> made) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < source.size(); ++i)
    if (made[i] != source[i] && rounded(type, source[i]) == source[i]) ++count;
  return count;
}

void count_blocks(std::uint64_t block, std::span<const float> source, std::span<const float> made,
                  TileFound& found) {
  for (std::uint64_t at = 0; at < made.size(); at += block) {
    const auto count = std::min<std::uint64_t>(block, made.size() - at);
    if (!is_all_zero(made.subspan(at, count))) continue;
    ++found.zero_blocks;
    if (!is_all_zero(source.subspan(at, count))) ++found.lost_blocks;
  }
}

Result<std::string> hash_of(const BytesOfTensor& bytes) {
  Sha256 sha256;
  Bytes buffer(std::min(hashed_bytes_at_once, bytes.end - bytes.begin));
  for (auto at = bytes.begin; at < bytes.end;) {
    const auto chunk =
        std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), bytes.end - at));
    WAAG_CHECK(bytes.file->read_at(at, chunk));
    sha256.update(chunk);
    at += chunk.size();
  }
  return sha256.finish().hex();
}

class Measuring {
 public:
  explicit Measuring(const WeightPair& pair) : pair_(pair), tiles_(pair.tiles.size()) {
    std::uint64_t rows = 0;
    for (const auto count : pair.tiles) {
      first_rows_.push_back(rows);
      rows += count;
    }
    rows_.resize(rows);
  }

  Result<WeightErrors> run(Workers& workers) {
    WeightErrors errors;
    // The hash is one long piece: it begins first.
    WAAG_CHECK(workers.each(1 + tiles_.size(), [&](std::uint64_t piece) -> Status {
      if (piece > 0) return measure(piece - 1);
      WAAG_TRY(errors.sha256, hash_of(pair_.bytes));
      return ok();
    }));
    errors.name = pair_.name;
    errors.type = pair_.type;
    errors.shape = pair_.shape;
    errors.is_lenient = pair_.is_lenient;
    errors.elements = rows_.size() * pair_.columns;
    if (errors.elements > 0) fill(errors);
    return errors;
  }

 private:
  Status measure(std::size_t tile) {
    const auto rows = pair_.tiles[tile];
    std::vector<float> source(rows * pair_.columns), made(rows * pair_.columns);
    auto& found = tiles_[tile];
    WAAG_TRY(found.saturated, pair_.read(tile, first_rows_[tile], source, made));
    found.not_finite = drop_not_finite(made);
    if (pair_.kept_in) found.not_kept = count_not_kept(*pair_.kept_in, source, made);
    const auto block = pair_.block_values > 1 ? pair_.block_values : pair_.columns;
    for (std::uint64_t row = 0; row < rows; ++row) {
      const auto from = std::span(source).subspan(row * pair_.columns, pair_.columns);
      const auto to = std::span(made).subspan(row * pair_.columns, pair_.columns);
      const auto sums = sums_of(from, to);
      rows_[first_rows_[tile] + row] = {sums.source, sums.error};
      found.sums += sums;
      count_blocks(block, from, to, found);
    }
    return ok();
  }

  void fill(WeightErrors& errors) const {
    ErrorSums sums;
    for (const auto& tile : tiles_) {
      sums += tile.sums;
      errors.zero_blocks += tile.zero_blocks;
      errors.lost_blocks += tile.lost_blocks;
      errors.not_finite += tile.not_finite;
      errors.not_kept += tile.not_kept;
      if (tile.saturated) errors.saturated = errors.saturated.value_or(0) + *tile.saturated;
    }
    errors.largest = sums.largest;
    errors.largest_error = sums.largest_error;
    errors.rmse = std::sqrt(sums.error / static_cast<double>(errors.elements));
    if (sums.source > 0) errors.relative_rmse = std::sqrt(sums.error / sums.source);
    if (sums.source > 0 && sums.error > 0)
      errors.sqnr_db = 10 * std::log10(sums.source / sums.error);
    if (sums.source > 0 && sums.made > 0)
      errors.cosine = sums.product / (std::sqrt(sums.source) * std::sqrt(sums.made));
    else
      errors.cosine = sums.source > 0 || sums.made > 0 ? 0 : 1;
    errors.row_sqnr_db = worst_row(sums.source / static_cast<double>(rows_.size()));
  }

  /// @param mean  of a row's squares
  [[nodiscard]] std::optional<double> worst_row(double mean) const {
    std::optional<double> worst;
    if (mean == 0) return worst;
    for (const auto& row : rows_) {
      if (row.error == 0 || std::max(row.source, row.error) < row_share_min * mean) continue;
      const auto ratio = row.source / row.error;
      if (!worst || ratio < *worst) worst = ratio;
    }
    if (worst) worst = std::max(row_db_min, 10 * std::log10(*worst));
    return worst;
  }

  const WeightPair& pair_;
  std::vector<TileFound> tiles_;
  std::vector<std::uint64_t> first_rows_;  // of each tile
  std::vector<RowSquares> rows_;
};

}  // namespace

std::vector<std::uint64_t> tiles_of_rows(std::uint64_t rows, std::uint64_t columns,
                                         std::uint64_t together) {
  const auto group = std::max<std::uint64_t>(1, columns * together);
  const auto step = std::max<std::uint64_t>(1, pair_tile_values / group) * together;
  std::vector<std::uint64_t> tiles;
  for (std::uint64_t row = 0; row < rows; row += step) tiles.push_back(std::min(step, rows - row));
  return tiles;
}

bool is_plain_float(const SourceTensor& tensor) {
  using enum model::Dtype;
  const auto dtype = tensor.dtype;
  return tensor.requantized_from.empty() &&
         (dtype == f32 || dtype == f16 || dtype == bf16 || dtype == f64);
}

Result<WeightErrors> measure_pair(const WeightPair& pair, Workers& workers) {
  return Measuring(pair).run(workers);
}

}  // namespace waag::convert
