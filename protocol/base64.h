#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/result.h"

namespace waag {

/// Decodes base64 (RFC 4648 section 4) in pieces. Line ends inside are skipped, as encoders for
/// mail write them; everything else must be exact: alphabet, padding, zero bits behind the last
/// byte.
class Base64Decoder {
 public:
  /// Appends what `text` decodes to. @return Errc::invalid_argument; the decoder must then be
  /// dropped
  Status feed(std::string_view text, std::string& out);
  /// @return Errc::invalid_argument if the text ended inside a group
  [[nodiscard]] Status finish() const;

 private:
  Status take(char c, std::string& out);

  std::uint32_t bits_ = 0;
  std::uint8_t digits_ = 0;   // of the current group of four
  std::uint8_t padding_ = 0;  // '=' seen
};

Result<std::string> decode_base64(std::string_view text);
std::string encode_base64(std::string_view bytes);

}  // namespace waag
