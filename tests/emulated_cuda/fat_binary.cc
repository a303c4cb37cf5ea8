#include "tests/emulated_cuda/fat_binary.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <zstd.h>

#include "tests/emulated_cuda/memory.h"

namespace waag::emulated {
namespace {

constexpr std::uint32_t magic = 0xba55ed50;
constexpr std::uint64_t zstandard = 0x8000, other_compression = 0x2000;
constexpr std::uint16_t kind_ptx = 1;
constexpr std::size_t header_bytes = 16, entry_bytes_min = 64;
constexpr std::uint64_t ptx_bytes_max = 256 << 20;

template <class T>
T field(std::span<const std::byte> bytes, std::size_t at) {
  T value;
  if (at + sizeof value > bytes.size()) throw Fault("a fat binary that is cut off");
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::string expanded(std::span<const std::byte> entry, std::size_t header) {
  const auto flags = field<std::uint64_t>(entry, 40);
  const auto* const content = reinterpret_cast<const char*>(entry.data() + header);
  if ((flags & other_compression) != 0) throw Fault("PTX that is compressed in another way");
  if ((flags & zstandard) == 0) return {content, entry.size() - header};
  const auto size = field<std::uint64_t>(entry, 56);
  const auto compressed = field<std::uint32_t>(entry, 16);
  if (size > ptx_bytes_max || compressed > entry.size() - header)
    throw Fault("PTX of a size that cannot be");
  std::string text(size, '\0');
  const auto done = ZSTD_decompress(text.data(), text.size(), content, compressed);
  if (ZSTD_isError(done) != 0 || done != size) throw Fault("PTX that Zstandard cannot expand");
  return text;
}

}  // namespace

std::vector<std::string> ptx_of_fat_binary(const void* bytes) {
  const std::span head(static_cast<const std::byte*>(bytes), header_bytes);
  if (field<std::uint32_t>(head, 0) != magic || field<std::uint16_t>(head, 4) != 1)
    throw Fault("not a fat binary");
  std::span rest(head.data() + field<std::uint16_t>(head, 6), field<std::uint64_t>(head, 8));
  std::vector<std::string> texts;
  while (!rest.empty()) {
    const auto header = field<std::uint32_t>(rest, 4);
    const auto content = field<std::uint64_t>(rest, 8);
    if (header < entry_bytes_min || header > rest.size() || content > rest.size() - header)
      throw Fault("a fat binary that is cut off");
    const auto entry = rest.first(header + content);
    if (field<std::uint16_t>(rest, 0) == kind_ptx) {
      texts.push_back(expanded(entry, header));
      while (!texts.back().empty() && texts.back().back() == '\0') texts.back().pop_back();
    }
    rest = rest.subspan(entry.size());
  }
  return texts;
}

}  // namespace waag::emulated
