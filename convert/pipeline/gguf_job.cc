#include "convert/pipeline/gguf_job.h"

#include <algorithm>

#include "convert/device/tile_ring.h"
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

  Status run(ResumableFile& out, unsigned threads, DeviceUse* device) {
    const auto begin = out.done_bytes();
    cut(begin, device == nullptr ? nullptr : device->get());
    if (begin == 0) {
      WAAG_CHECK(out.append(file_.header));
      progress_.add(file_.header.size());
    }
    scratch_.resize(threads);
    TileRing ring(device, threads);
    const OrderedWork work{
        .count = pieces_.size(),
        .produce = [&](unsigned worker, std::uint64_t index,
                       Bytes& bytes) { return make(ring, worker, index, bytes); },
        .consume = [&](std::uint64_t index, ByteView bytes) -> Status {
          WAAG_TRY(const auto taken, ring.take(index, bytes));
          if (taken.is_of_device) WAAG_CHECK(check_scales(pieces_[index], taken.bytes));
          return take(pieces_[index], taken.bytes, out);
        }};
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
  void cut(std::uint64_t done_bytes, const TileDevice* device) {
    for (std::size_t place = 0; place < file_.tensors.size(); ++place) {
      const auto& at = file_.tensors[place];
      if (at.offset_bytes + at.padded_bytes <= done_bytes) continue;
      const auto& tensor = plan_.tensors[at.tensor];
      const auto values = device != nullptr     ? device->tile_values()
                          : is_gathered(tensor) ? gathered_tile_values
                                                : tile_values;
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

  Status make(TileRing& ring, unsigned worker, std::uint64_t index, Bytes& bytes) {
    const auto& piece = pieces_[index];
    const auto& tensor = plan_.tensors[file_.tensors[piece.place].tensor];
    std::span<const float> importance;
    if (!plan_.importance.empty()) {
      const auto matrices = tensor.shape.size() > 2 ? tensor.shape.front() : 1;
      const auto matrix = piece.tile.output_row / (tensor.rows() / matrices);
      WAAG_TRY(importance, plan_.importance.of(tensor.name, tensor.columns(), matrices, matrix));
    }
    const auto work = block_work(type_of(piece), values_of(tensor, piece.tile) / tensor.columns(),
                                 tensor.columns(), importance);
    const auto read = [&](std::span<float> values) -> Status {
      WAAG_CHECK(read_tile(model_, tensor, piece.tile, values, scratch_[worker]));
      if (spec_.is_via_bf16 && is_fp8(tensor, piece.tile))
        for (auto& value : values) value = bfloat_to_float(float_to_bfloat(value));
      return ok();
    };
    WAAG_CHECK(ring.make(worker, index, work, read, bytes));
    return check_scales(piece, bytes);
  }

  [[nodiscard]] TensorType type_of(const Piece& piece) const {
    return plan_.types[file_.tensors[piece.place].tensor];
  }

  [[nodiscard]] Status check_scales(const Piece& piece, ByteView blocks) const {
    if (scales_are_finite(type_of(piece), blocks)) return ok();
    return fail(Errc::unprocessable,
                "tensor " + plan_.tensors[file_.tensors[piece.place].tensor].name +
                    ": a scale is too large for " + std::string(block_of(type_of(piece)).name));
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
  std::vector<std::vector<float>> scratch_;  // one a worker
};

}  // namespace

Result<std::vector<std::string>> convert_to_gguf(const JobSpec& spec, const TargetSpec& target,
                                                 const SourceModel& model, OutputFolder& output,
                                                 Progress& progress, unsigned threads,
                                                 DeviceUse* device) {
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
  for (const auto& file : plan.files) names.push_back(file.name);
  for (std::size_t i = 0; i < plan.files.size(); ++i) {
    auto made = FileJob(spec, plan, plan.files[i], model, progress).run(outs[i], threads, device);
    if (!made) {
      if (made.error().code == Errc::corrupt) WAAG_CHECK(ResumableFile::forget(output, names));
      return std::move(made).error();
    }
  }
  return names;
}

}  // namespace waag::convert
