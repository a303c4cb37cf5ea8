#include "convert/write/gguf_layout.h"

#include <algorithm>
#include <bit>
#include <cstdio>

#include "protocol/model/gguf_header.h"

namespace waag::convert {
namespace {

using model::GgufType;

constexpr std::uint64_t alignment = model::gguf_alignment_default;
constexpr std::uint64_t parts_max = 9999;

std::uint64_t padded(std::uint64_t bytes) {
  return (bytes + alignment - 1) / alignment * alignment;
}

/// Writes the header's parts; strings have 64-bit lengths here.
class Writer {
 public:
  void text(std::string_view value) {
    out_.fixed(std::uint64_t{value.size()});
    out_.raw(as_bytes(value));
  }
  void type(GgufType value) { out_.fixed(static_cast<std::uint32_t>(value)); }
  template <class T>
  void number(T value) {
    if constexpr (std::is_same_v<T, float>)
      out_.fixed(std::bit_cast<std::uint32_t>(value));
    else
      out_.fixed(static_cast<std::make_unsigned_t<T>>(value));
  }

  void value(std::uint16_t v) { scalar(GgufType::u16, v); }
  void value(std::uint32_t v) { scalar(GgufType::u32, v); }
  void value(std::int32_t v) { scalar(GgufType::i32, v); }
  void value(std::uint64_t v) { scalar(GgufType::u64, v); }
  void value(float v) { scalar(GgufType::f32, v); }
  void value(bool v) { scalar(GgufType::boolean, static_cast<std::uint8_t>(v ? 1 : 0)); }
  void value(const std::string& v) {
    type(GgufType::string);
    text(v);
  }
  void value(const std::vector<std::string>& v) {
    array(GgufType::string, v.size());
    for (const auto& item : v) text(item);
  }
  void value(const std::vector<std::int32_t>& v) { numbers(GgufType::i32, v); }
  void value(const std::vector<std::uint32_t>& v) { numbers(GgufType::u32, v); }
  void value(const std::vector<float>& v) { numbers(GgufType::f32, v); }

  void pad() {
    while (out_.bytes().size() % alignment != 0) out_.fixed(std::uint8_t{0});
  }
  [[nodiscard]] Bytes take() { return out_.take(); }

 private:
  template <class T>
  void scalar(GgufType kind, T v) {
    type(kind);
    number(v);
  }
  void array(GgufType kind, std::size_t count) {
    type(GgufType::array);
    type(kind);
    out_.fixed(std::uint64_t{count});
  }
  template <class T>
  void numbers(GgufType kind, const std::vector<T>& v) {
    array(kind, v.size());
    for (const auto item : v) number(item);
  }

  ByteWriter out_;
};

Status check(const GgufTensor& tensor) {
  const auto bad = [&](const char* what) {
    return fail(Errc::unprocessable, "tensor " + tensor.name + ": " + what);
  };
  if (tensor.name.size() > model::gguf_name_bytes_max) return bad("name is longer than 63 bytes");
  if (tensor.shape.size() > model::gguf_dimensions_max) return bad("more than four dimensions");
  return ok();
}

Result<std::uint64_t> data_bytes(const GgufTensor& tensor) {
  std::vector<std::uint64_t> turned(tensor.shape.rbegin(), tensor.shape.rend());
  return model::ggml_tensor_bytes(block_of(tensor.type), turned);
}

std::string part_name(const std::string& stem, std::size_t part, std::size_t parts) {
  if (parts == 1) return stem + ".gguf";
  std::array<char, 32> text{};
  const int length =
      std::snprintf(text.data(), text.size(), "-%05zu-of-%05zu.gguf", part + 1, parts);
  return stem + std::string(text.data(), static_cast<std::size_t>(length));
}

/// How many tensors each part takes.
std::vector<std::size_t> cut(const std::vector<std::uint64_t>& sizes, std::uint64_t split_bytes) {
  std::vector<std::size_t> counts{0};
  std::uint64_t filled = 0;
  for (const auto size : sizes) {
    if (counts.back() > 0 && filled + padded(size) > split_bytes) {
      counts.push_back(0);
      filled = 0;
    }
    ++counts.back();
    filled += padded(size);
  }
  return counts;
}

/// Header and places of one part; `file.tensors` has the indices and sizes.
void lay_out_part(const GgufEntries& entries, const std::vector<GgufTensor>& tensors,
                  GgufFile& file) {
  Writer out;
  for (const char c : model::gguf_magic) out.number(static_cast<std::uint8_t>(c));
  out.number(std::uint32_t{3});
  out.number(std::uint64_t{file.tensors.size()});
  out.number(std::uint64_t{entries.size()});
  for (const auto& entry : entries) {
    out.text(entry.key);
    std::visit([&](const auto& value) { out.value(value); }, entry.value);
  }
  std::uint64_t offset = 0;
  for (auto& place : file.tensors) {
    const auto& tensor = tensors[place.tensor];
    out.text(tensor.name);
    out.number(static_cast<std::uint32_t>(tensor.shape.size()));
    for (auto extent = tensor.shape.rbegin(); extent != tensor.shape.rend(); ++extent)
      out.number(*extent);
    out.number(static_cast<std::uint32_t>(tensor.type));
    out.number(offset);
    place.offset_bytes = offset;
    place.padded_bytes = padded(place.size_bytes);
    offset += place.padded_bytes;
  }
  out.pad();
  file.header = out.take();
  for (auto& place : file.tensors) place.offset_bytes += file.header.size();
  file.size_bytes = file.header.size() + offset;
}

}  // namespace

Result<std::vector<GgufFile>> layout_gguf(const std::string& stem, const GgufEntries& entries,
                                          const std::vector<GgufTensor>& tensors,
                                          std::uint64_t split_bytes) {
  std::vector<std::uint64_t> sizes;
  for (const auto& tensor : tensors) {
    WAAG_CHECK(check(tensor));
    WAAG_TRY(const auto size, data_bytes(tensor));
    sizes.push_back(size);
  }
  const auto counts = cut(sizes, split_bytes);
  if (counts.size() > parts_max) return fail(Errc::unprocessable, "more than 9999 parts");
  std::vector<GgufFile> files;
  std::size_t next = 0;
  for (std::size_t part = 0; part < counts.size(); ++part) {
    GgufFile file;
    file.name = part_name(stem, part, counts.size());
    for (std::size_t i = 0; i < counts[part]; ++i, ++next)
      file.tensors.push_back({.tensor = next, .size_bytes = sizes[next]});
    GgufEntries own = part == 0 ? entries : GgufEntries{};
    if (counts.size() > 1) {
      own.push_back({"split.no", static_cast<std::uint16_t>(part)});
      own.push_back({"split.count", static_cast<std::uint16_t>(counts.size())});
      own.push_back({"split.tensors.count", static_cast<std::int32_t>(tensors.size())});
    }
    lay_out_part(own, tensors, file);
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace waag::convert
