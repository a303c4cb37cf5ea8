#include "convert/recipe/importance.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>

#include "protocol/bytes.h"
#include "protocol/hash.h"
#include "protocol/model/gguf_header.h"

namespace waag::convert {
namespace {

/// The matrix of a 671 B model with all its experts is 1.3 GB; of a dense 70 B 20 MB.
constexpr std::uint64_t file_bytes_max = 4ull << 30;
constexpr std::uint64_t entries_max = 1'000'000;
constexpr std::string_view sums_suffix = ".in_sum2";
constexpr std::string_view counts_suffix = ".counts";

Error bad(const std::string& what) { return fail(Errc::unprocessable, "imatrix: " + what); }

Result<Bytes> read_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return fail(Errc::not_found, "imatrix: " + path.filename().string() + " is not there");
  if (size > file_bytes_max) return bad("larger than 4 GiB");
  Bytes bytes(size);
  std::ifstream in(path, std::ios::binary);
  if (!in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size)))
    return fail(Errc::unavailable, "imatrix: cannot be read");
  return bytes;
}

std::vector<float> floats_of(ByteView bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

}  // namespace

class ImportanceReader {
 public:
  explicit ImportanceReader(Bytes bytes) : bytes_(std::move(bytes)) {}

  Result<Importance> read() {
    if (as_text(bytes_).starts_with(model::gguf_magic)) {
      WAAG_CHECK(read_gguf());
    } else {
      WAAG_CHECK(read_legacy());
    }
    if (out_.weights_.empty()) return bad("holds no weights");
    Sha256 hash;
    hash.update(bytes_);
    out_.sha256_ = hash.finish();
    return std::move(out_);
  }

 private:
  Status read_gguf() {
    WAAG_TRY(const auto parsed, model::parse_gguf_header(bytes_, bytes_.size()));
    const auto* header = std::get_if<model::GgufHeader>(&parsed);
    if (header == nullptr) return bad("GGUF is cut short");
    const auto* type = header->find("general.type");
    const auto* kind = type == nullptr ? nullptr : std::get_if<std::string>(&type->value);
    if (kind == nullptr || *kind != "imatrix") return bad("GGUF of another kind");
    if (const auto* chunks = header->find("imatrix.chunk_count"); chunks != nullptr)
      if (const auto* count = std::get_if<std::uint64_t>(&chunks->value))
        out_.chunks_ = static_cast<std::uint32_t>(*count);
    if (const auto* datasets = header->find("imatrix.datasets");
        datasets != nullptr && datasets->element == model::GgufType::string &&
        datasets->count > 0) {
      ByteReader in(ByteView(bytes_).subspan(datasets->begin, datasets->end - datasets->begin));
      const auto length = in.fixed<std::uint64_t>();
      out_.dataset_ = std::string(as_text(in.raw(length)));  // llama-quantize keeps the first, too
    }
    std::map<std::string, const model::TensorInfo*, std::less<>> by_name;
    for (const auto& tensor : header->tensors) by_name.emplace(tensor.name, &tensor);
    for (const auto& [name, sums] : by_name) {
      if (!name.ends_with(sums_suffix)) continue;
      const auto weight = name.substr(0, name.size() - sums_suffix.size());
      const auto counts = by_name.find(weight + std::string(counts_suffix));
      if (counts == by_name.end()) return bad(weight + " has no counts");
      WAAG_CHECK(add(weight, *sums, *counts->second));
    }
    return ok();
  }

  Status add(const std::string& weight, const model::TensorInfo& sums,
             const model::TensorInfo& counts) {
    if (sums.dtype != model::Dtype::f32 || counts.dtype != model::Dtype::f32)
      return bad(weight + " is not in F32");
    auto values = floats_of(view(sums));
    const auto divisors = floats_of(view(counts));
    if (divisors.empty() || values.empty() || values.size() % divisors.size() != 0)
      return bad(weight + ": sums and counts do not fit");
    for (const float count : divisors)
      if (!std::isfinite(count) || count < 0) return bad(weight + ": counts that count nothing");
    const auto columns = values.size() / divisors.size();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float count = divisors[i / columns];
      // An expert that no token chose: all its columns weigh the same (FORMATS 4.3).
      values[i] = count > 0 ? values[i] / count : 1.0f;
    }
    return keep(weight, std::move(values));
  }

  Status read_legacy() {
    ByteReader in(bytes_);
    const auto entries = in.fixed<std::uint32_t>();
    if (!in.ok() || entries == 0 || entries > entries_max) return bad("neither GGUF nor .dat");
    for (std::uint32_t i = 0; i < entries; ++i) {
      const auto name_bytes = in.fixed<std::uint32_t>();
      const auto name = std::string(as_text(in.raw(name_bytes)));
      const auto calls = static_cast<float>(static_cast<std::int32_t>(in.fixed<std::uint32_t>()));
      const auto count = in.fixed<std::uint32_t>();
      auto values = floats_of(in.raw(std::uint64_t{count} * sizeof(float)));
      if (!in.ok() || name.empty()) return bad(".dat is cut short");
      for (auto& value : values) value = calls > 0 ? value / calls : value;
      WAAG_CHECK(keep(name, std::move(values)));
    }
    if (in.at_end()) return ok();
    out_.chunks_ = in.fixed<std::uint32_t>();
    const auto dataset_bytes = in.fixed<std::uint32_t>();
    out_.dataset_ = std::string(as_text(in.raw(dataset_bytes)));
    if (!in.ok()) return bad(".dat is cut short");
    return ok();
  }

  Status keep(const std::string& weight, std::vector<float> values) {
    for (const float value : values)
      if (!std::isfinite(value) || value < 0) return bad(weight + " holds what is no mean square");
    if (!out_.weights_.emplace(weight, std::move(values)).second) return bad(weight + " twice");
    return ok();
  }

  [[nodiscard]] ByteView view(const model::TensorInfo& tensor) const {
    return ByteView(bytes_).subspan(tensor.begin, tensor.end - tensor.begin);
  }

  Bytes bytes_;
  Importance out_;
};

Result<Importance> Importance::read(const std::filesystem::path& file) {
  WAAG_TRY(auto bytes, read_file(file));
  return parse(std::move(bytes));
}

Result<Importance> Importance::parse(Bytes bytes) {
  return ImportanceReader(std::move(bytes)).read();
}

Result<std::span<const float>> Importance::of(std::string_view name, std::uint64_t columns,
                                              std::uint64_t matrices, std::uint64_t matrix) const {
  const auto found = weights_.find(name);
  if (found == weights_.end()) return std::span<const float>{};
  if (found->second.size() != columns * matrices)
    return fail(Errc::unprocessable, "imatrix: " + std::string(name) + " has " +
                                         std::to_string(found->second.size()) + " columns, not " +
                                         std::to_string(columns * matrices));
  return std::span<const float>(found->second).subspan(matrix * columns, columns);
}

}  // namespace waag::convert
