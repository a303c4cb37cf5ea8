#include "protocol/model/safetensors_header.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>

#include "protocol/model/safetensors_scanner.h"

namespace waag::model {
namespace {

struct DtypeRow {
  Dtype dtype;
  std::string_view name;
  std::uint32_t bits;
};

constexpr std::array<DtypeRow, 22> dtype_rows{{
    {Dtype::boolean, "BOOL", 8},
    {Dtype::f4, "F4", 4},
    {Dtype::f6_e2m3, "F6_E2M3", 6},
    {Dtype::f6_e3m2, "F6_E3M2", 6},
    {Dtype::u8, "U8", 8},
    {Dtype::i8, "I8", 8},
    {Dtype::f8_e5m2, "F8_E5M2", 8},
    {Dtype::f8_e4m3, "F8_E4M3", 8},
    {Dtype::f8_e8m0, "F8_E8M0", 8},
    {Dtype::f8_e4m3_fnuz, "F8_E4M3FNUZ", 8},
    {Dtype::f8_e5m2_fnuz, "F8_E5M2FNUZ", 8},
    {Dtype::i16, "I16", 16},
    {Dtype::u16, "U16", 16},
    {Dtype::f16, "F16", 16},
    {Dtype::bf16, "BF16", 16},
    {Dtype::i32, "I32", 32},
    {Dtype::u32, "U32", 32},
    {Dtype::f32, "F32", 32},
    {Dtype::c64, "C64", 64},
    {Dtype::f64, "F64", 64},
    {Dtype::i64, "I64", 64},
    {Dtype::u64, "U64", 64},
}};

Error bad(const char* what) {
  return fail(Errc::unprocessable, std::string("safetensors: ") + what);
}

Status check_names(const std::vector<TensorInfo>& tensors) {
  std::unordered_set<std::string_view> names;
  for (const auto& tensor : tensors)
    if (!names.insert(tensor.name).second) return bad("two entries of one name");
  return ok();
}

/// Sorts by begin, checks that the data area is covered once and wholly, makes offsets absolute.
Status place_tensors(SafetensorsHeader& header, std::optional<std::uint64_t> data_bytes) {
  std::ranges::sort(header.tensors, [](const TensorInfo& a, const TensorInfo& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  std::uint64_t reached = 0;
  for (auto& tensor : header.tensors) {
    if (tensor.begin != reached) return bad("tensors leave a hole or overlap");
    reached = tensor.end;
    tensor.begin += header.data_begin;
    tensor.end += header.data_begin;
  }
  if (data_bytes && reached != *data_bytes) return bad("tensors do not fill the file");
  return ok();
}

}  // namespace

std::string_view safetensors_name(Dtype dtype) {
  const auto row = std::ranges::find(dtype_rows, dtype, &DtypeRow::dtype);
  return row == dtype_rows.end() ? std::string_view() : row->name;
}

std::uint32_t bits_per_element(Dtype dtype) {
  const auto row = std::ranges::find(dtype_rows, dtype, &DtypeRow::dtype);
  return row == dtype_rows.end() ? 0 : row->bits;
}

std::optional<Dtype> safetensors_dtype(std::string_view name) {
  const auto row = std::ranges::find(dtype_rows, name, &DtypeRow::name);
  if (row == dtype_rows.end()) return std::nullopt;
  return row->dtype;
}

Result<std::uint64_t> safetensors_header_bytes(ByteView front) {
  if (front.size() < safetensors_length_bytes) return bad("no length");
  ByteReader reader(front.first(safetensors_length_bytes));
  const auto json_bytes = reader.fixed<std::uint64_t>();
  if (json_bytes < 2) return bad("header too short");
  if (json_bytes > safetensors_json_bytes_max) return bad("header too long");
  return safetensors_length_bytes + json_bytes;
}

Result<SafetensorsHeader> parse_safetensors_header(ByteView front,
                                                   std::optional<std::uint64_t> file_size_bytes) {
  SafetensorsHeader header;
  WAAG_TRY(header.data_begin, safetensors_header_bytes(front));
  if (file_size_bytes && header.data_begin > *file_size_bytes)
    return bad("header longer than the file");
  if (header.data_begin > front.size()) return bad("header is not all there");
  SafetensorsScanner scanner(&header.metadata);
  WAAG_CHECK(scanner.feed(front.first(header.data_begin), header.tensors));
  WAAG_CHECK(check_names(header.tensors));
  std::optional<std::uint64_t> data_bytes;
  if (file_size_bytes) data_bytes = *file_size_bytes - header.data_begin;
  WAAG_CHECK(place_tensors(header, data_bytes));
  return header;
}

}  // namespace waag::model
