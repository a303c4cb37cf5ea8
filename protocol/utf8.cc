#include "protocol/utf8.h"

#include <cstring>

namespace waag {

bool Utf8Checker::begin(std::uint8_t byte) {
  low_ = 0x80;
  high_ = 0xBF;
  if (byte < 0x80) return true;
  if (byte >= 0xC2 && byte <= 0xDF) {
    more_ = 1;
  } else if (byte >= 0xE0 && byte <= 0xEF) {
    more_ = 2;
    if (byte == 0xE0) low_ = 0xA0;
    if (byte == 0xED) high_ = 0x9F;
  } else if (byte >= 0xF0 && byte <= 0xF4) {
    more_ = 3;
    if (byte == 0xF0) low_ = 0x90;
    if (byte == 0xF4) high_ = 0x8F;
  } else {
    return false;
  }
  return true;
}

bool Utf8Checker::feed(std::string_view text) {
  if (bad_) return false;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    while (more_ == 0 && end - at >= 8) {  // most text is ASCII: eight bytes at a time
      std::uint64_t word = 0;
      std::memcpy(&word, at, sizeof(word));
      if ((word & 0x8080808080808080U) != 0) break;
      at += 8;
    }
    if (at == end) break;
    const auto byte = static_cast<std::uint8_t>(*at++);
    if (more_ == 0) {
      bad_ = !begin(byte);
    } else {
      bad_ = byte < low_ || byte > high_;
      low_ = 0x80;
      high_ = 0xBF;
      --more_;
    }
    if (bad_) return false;
  }
  return true;
}

bool is_utf8(std::string_view text) {
  Utf8Checker checker;
  return checker.feed(text) && checker.complete();
}

bool has_control(std::string_view text) {
  const auto byte_at = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (byte_at(i) < 0x20 || byte_at(i) == 0x7F) return true;
    if (byte_at(i) == 0xC2 && i + 1 < text.size() && byte_at(i + 1) < 0xA0) return true;
  }
  return false;
}

void append_utf8(std::string& out, std::uint32_t code_point) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3F));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

}  // namespace waag
