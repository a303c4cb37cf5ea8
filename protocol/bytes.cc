#include "protocol/bytes.h"

namespace waag {
namespace {

constexpr int varint_bytes_max = 10;  // ceil(64 / 7)

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string to_hex(ByteView bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const std::byte b : bytes) {
    hex.push_back(digits[std::to_integer<unsigned>(b) >> 4]);
    hex.push_back(digits[std::to_integer<unsigned>(b) & 15]);
  }
  return hex;
}

Status from_hex(std::string_view hex, std::span<std::byte> out) {
  if (hex.size() != out.size() * 2) return fail(Errc::invalid_argument, "hex of wrong length");
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = hex_digit(hex[2 * i]);
    const int low = hex_digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return fail(Errc::invalid_argument, "not a hex digit");
    out[i] = static_cast<std::byte>(high * 16 + low);
  }
  return ok();
}

void ByteWriter::varint(std::uint64_t value) {
  while (value >= 0x80) {
    bytes_.push_back(static_cast<std::byte>((value & 0x7f) | 0x80));
    value >>= 7;
  }
  bytes_.push_back(static_cast<std::byte>(value));
}

std::uint64_t ByteReader::varint() {
  std::uint64_t value = 0;
  for (int i = 0; i < varint_bytes_max; ++i) {
    const auto part = raw(1);
    if (part.empty()) return 0;
    const auto bits = std::to_integer<std::uint64_t>(part[0]);
    if (i == varint_bytes_max - 1 && bits > 1) break;
    value |= (bits & 0x7f) << (7 * i);
    if ((bits & 0x80) == 0) return value;
  }
  ok_ = false;
  rest_ = {};
  return 0;
}

ByteView ByteReader::raw(std::uint64_t count) {
  if (count > rest_.size()) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const auto part = rest_.first(static_cast<std::size_t>(count));
  rest_ = rest_.subspan(static_cast<std::size_t>(count));
  return part;
}

}  // namespace waag
