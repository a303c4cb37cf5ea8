#include "convert/validate/pairs/gguf_pairs.h"

#include <algorithm>

#include "convert/forward/weights/gguf_weights.h"
#include "convert/pipeline/row_reader.h"
#include "convert/quant/quantize.h"

namespace waag::convert {
namespace {

/// Whether all that a tensor is made of is stored as floats, which no way to it rounds first.
bool is_of_floats(const PlannedTensor& planned) {
  return std::ranges::all_of(planned.runs,
                             [](const RowRun& run) { return is_plain_float(*run.source); });
}

bool is_of_codes(const PlannedTensor& planned) {
  return std::ranges::any_of(
      planned.runs, [](const RowRun& run) { return !run.source->requantized_from.empty(); });
}

/// Rows as the file has them, finite or not.
Status read_stored(const GgufStored& stored, std::uint64_t first_row, std::span<float> values) {
  const auto type = static_cast<TensorType>(stored.info.ggml_type);
  const auto bytes_of_row = row_bytes(type, stored.columns());
  Bytes blocks(values.size() / stored.columns() * bytes_of_row);
  WAAG_CHECK(stored.file->read_at(stored.info.begin + first_row * bytes_of_row, blocks));
  dequantize_rows(type, blocks, values);
  return ok();
}

WeightPair pair_of(const SourceModel& source, const PlannedTensor& planned,
                   const GgufStored& stored, const std::vector<Tile>& tiles) {
  const auto block = block_of(static_cast<TensorType>(stored.info.ggml_type));
  WeightPair pair;
  pair.name = planned.name;
  pair.type = block.name;
  pair.shape = planned.shape;
  pair.bytes = {stored.file, stored.info.begin, stored.info.end};
  pair.columns = planned.columns();
  pair.block_values = block.block_elements;
  if (block.block_elements == 1 && is_of_floats(planned))
    pair.kept_in = static_cast<TensorType>(stored.info.ggml_type);
  for (const auto& tile : tiles) pair.tiles.push_back(tile.rows);
  pair.read = [&](std::size_t tile, std::uint64_t first_row, std::span<float> of_source,
                  std::span<float> of_file) -> Result<std::optional<std::uint64_t>> {
    std::vector<float> scratch;
    WAAG_CHECK(read_tile(source, planned, tiles[tile], of_source, scratch));
    WAAG_CHECK(read_stored(stored, first_row, of_file));
    return std::optional<std::uint64_t>();
  };
  return pair;
}

}  // namespace

Status each_gguf_pair(const SourceModel& source, const std::filesystem::path& gguf,
                      const std::function<Status(const WeightPair&)>& on_pair) {
  // That the file has the tensors of the plan in their shapes, and no others, is checked there.
  WAAG_CHECK(GgufWeights::open(gguf, source));
  WAAG_TRY(const auto config, ModelConfig::parse(source.config_text()));
  WAAG_TRY(const auto* architecture, find_architecture(config));
  WAAG_TRY(const auto dimensions, read_dimensions(*architecture, config));
  WAAG_TRY(const auto plan, plan_tensors(*architecture, config, dimensions, source));
  WAAG_TRY(const auto tensors, open_gguf(gguf));
  WAAG_TRY(const auto is_weighted, gguf_has(gguf, "quantize.imatrix.file"));
  for (const auto& planned : plan) {
    const auto tiles = cut_into_tiles(planned, pair_tile_values);
    auto pair = pair_of(source, planned, tensors.find(planned.name)->second, tiles);
    pair.is_lenient = is_weighted || is_of_codes(planned);
    WAAG_CHECK(on_pair(pair));
  }
  return ok();
}

}  // namespace waag::convert
