#include "convert/write/safetensors_layout.h"

#include <algorithm>
#include <limits>

#include "convert/write/json_text.h"
#include "protocol/bytes.h"
#include "protocol/model/safetensors_header.h"
#include "protocol/utf8.h"

namespace waag::convert {
namespace {

/// Digits of a file's number.
constexpr std::size_t files_max = 99'999;
constexpr std::size_t header_alignment = 8;

Error bad(const std::string& name, const char* what) {
  return fail(Errc::invalid_argument, "tensor '" + name + "': " + what);
}

Status check_name(const std::string& name) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (name.empty() || name.size() > model::safetensors_name_bytes_max || name == "__metadata__" ||
      std::ranges::any_of(name, control) || !is_utf8(name))
    return bad(name, "readers refuse this name");
  return ok();
}

Result<std::uint64_t> bytes_of(const TensorToWrite& tensor) {
  const std::uint64_t bits_each = model::bits_per_element(tensor.dtype);
  if (bits_each == 0) return bad(tensor.name, "its type is none of safetensors'");
  if (tensor.shape.size() > model::safetensors_rank_max) return bad(tensor.name, "its rank");
  std::uint64_t bits = bits_each;
  for (const auto extent : tensor.shape) {
    if (extent > model::safetensors_integer_max) return bad(tensor.name, "its shape");
    if (extent != 0 && bits > std::numeric_limits<std::uint64_t>::max() / extent)
      return bad(tensor.name, "its size overflows");
    bits *= extent;
  }
  if (bits % 8 != 0) return bad(tensor.name, "it does not fill its last byte");
  return bits / 8;
}

/// Of a tensor: what a PlannedFile needs while `begin` and `end` are not known but by their
/// difference.
Result<std::vector<model::TensorInfo>> checked(std::vector<TensorToWrite> tensors) {
  std::vector<model::TensorInfo> infos;
  infos.reserve(tensors.size());
  for (auto& tensor : tensors) {
    WAAG_CHECK(check_name(tensor.name));
    WAAG_TRY(const auto bytes, bytes_of(tensor));
    if (bytes > model::safetensors_integer_max) return bad(tensor.name, "its size");
    infos.push_back({std::move(tensor.name), tensor.dtype, 0, std::move(tensor.shape), 0, bytes});
  }
  return infos;
}

/// Fills file after file, in the order given.
Result<std::vector<PlannedFile>> split(std::vector<model::TensorInfo> tensors,
                                       std::uint64_t file_bytes_max) {
  std::vector<PlannedFile> files(1);
  for (auto& tensor : tensors) {
    const auto bytes = tensor.end;
    const bool full = files.back().size_bytes > file_bytes_max ||
                      bytes > file_bytes_max - files.back().size_bytes ||
                      files.back().tensors.size() == model::safetensors_tensors_max;
    if (full && !files.back().tensors.empty()) {
      if (files.size() == files_max)
        return fail(Errc::invalid_argument, "more weight files than can be numbered");
      files.emplace_back();
    }
    files.back().size_bytes += bytes;
    files.back().tensors.push_back(std::move(tensor));
  }
  return files;
}

std::string numbered_name(std::size_t file, std::size_t count) {
  const auto digits = [](std::size_t number) {
    const auto text = std::to_string(number);
    return std::string(5 - text.size(), '0') + text;
  };
  if (count == 1) return "model.safetensors";
  return "model-" + digits(file + 1) + "-of-" + digits(count) + ".safetensors";
}

std::string header_entry(const model::TensorInfo& tensor) {
  std::string shape;
  for (const auto extent : tensor.shape)
    shape += (shape.empty() ? "" : ",") + std::to_string(extent);
  return json_text(tensor.name) + R"(:{"dtype":")" + std::string(safetensors_name(tensor.dtype)) +
         R"(","shape":[)" + shape + R"(],"data_offsets":[)" + std::to_string(tensor.begin) + ',' +
         std::to_string(tensor.end) + "]}";
}

/// Orders the tensors, writes the header, makes begin and end count from the file's start.
Status finish(PlannedFile& file) {
  std::ranges::sort(file.tensors, [](const auto& a, const auto& b) {
    return a.dtype != b.dtype ? a.dtype > b.dtype : a.name < b.name;
  });
  // Without the format, some versions of transformers refuse the file.
  std::string json = R"({"__metadata__":{"format":"pt"})";
  std::uint64_t reached = 0;
  for (auto& tensor : file.tensors) {
    tensor.begin = reached;
    tensor.end += reached;
    reached = tensor.end;
    json += ',' + header_entry(tensor);
  }
  json += '}';
  json.resize((json.size() + header_alignment - 1) / header_alignment * header_alignment, ' ');
  if (json.size() > model::safetensors_json_bytes_max)
    return fail(Errc::invalid_argument, "a weight file's header is larger than readers accept");
  ByteWriter length;
  length.fixed(std::uint64_t{json.size()});
  file.header = length.str() + json;
  file.size_bytes = file.header.size() + reached;
  for (auto& tensor : file.tensors) {
    tensor.begin += file.header.size();
    tensor.end += file.header.size();
  }
  return ok();
}

/// As transformers writes it: sorted, two spaces a level.
std::string index_json(const SafetensorsLayout& layout) {
  std::uint64_t total = 0;
  for (const auto& file : layout.files) total += file.size_bytes - file.header.size();
  std::string json =
      "{\n  \"metadata\": {\n    \"total_size\": " + std::to_string(total) + "\n  },\n";
  json += "  \"weight_map\": {";
  const char* separator = "\n";
  for (const auto& [name, place] : layout.places) {
    json += separator;
    json += "    " + json_text(name) + ": " + json_text(layout.files[place.file].name);
    separator = ",\n";
  }
  return json + "\n  }\n}\n";
}

}  // namespace

Result<SafetensorsLayout> lay_out_safetensors(std::vector<TensorToWrite> tensors,
                                              std::uint64_t file_bytes_max) {
  if (tensors.empty()) return fail(Errc::invalid_argument, "there are no tensors to write");
  WAAG_TRY(auto infos, checked(std::move(tensors)));
  std::uint64_t total = 0;
  for (const auto& info : infos) {
    total += info.end;  // two addends below 2^53 each time: no overflow before it is seen
    if (total > model::safetensors_integer_max) return bad(info.name, "the model's size");
  }
  SafetensorsLayout layout;
  WAAG_TRY(layout.files, split(std::move(infos), file_bytes_max));
  for (std::size_t file = 0; file < layout.files.size(); ++file) {
    auto& now = layout.files[file];
    now.name = numbered_name(file, layout.files.size());
    WAAG_CHECK(finish(now));
    for (std::size_t i = 0; i < now.tensors.size(); ++i)
      if (!layout.places.try_emplace(now.tensors[i].name, file, i).second)
        return bad(now.tensors[i].name, "there are two of this name");
  }
  if (layout.files.size() > 1) layout.index_json = index_json(layout);
  return layout;
}

}  // namespace waag::convert
