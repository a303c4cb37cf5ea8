#include "protocol/base64.h"

#include <array>

namespace waag {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 0xFF;

constexpr std::array<std::uint8_t, 256> make_digits() {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(no_digit);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    digits[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return digits;
}
constexpr auto digit_of = make_digits();

std::uint32_t digit(char c) { return digit_of[static_cast<std::uint8_t>(c)]; }

Error bad() { return fail(Errc::invalid_argument, "malformed base64"); }

}  // namespace

Status Base64Decoder::feed(std::string_view text, std::string& out) {
  out.reserve(out.size() + text.size() / 4 * 3 + 3);
  std::size_t at = 0;
  while (at < text.size()) {
    // Whole groups of four digits; anything else goes through the careful path.
    while (digits_ == 0 && padding_ == 0 && text.size() - at >= 4) {
      const auto a = digit(text[at]);
      const auto b = digit(text[at + 1]);
      const auto c = digit(text[at + 2]);
      const auto d = digit(text[at + 3]);
      if (((a | b | c | d) & 0xC0) != 0) break;
      const auto bits = (a << 18) | (b << 12) | (c << 6) | d;
      const std::array<char, 3> bytes = {static_cast<char>(bits >> 16),
                                         static_cast<char>(bits >> 8), static_cast<char>(bits)};
      out.append(bytes.data(), bytes.size());
      at += 4;
    }
    if (at == text.size()) break;
    WAAG_CHECK(take(text[at++], out));
  }
  return ok();
}

Status Base64Decoder::take(char c, std::string& out) {
  if (c == '\n' || c == '\r') return ok();
  if (c == '=') {
    const bool room = padding_ == 0 ? digits_ == 2 || digits_ == 3 : digits_ + padding_ == 3;
    if (!room) return bad();
    if (padding_++ == 0) {
      const bool one_byte = digits_ == 2;
      if ((bits_ & (one_byte ? 0xFU : 0x3U)) != 0) return bad();
      if (one_byte) {
        out += static_cast<char>(bits_ >> 4);
      } else {
        out += static_cast<char>(bits_ >> 10);
        out += static_cast<char>(bits_ >> 2);
      }
    }
    return ok();
  }
  const auto value = digit(c);
  if (value == no_digit || padding_ != 0) return bad();
  bits_ = (bits_ << 6) | value;
  if (++digits_ == 4) {
    out += static_cast<char>(bits_ >> 16);
    out += static_cast<char>(bits_ >> 8);
    out += static_cast<char>(bits_);
    digits_ = 0;
    bits_ = 0;
  }
  return ok();
}

Status Base64Decoder::finish() const {
  const bool whole = padding_ == 0 ? digits_ == 0 : digits_ + padding_ == 4;
  return whole ? ok() : Status(bad());
}

Result<std::string> decode_base64(std::string_view text) {
  Base64Decoder decoder;
  std::string out;
  WAAG_CHECK(decoder.feed(text, out));
  WAAG_CHECK(decoder.finish());
  return out;
}

std::string encode_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto group = bytes.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i)
      bits = (bits << 8) | (i < group.size() ? static_cast<std::uint8_t>(group[i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i)
      out += i <= group.size() ? alphabet[(bits >> (18 - 6 * i)) & 0x3F] : '=';
  }
  return out;
}

}  // namespace waag
