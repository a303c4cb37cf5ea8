#pragma once

#include <string>
#include <vector>

#include "protocol/bytes.h"

namespace waag::test {

/// Writes GGUF headers, right or wrong, field by field.
class GgufBuilder {
 public:
  GgufBuilder& word32(std::uint32_t value) {
    out_.fixed(value);
    return *this;
  }
  GgufBuilder& word64(std::uint64_t value) {
    out_.fixed(value);
    return *this;
  }
  GgufBuilder& bytes(std::string_view raw) {
    out_.raw(as_bytes(raw));
    return *this;
  }
  GgufBuilder& text(std::string_view text) { return word64(text.size()).bytes(text); }
  GgufBuilder& start(std::uint64_t tensors, std::uint64_t pairs, std::uint32_t version = 3) {
    return bytes("GGUF").word32(version).word64(tensors).word64(pairs);
  }
  GgufBuilder& pair_u32(std::string_view key, std::uint32_t value) {
    return text(key).word32(4).word32(value);
  }
  GgufBuilder& pair_text(std::string_view key, std::string_view value) {
    return text(key).word32(8).text(value);
  }
  /// @param dims fastest first, as in the file
  GgufBuilder& tensor(std::string_view name, const std::vector<std::uint64_t>& dims,
                      std::uint32_t type, std::uint64_t offset) {
    text(name).word32(static_cast<std::uint32_t>(dims.size()));
    for (const auto dim : dims) word64(dim);
    return word32(type).word64(offset);
  }
  [[nodiscard]] const Bytes& header() const { return out_.bytes(); }

 private:
  ByteWriter out_;
};

}  // namespace waag::test
