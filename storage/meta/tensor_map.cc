#include "storage/meta/tensor_map.h"

#include <algorithm>
#include <tuple>

//   row:     version 1 B | data begin | tensors | entry ...        numbers are varints
//   entry:   bytes of the name shared with the one before | rest of the name, length first
//            | dtype 1 B | rank | extent ... | begin - end of the one before, zigzag | bytes

namespace waag::storage {
namespace {

constexpr std::uint8_t tensor_map_version = 2;
/// The least that one entry takes: counts are checked against it before memory is taken.
constexpr std::size_t entry_bytes_min = 6;
/// Far above any file, and so that sums never overflow.
constexpr std::uint64_t offset_max = 1ull << 62;

std::uint64_t zigzag(std::uint64_t difference) {
  const bool negative = difference >> 63 != 0;
  return difference << 1 ^ (negative ? ~std::uint64_t{0} : 0);
}
std::uint64_t unzigzag(std::uint64_t value) { return value >> 1 ^ (0 - (value & 1)); }

Error bad() { return fail(Errc::corrupt, "tensor map row: malformed"); }

bool read_name(ByteReader& in, std::string& name) {
  const auto shared = in.varint();
  if (shared > name.size()) return false;
  name.resize(static_cast<std::size_t>(shared));
  const auto rest = in.varint();
  if (rest > tensor_name_bytes_max - shared) return false;
  name += as_text(in.raw(rest));
  return in.ok();
}

bool read_shape(ByteReader& in, std::vector<std::uint64_t>& shape) {
  const auto rank = in.varint();
  if (rank > in.left()) return false;
  shape.resize(static_cast<std::size_t>(rank));
  for (auto& extent : shape) extent = in.varint();
  return in.ok();
}

}  // namespace

void TensorMapWriter::add(const TensorSpan& tensor) {
  const auto differs =
      std::mismatch(last_name_.begin(), last_name_.end(), tensor.name.begin(), tensor.name.end());
  const auto shared = static_cast<std::size_t>(differs.first - last_name_.begin());
  packed_.varint(shared);
  packed_.text(std::string_view(tensor.name).substr(shared));
  packed_.fixed(static_cast<std::uint8_t>(tensor.dtype));
  packed_.varint(tensor.shape.size());
  for (const auto extent : tensor.shape) packed_.varint(extent);
  packed_.varint(zigzag(tensor.begin - last_end_));
  packed_.varint(tensor.end - tensor.begin);
  ++count_;
  last_name_ = tensor.name;
  last_end_ = tensor.end;
}

std::string TensorMapWriter::row(std::uint64_t data_begin) const {
  ByteWriter out;
  out.fixed(tensor_map_version);
  out.varint(data_begin);
  out.varint(count_);
  out.raw(packed_.bytes());
  return out.str();
}

Result<TensorMap> decode_tensor_map(std::string_view value) {
  ByteReader in(as_bytes(value));
  if (in.fixed<std::uint8_t>() != tensor_map_version) return bad();
  const auto data_begin = in.varint();
  const auto count = in.varint();
  if (!in.ok() || data_begin > offset_max || count > in.left() / entry_bytes_min) return bad();
  TensorMap map;
  map.tensors.reserve(static_cast<std::size_t>(count));
  std::string name;
  std::uint64_t last_end = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    TensorSpan tensor;
    if (!read_name(in, name)) return bad();
    tensor.name = name;
    tensor.dtype = Dtype{in.fixed<std::uint8_t>()};
    if (!read_shape(in, tensor.shape)) return bad();
    const auto begin = last_end + unzigzag(in.varint());
    const auto bytes = in.varint();
    if (!in.ok() || begin > offset_max || bytes > offset_max - begin) return bad();
    last_end = begin + bytes;
    tensor.begin = data_begin + begin;
    tensor.end = data_begin + last_end;
    map.tensors.push_back(std::move(tensor));
  }
  if (!in.at_end()) return bad();
  std::ranges::stable_sort(map.tensors, [](const TensorSpan& a, const TensorSpan& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  return map;
}

}  // namespace waag::storage
