#include "convert/validate/pairs/code_ends.h"

#include <cmath>

namespace waag::convert {
namespace {

/// Where the code after the last one would begin, as a multiple of what the last stands for; 0: the
/// code is not the last.
double end_of(LinearFormat format, ByteView codes, std::uint64_t index) {
  const auto byte = [&](std::uint64_t at) { return std::to_integer<std::uint8_t>(codes[at]); };
  const auto nibble = [&] { return byte(index / 2) >> (index % 2 * 4) & 0xf; };
  switch (format) {
    case LinearFormat::fp8_dynamic:
    case LinearFormat::fp8_block:
      return (byte(index) & 0x7f) == 0x7e ? 464.0 / 448 : 0;  // after 416 and 448 comes 480
    case LinearFormat::int8: {
      const auto code = byte(index);
      if (code == 0x7f) return 127.5 / 127;
      return code == 0x80 ? 128.5 / 128 : 0;
    }
    case LinearFormat::w4a16:
      if (nibble() == 15) return 7.5 / 7;
      return nibble() == 0 ? 8.5 / 8 : 0;
    case LinearFormat::nvfp4:
      return (nibble() & 7) == 7 ? 7.0 / 6 : 0;  // after 4 and 6 comes 8
  }
  return 0;
}

}  // namespace

std::uint64_t count_saturated(LinearFormat format, ByteView codes, std::span<const float> source,
                              std::span<const float> made) {
  std::uint64_t count = 0;
  for (std::uint64_t i = 0; i < source.size(); ++i) {
    const auto end = end_of(format, codes, i);
    if (end > 0 && std::fabs(double{source[i]}) > std::fabs(double{made[i]}) * end) ++count;
  }
  return count;
}

}  // namespace waag::convert
