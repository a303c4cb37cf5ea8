#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace waag {

/// Checks UTF-8 in pieces: no overlong form, no surrogate, nothing above U+10FFFF. Source: Unicode
/// 15, table 3-7.
class Utf8Checker {
 public:
  /// @return false from the first byte on that cannot be right; then the checker stays bad.
  bool feed(std::string_view text);
  /// True if what was fed is well formed and ends between two characters.
  [[nodiscard]] bool complete() const { return !bad_ && more_ == 0; }
  /// True if what was fed is the beginning of a well-formed text.
  [[nodiscard]] bool good() const { return !bad_; }

 private:
  bool begin(std::uint8_t byte);

  std::uint8_t more_ = 0;                  // continuation bytes still due
  std::uint8_t low_ = 0x80, high_ = 0xBF;  // allowed range of the next one
  bool bad_ = false;
};

/// True if `text` is well-formed UTF-8: shortest forms only, no surrogates, at most U+10FFFF.
/// Source: RFC 3629 section 4.
bool is_utf8(std::string_view text);

/// True if well-formed `text` holds a control character: U+0000..001F, U+007F, U+0080..009F.
bool has_control(std::string_view text);

/// Appends one code point. @param code_point  <= 0x10FFFF and no surrogate
void append_utf8(std::string& out, std::uint32_t code_point);

}  // namespace waag
