#include "convert/tokenizer/tekken/byte_alphabet.h"

#include <array>

namespace waag::convert {
namespace {

constexpr unsigned byte_count = 256;

/// Neither a space, nor a control character, nor the soft hyphen.
constexpr bool is_shown(unsigned byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

/// All letters lie below U+0800: one byte of UTF-8 or two.
std::string utf8(unsigned code) {
  if (code < 0x80) return {static_cast<char>(code)};
  return {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
}

std::array<std::string, byte_count> make_letters() {
  std::array<std::string, byte_count> letters;
  unsigned next = byte_count;
  for (unsigned byte = 0; byte < byte_count; ++byte) {
    letters[byte] = utf8(is_shown(byte) ? byte : next++);
  }
  return letters;
}

}  // namespace

std::string in_byte_alphabet(std::string_view bytes) {
  static const auto letters = make_letters();
  std::string text;
  for (const char byte : bytes) text += letters[static_cast<unsigned char>(byte)];
  return text;
}

}  // namespace waag::convert
