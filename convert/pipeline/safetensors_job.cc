#include "convert/pipeline/safetensors_job.h"

#include <algorithm>
#include <cstring>

#include "convert/device/tile_ring.h"
#include "convert/io/resumable_file.h"
#include "convert/io/weight_ledger.h"
#include "convert/pipeline/companions.h"
#include "convert/pipeline/in_order.h"
#include "convert/pipeline/safetensors_plan.h"
#include "convert/quant/floats.h"
#include "protocol/hash.h"
#include "protocol/model/safetensors_header.h"

namespace waag::convert {
namespace {

constexpr std::uint64_t tile_values = 1 << 20;
constexpr std::uint64_t copy_bytes = 4 << 20;
/// Written between two durable ledger entries.
constexpr std::uint64_t ledger_bytes = 64 << 20;

std::string part_file(const std::string& name) { return name + ".part"; }

/// Of a model's type.
TensorType tensor_type(model::Dtype dtype) {
  if (dtype == model::Dtype::f32) return TensorType::f32;
  return dtype == model::Dtype::f16 ? TensorType::f16 : TensorType::bf16;
}

/// Rows [first, first + count) of a weight, or bytes of one that is copied.
struct Piece {
  std::size_t weight = 0;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  bool is_last = false;
};

class Job {
 public:
  Job(const JobSpec& spec, const TargetSpec& target, const SafetensorsPlan& plan,
      const SourceModel& model, OutputFolder& output, Progress& progress)
      : spec_(spec),
        target_(target),
        plan_(plan),
        model_(model),
        output_(output),
        progress_(progress) {}

  Result<std::vector<std::string>> run(unsigned threads, DeviceUse* device) {
    WAAG_TRY(auto ledger, WeightLedger::open(output_, target_.path, identity()));
    WAAG_CHECK(open_files());
    WAAG_CHECK(take_over(ledger));
    progress_.plan(target_.name(), plan_.weights.size(), total_bytes(), done_bytes_);
    for (const auto& warning : plan_.warnings) progress_.warning(warning);
    if (plan_.format == LinearFormat::nvfp4) {
      WAAG_CHECK(find_largest(threads));
    }
    const auto* chosen = device == nullptr ? nullptr : device->get();
    cut(chosen == nullptr ? tile_values : chosen->tile_values());
    values_.resize(threads);
    TileRing ring(device, threads);
    const OrderedWork work{
        .count = pieces_.size(),
        .produce = [&](unsigned worker, std::uint64_t index,
                       Bytes& bytes) { return make(ring, worker, index, bytes); },
        .consume = [&](std::uint64_t index, ByteView bytes) -> Status {
          WAAG_TRY(const auto taken, ring.take(index, bytes));
          return take(pieces_[index], taken.bytes, ledger);
        }};
    if (const auto done = run_in_order(threads, work); !done) {
      if (done.error().code == Errc::corrupt)
        WAAG_CHECK(ResumableFile::forget(output_, {target_.path}));
      return done.error();
    }
    WAAG_CHECK(enter(ledger));
    if (cut_scales_ > 0)
      progress_.warning(std::to_string(cut_scales_) +
                        " scales are beyond F16's 65504 and were stored as that: the largest "
                        "weights that they scale are cut off");
    return finish();
  }

 private:
  /// Of all that decides the bytes: two commits of a model may differ in its weights only.
  [[nodiscard]] BlobId identity() const {
    Sha256 hash;
    hash.update(as_bytes(spec_.model.commit));
    for (const auto& [name, tensor] : model_.tensors()) {
      hash.update(as_bytes(name));
      hash.update(as_bytes(model::safetensors_name(tensor.dtype)));
      hash.update(as_bytes(tensor.requantized_from));
    }
    for (const auto& file : plan_.layout.files) hash.update(as_bytes(file.header));
    for (const auto& [name, text] : plan_.texts) hash.update(as_bytes(text));
    return hash.finish();
  }
  [[nodiscard]] std::string path_of(const std::string& name) const {
    return target_.path + "/" + name;
  }
  [[nodiscard]] const model::TensorInfo& info_of(const PlannedPart& part) const {
    return plan_.layout.files[part.place.file].tensors[part.place.tensor];
  }
  [[nodiscard]] std::uint64_t size_of(const PlannedWeight& weight) const {
    std::uint64_t bytes = 0;
    for (const auto& part : weight.parts) bytes += info_of(part).end - info_of(part).begin;
    return bytes;
  }
  [[nodiscard]] std::uint64_t total_bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& weight : plan_.weights) bytes += size_of(weight);
    return bytes;
  }

  Status open_files() {
    for (const auto& file : plan_.layout.files) {
      const auto name = path_of(file.name);
      // Put in its place by a run that was killed before its end: it goes on from there.
      if (!output_.exists(part_file(name)) && output_.exists(name))
        WAAG_CHECK(output_.rename(name, part_file(name)));
      WAAG_TRY(auto opened, output_.open(part_file(name)));
      WAAG_CHECK(opened->truncate(file.size_bytes));
      WAAG_CHECK(opened->write_at(0, as_bytes(file.header)));
      files_.push_back(std::move(opened));
    }
    return ok();
  }

  /// Reads back what the ledger says is there; what is not as it says is made again.
  Status take_over(const WeightLedger& ledger) {
    is_done_.assign(plan_.weights.size(), false);
    for (const auto& [index, crc] : ledger.entries()) {
      if (index >= plan_.weights.size()) continue;
      std::uint32_t found = 0;
      for (const auto& part : plan_.weights[index].parts) {
        WAAG_TRY(found, read_back(part, found));
      }
      is_done_[index] = found == crc;
      if (is_done_[index]) done_bytes_ += size_of(plan_.weights[index]);
    }
    return ok();
  }

  Result<std::uint32_t> read_back(const PlannedPart& part, std::uint32_t crc) {
    Bytes buffer(copy_bytes);
    const auto& info = info_of(part);
    for (auto at = info.begin; at < info.end;) {
      const auto chunk = std::span(buffer).first(std::min(copy_bytes, info.end - at));
      WAAG_CHECK(files_[part.place.file]->read_at(at, chunk));
      crc = crc32c(chunk, crc);
      at += chunk.size();
    }
    return crc;
  }

  void cut(std::uint64_t values_of_tile) {
    for (std::size_t index = 0; index < plan_.weights.size(); ++index) {
      if (is_done_[index]) continue;
      const auto& weight = plan_.weights[index];
      const bool is_copied = weight.way == PlannedWeight::Way::copied;
      const auto whole = is_copied ? size_of(weight) : weight.source->rows();
      const auto together = linear_rows_together(plan_.format);
      const auto row_values = std::max<std::uint64_t>(1, weight.source->columns() * together);
      const auto step = is_copied
                            ? copy_bytes
                            : std::max<std::uint64_t>(1, values_of_tile / row_values) * together;
      std::uint64_t first = 0;
      do {
        const auto count = std::min(step, whole - first);
        pieces_.push_back({.weight = index, .first = first, .count = count});
        first += count;
      } while (first < whole);
      pieces_.back().is_last = true;
    }
  }

  /// The largest magnitude in all weights that are stacked with one another: a first pass.
  Status find_largest(unsigned threads) {
    std::vector<std::size_t> chosen;
    for (std::size_t index = 0; index < plan_.weights.size(); ++index)
      if (plan_.weights[index].way == PlannedWeight::Way::quantized) chosen.push_back(index);
    const auto produce = [&](unsigned, std::uint64_t at, Bytes& bytes) -> Status {
      const auto& source = *plan_.weights[chosen[at]].source;
      const auto step = std::max<std::uint64_t>(1, tile_values / source.columns());
      std::vector<float> values;
      float largest = 0;
      for (std::uint64_t row = 0; row < source.rows(); row += step) {
        const auto count = std::min(step, source.rows() - row);
        values.resize(count * source.columns());
        WAAG_CHECK(read_weight(plan_.weights[chosen[at]], row, count, values));
        largest = std::max(largest, largest_magnitude(values));
      }
      bytes.resize(sizeof(float));
      std::memcpy(bytes.data(), &largest, sizeof(float));
      return ok();
    };
    const auto consume = [&](std::uint64_t at, ByteView bytes) {
      float largest = 0;
      std::memcpy(&largest, bytes.data(), sizeof(float));
      auto& most = largest_[plan_.weights[chosen[at]].stacked_name];
      most = std::max(most, largest);
      return ok();
    };
    return run_in_order(threads, {.count = chosen.size(), .produce = produce, .consume = consume});
  }

  [[nodiscard]] float global_scale(const PlannedWeight& weight) const {
    const auto found = largest_.find(weight.stacked_name);
    return found == largest_.end() ? 1.0f : nvfp4_global_scale(found->second);
  }

  /// Bytes that rows [first, first + count) take in a part; 0 of one that is not by rows.
  static std::uint64_t part_bytes(const LinearPart& part, std::uint64_t count) {
    if (part.rows_per_unit == 0) return 0;
    return (count + part.rows_per_unit - 1) / part.rows_per_unit * part.unit_bytes;
  }

  Status read_weight(const PlannedWeight& weight, std::uint64_t first, std::uint64_t count,
                     std::span<float> values) const {
    const auto& stored = weight.fused == nullptr ? *weight.source : *weight.fused;
    return model_.read_rows(stored, weight.first_row + first, count, values);
  }

  Status make(TileRing& ring, unsigned worker, std::uint64_t index, Bytes& bytes) {
    const auto& piece = pieces_[index];
    const auto& weight = plan_.weights[piece.weight];
    if (weight.way == PlannedWeight::Way::copied) {
      WAAG_TRY(const auto stored, model_.stored(weight.source->name));
      bytes.resize(piece.count);
      return model_.read_stored(stored, piece.first, bytes);
    }
    const auto read = [&](std::span<float> values) {
      return read_weight(weight, piece.first, piece.count, values);
    };
    if (weight.way == PlannedWeight::Way::decoded) {
      auto& values = values_[worker];
      values.resize(piece.count * weight.source->columns());
      WAAG_CHECK(read(values));
      const auto type = tensor_type(plan_.model_dtype);
      bytes.resize(values.size() * block_of(type).block_bytes);
      quantize_rows(
          type, {.values = values, .columns = values.size(), .importance = {}, .blocks = bytes});
      if (!scales_are_finite(type, bytes))
        return fail(Errc::unprocessable, "tensor " + weight.source->name +
                                             ": a value is too large for " +
                                             std::string(block_of(type).name));
      return ok();
    }
    const TileWork work{.target = plan_.format,
                        .rows = piece.count,
                        .columns = weight.source->columns(),
                        .importance = {},
                        .scale_dtype = plan_.model_dtype,
                        .global_scale = global_scale(weight),
                        .code_bytes = part_bytes(weight.parts[0].part, piece.count),
                        .scale_bytes = part_bytes(weight.parts[1].part, piece.count)};
    return ring.make(worker, index, work, read, bytes);
  }

  Status take(const Piece& piece, ByteView bytes, WeightLedger& ledger) {
    const auto& weight = plan_.weights[piece.weight];
    if (weight.way != PlannedWeight::Way::quantized) {
      const auto unit = weight.way == PlannedWeight::Way::copied
                            ? 1
                            : size_of(weight) / std::max<std::uint64_t>(1, weight.source->rows());
      WAAG_CHECK(put(weight, 0, piece.first * unit, bytes));
    } else {
      for (std::size_t i = 0; i < 2; ++i) {
        const auto& part = weight.parts[i].part;
        const auto count = part_bytes(part, piece.count);
        if (i == 1)
          cut_scales_ += count_cut_scales(plan_.format, bytes.first(count), plan_.model_dtype);
        WAAG_CHECK(
            put(weight, i, piece.first / part.rows_per_unit * part.unit_bytes, bytes.first(count)));
        bytes = bytes.subspan(count);
      }
    }
    return piece.is_last ? end_weight(piece.weight, ledger) : ok();
  }

  Status put(const PlannedWeight& weight, std::size_t part, std::uint64_t offset, ByteView bytes) {
    const auto& place = weight.parts[part];
    return files_[place.place.file]->write_at(info_of(place).begin + offset, bytes);
  }

  Status end_weight(std::size_t index, WeightLedger& ledger) {
    const auto& weight = plan_.weights[index];
    for (std::size_t i = 0; i < weight.parts.size(); ++i) {
      const auto role = weight.parts[i].part.role;
      if (role == LinearRole::shape)
        WAAG_CHECK(put(weight, i, 0,
                       linear_shape_bytes(
                           {.rows = weight.source->rows(), .columns = weight.source->columns()})));
      if (role == LinearRole::global_scale)
        WAAG_CHECK(put(weight, i, 0, linear_global_scale_bytes(global_scale(weight))));
    }
    const auto bytes = size_of(weight);
    waiting_.push_back(index);
    waiting_bytes_ += bytes;
    if (waiting_bytes_ >= ledger_bytes) {
      WAAG_CHECK(enter(ledger));
    }
    progress_.tensor(weight.source->name,
                     weight.way == PlannedWeight::Way::quantized
                         ? std::string_view(target_.type)
                         : model::safetensors_name(weight.parts.front().part.dtype),
                     bytes);
    return ok();
  }

  /// The data first: an entry must never be durable before what it speaks of. What the entry says
  /// is read back from the file.
  Status enter(WeightLedger& ledger) {
    if (waiting_.empty()) return ok();
    for (const auto& file : files_) WAAG_CHECK(file->sync());
    for (const auto index : waiting_) {
      std::uint32_t crc = 0;
      for (const auto& part : plan_.weights[index].parts) {
        WAAG_TRY(crc, read_back(part, crc));
      }
      WAAG_CHECK(ledger.add(index, crc));
    }
    waiting_.clear();
    waiting_bytes_ = 0;
    return ledger.sync();
  }

  Result<std::vector<std::string>> finish() {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      const auto& file = plan_.layout.files[i];
      const auto name = path_of(file.name);
      WAAG_CHECK(files_[i]->sync());
      WAAG_TRY(const auto sha256, hash(*files_[i], file.size_bytes));
      WAAG_CHECK(output_.rename(part_file(name), name));
      progress_.file(name, file.size_bytes, sha256);
      names.push_back(name);
    }
    WAAG_TRY(const auto others,
             write_companions(target_.path, model_.folder(), plan_.texts, output_, progress_));
    names.insert(names.end(), others.begin(), others.end());
    names.push_back(target_.path);  // the ledger's
    return names;
  }

  static Result<BlobId> hash(OutputFile& file, std::uint64_t size_bytes) {
    Sha256 sha256;
    Bytes buffer(copy_bytes);
    for (std::uint64_t at = 0; at < size_bytes;) {
      const auto chunk = std::span(buffer).first(std::min(copy_bytes, size_bytes - at));
      WAAG_CHECK(file.read_at(at, chunk));
      sha256.update(chunk);
      at += chunk.size();
    }
    return sha256.finish();
  }

  const JobSpec& spec_;
  const TargetSpec& target_;
  const SafetensorsPlan& plan_;
  const SourceModel& model_;
  OutputFolder& output_;
  Progress& progress_;
  std::vector<std::unique_ptr<OutputFile>> files_;
  std::vector<bool> is_done_;
  std::uint64_t done_bytes_ = 0;
  std::map<std::string, float> largest_;
  std::vector<Piece> pieces_;
  std::vector<std::vector<float>> values_;  // one a worker
  std::uint64_t cut_scales_ = 0;
  std::vector<std::size_t> waiting_;  // written, not in the ledger
  std::uint64_t waiting_bytes_ = 0;
};

}  // namespace

Result<std::vector<std::string>> convert_to_safetensors(const JobSpec& spec,
                                                        const TargetSpec& target,
                                                        const SourceModel& model,
                                                        OutputFolder& output, Progress& progress,
                                                        unsigned threads, DeviceUse* device) {
  WAAG_TRY(const auto plan, plan_safetensors(spec, target, model));
  return Job(spec, target, plan, model, output, progress).run(threads, device);
}

}  // namespace waag::convert
