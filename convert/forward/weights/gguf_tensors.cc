#include "convert/forward/weights/gguf_tensors.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "convert/quant/quantize.h"
#include "convert/source/decode/floats_of_bytes.h"
#include "protocol/model/gguf_header.h"

namespace waag::convert {
namespace {

/// What most headers need without a second read.
constexpr std::uint64_t front_bytes = 1u << 20;

Result<model::GgufHeader> read_header(const WeightFile& file) {
  Bytes front;
  std::uint64_t wanted = front_bytes;
  while (true) {
    const auto have = front.size();
    front.resize(std::min(wanted, file.size_bytes()));
    WAAG_CHECK(file.read_at(have, std::span(front).subspan(have)));
    auto parsed = model::parse_gguf_header(front, file.size_bytes());
    if (!parsed) return fail(Errc::unprocessable, file.name() + ": " + parsed.error().what);
    if (auto* header = std::get_if<model::GgufHeader>(&*parsed)) return std::move(*header);
    wanted = std::get<model::GgufNeedsBytes>(*parsed).prefix_bytes;
    if (front.size() == file.size_bytes())
      return fail(Errc::unprocessable, file.name() + ": ends within its header");
  }
}

/// Names of the parts, of which `name` is the first; itself alone if it is no part.
Result<std::vector<std::string>> names_of_parts(const std::string& name,
                                                const model::GgufHeader& header) {
  const auto* count = header.find("split.count");
  const auto* parts = count == nullptr ? nullptr : std::get_if<std::uint64_t>(&count->value);
  if (parts == nullptr || *parts <= 1) return std::vector{name};
  constexpr std::string_view first = "-00001-of-";
  const auto at = name.rfind(first);
  constexpr std::uint64_t parts_max = 99'999;  // five digits
  if (at == std::string::npos || *parts > parts_max)
    return fail(Errc::unprocessable, name + ": is no name of the first of several parts");
  std::vector<std::string> names;
  for (std::uint64_t part = 1; part <= *parts; ++part) {
    std::array<char, 16> number{};
    std::snprintf(number.data(), number.size(), "-%05u-of-", static_cast<unsigned>(part));
    names.push_back(name.substr(0, at) + number.data() + name.substr(at + first.size()));
  }
  return names;
}

Status add_tensors(const model::GgufHeader& header, const std::shared_ptr<const WeightFile>& file,
                   GgufTensors& tensors) {
  for (const auto& info : header.tensors) {
    if (!can_dequantize(info.ggml_type))
      return fail(Errc::unprocessable, info.name + ": is of a type that is not read here");
    if (!tensors.emplace(info.name, GgufStored{info, file}).second)
      return fail(Errc::unprocessable, info.name + ": is there twice");
  }
  return ok();
}

}  // namespace

Result<GgufTensors> open_gguf(const std::filesystem::path& path) {
  const auto folder = path.parent_path();
  GgufTensors tensors;
  WAAG_TRY(const auto file, WeightFile::open(folder, path.filename().string()));
  WAAG_TRY(const auto header, read_header(*file));
  WAAG_CHECK(add_tensors(header, file, tensors));
  WAAG_TRY(const auto names, names_of_parts(file->name(), header));
  for (std::size_t i = 1; i < names.size(); ++i) {
    WAAG_TRY(const auto part, WeightFile::open(folder, names[i]));
    WAAG_TRY(const auto part_header, read_header(*part));
    WAAG_CHECK(add_tensors(part_header, part, tensors));
  }
  return tensors;
}

Result<bool> gguf_has(const std::filesystem::path& path, std::string_view key) {
  WAAG_TRY(const auto file, WeightFile::open(path.parent_path(), path.filename().string()));
  WAAG_TRY(const auto header, read_header(*file));
  return header.find(key) != nullptr;
}

Status read_gguf_rows(const GgufStored& tensor, std::uint64_t first_row, std::span<float> values) {
  const auto type = static_cast<TensorType>(tensor.info.ggml_type);
  const auto bytes_of_row = row_bytes(type, tensor.columns());
  const auto rows = values.size() / tensor.columns();
  const auto size = tensor.info.end - tensor.info.begin;
  if (bytes_of_row == 0 || first_row > size / bytes_of_row ||
      rows > size / bytes_of_row - first_row)
    return fail(Errc::invalid_argument, tensor.info.name + ": no such rows");
  Bytes blocks(rows * bytes_of_row);
  WAAG_CHECK(tensor.file->read_at(tensor.info.begin + first_row * bytes_of_row, blocks));
  dequantize_rows(type, blocks, values);
  if (count_not_finite(values) == 0) return ok();
  return fail(Errc::unprocessable, tensor.info.name + ": a value is NaN or Inf");
}

}  // namespace waag::convert
