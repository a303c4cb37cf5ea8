#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/http/message.h"
#include "protocol/http/byte_range.h"

namespace waag::daemon {

/// Several ranges of a blob as a body of type multipart/byteranges, in the order given. Source:
/// RFC 9110 section 14.6.
class RangesBody final : public BodySource {
 public:
  /// @param ranges  each inside the blob; not empty
  RangesBody(std::shared_ptr<storage::BlobReader> blob, std::vector<http::ByteRange> ranges);

  /// Of the whole body.
  [[nodiscard]] std::uint64_t size_bytes() const;
  /// The value of Content-Type, with the boundary.
  static std::string content_type();

  Result<std::size_t> read(std::span<std::byte> out) override;

 private:
  /// What stands before range `index`; behind the last one for index = ranges.
  [[nodiscard]] std::string delimiter(std::size_t index) const;

  const std::shared_ptr<storage::BlobReader> blob_;
  const std::vector<http::ByteRange> ranges_;
  std::size_t index_ = 0;    // of the range that text_ announces, or that is being sent
  std::string text_;         // delimiter on its way out
  std::size_t text_at_ = 0;  // sent of it
  std::uint64_t at_ = 0;     // sent of the range
};

}  // namespace waag::daemon
