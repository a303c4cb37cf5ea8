#include "convert/pipeline/gguf_job.h"

#include <algorithm>

#include "convert/io/resumable_file.h"
#include "convert/pipeline/gguf_plan.h"
#include "convert/pipeline/in_order.h"
#include "convert/pipeline/row_reader.h"
#include "convert/quant/floats.h"
#include "convert/quant/quantize.h"

namespace waag::convert {
namespace {

/// Values in a tile: 512 KiB of F32, which stay in the core's cache from reading to quantizing.
constexpr std::uint64_t tile_values = 1 << 17;
/// Where a row is gathered from all over the source, as GPTQ's: fewer and longer reads.
constexpr std::uint64_t gathered_tile_values = 1 << 20;

struct Piece {
  std::size_t place = 0;  // index into the file's tensors
  Tile tile;
  bool is_last = false;  // of its tensor
};

/// Writes one file of the target.
class FileJob {
 public:
  FileJob(const JobSpec& spec, const GgufPlan& plan, const GgufFile& file, const SourceModel& model,
          Progress& progress)
      : spec_(spec), plan_(plan), file_(file), model_(model), progress_(progress) {}

  Status run(ResumableFile& out, unsigned threads) {
    const auto begin = out.done_bytes();
    cut(begin);
    if (begin == 0) {
      WAAG_CHECK(out.append(file_.header));
      progress_.add(file_.header.size());
    }
    values_.resize(threads);
    scratch_.resize(threads);
    const OrderedWork work{
        .count = pieces_.size(),
        .produce = [this](unsigned worker, std::uint64_t index,
                          Bytes& bytes) { return make(pieces_[index], worker, bytes); },
        .consume = [this, &out](std::uint64_t index,
                                ByteView bytes) { return take(pieces_[index], bytes, out); }};
    WAAG_CHECK(run_in_order(threads, work));
    WAAG_TRY(const auto sha256, out.finish());
    progress_.file(file_.name, file_.size_bytes, sha256);
    return ok();
  }

  [[nodiscard]] Result<ResumableFile> open(OutputFolder& output) const {
    return ResumableFile::open(output, file_.name, identity(), file_.size_bytes);
  }

 private:
  /// Of all that decides the bytes: the header has names, shapes, types and the source's commit.
  [[nodiscard]] BlobId identity() const {
    Sha256 hash;
    hash.update(file_.header);
    hash.update(as_bytes(spec_.is_via_bf16 ? "bf16" : "direct"));
    hash.update(plan_.importance.sha256().bytes);
    for (const auto& [name, tensor] : model_.tensors()) hash.update(as_bytes(name));
    return hash.finish();
  }

  /// Every tile of every tensor that ends behind what is done.
  void cut(std::uint64_t done_bytes) {
    for (std::size_t place = 0; place < file_.tensors.size(); ++place) {
      const auto& at = file_.tensors[place];
      if (at.offset_bytes + at.padded_bytes <= done_bytes) continue;
      const auto& tensor = plan_.tensors[at.tensor];
      const auto values = is_gathered(tensor) ? gathered_tile_values : tile_values;
      for (const auto& tile : cut_into_tiles(tensor, values))
        pieces_.push_back({.place = place, .tile = tile});
      pieces_.back().is_last = true;
    }
  }

  /// Whether some of its weights are not stored row after row under their own name.
  [[nodiscard]] bool is_gathered(const PlannedTensor& tensor) const {
    return !std::ranges::all_of(
        tensor.runs, [this](const RowRun& run) { return bool(model_.stored(run.source->name)); });
  }

  Status make(const Piece& piece, unsigned worker, Bytes& bytes) {
    const auto index = file_.tensors[piece.place].tensor;
    const auto& tensor = plan_.tensors[index];
    const auto type = plan_.types[index];
    auto& values = values_[worker];
    WAAG_CHECK(read_tile(model_, tensor, piece.tile, values, scratch_[worker]));
    if (spec_.is_via_bf16 && is_fp8(tensor, piece.tile))
      for (auto& value : values) value = bfloat_to_float(float_to_bfloat(value));
    std::span<const float> importance;
    if (!plan_.importance.empty()) {
      const auto matrices = tensor.shape.size() > 2 ? tensor.shape.front() : 1;
      const auto matrix = piece.tile.output_row / (tensor.rows() / matrices);
      WAAG_TRY(importance, plan_.importance.of(tensor.name, tensor.columns(), matrices, matrix));
    }
    bytes.resize(values.size() / tensor.columns() * row_bytes(type, tensor.columns()));
    quantize_rows(
        type,
        {.values = values, .columns = tensor.columns(), .importance = importance, .blocks = bytes});
    if (!scales_are_finite(type, bytes))
      return fail(Errc::unprocessable, "tensor " + tensor.name + ": a scale is too large for " +
                                           std::string(block_of(type).name));
    return ok();
  }

  [[nodiscard]] static bool is_fp8(const PlannedTensor& tensor, const Tile& tile) {
    if (tensor.runs.empty() || tensor.is_f32) return false;
    const auto dtype = tensor.runs[tile.run].source->dtype;
    return dtype == model::Dtype::f8_e4m3 || dtype == model::Dtype::f8_e5m2;
  }

  Status take(const Piece& piece, ByteView bytes, ResumableFile& out) {
    WAAG_CHECK(out.append(bytes));
    if (!piece.is_last) return ok();
    const auto& at = file_.tensors[piece.place];
    if (at.padded_bytes > at.size_bytes) {
      WAAG_CHECK(out.append(Bytes(at.padded_bytes - at.size_bytes)));
    }
    WAAG_CHECK(out.mark());
    progress_.tensor(plan_.tensors[at.tensor].name, block_of(plan_.types[at.tensor]).name,
                     at.padded_bytes);
    return ok();
  }

  const JobSpec& spec_;
  const GgufPlan& plan_;
  const GgufFile& file_;
  const SourceModel& model_;
  Progress& progress_;
  std::vector<Piece> pieces_;
  std::vector<std::vector<float>> values_;  // one a worker
  std::vector<std::vector<float>> scratch_;
};

}  // namespace

Result<std::vector<std::string>> convert_to_gguf(const JobSpec& spec, const TargetSpec& target,
                                                 const SourceModel& model, OutputFolder& output,
                                                 Progress& progress, unsigned threads) {
  WAAG_TRY(const auto plan, plan_gguf(spec, target, model));
  std::vector<ResumableFile> outs;
  std::uint64_t bytes = 0;
  std::uint64_t done_bytes = 0;
  for (const auto& file : plan.files) {
    WAAG_TRY(auto out, FileJob(spec, plan, file, model, progress).open(output));
    done_bytes += out.done_bytes();
    bytes += file.size_bytes;
    outs.push_back(std::move(out));
  }
  progress.plan(target.name(), plan.tensors.size(), bytes, done_bytes);
  for (const auto& warning : plan.warnings) progress.warning(warning);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < plan.files.size(); ++i) {
    WAAG_CHECK(FileJob(spec, plan, plan.files[i], model, progress).run(outs[i], threads));
    names.push_back(plan.files[i].name);
  }
  return names;
}

}  // namespace waag::convert
