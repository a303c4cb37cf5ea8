#include "daemon/api/xet/ranges_body.h"

#include <algorithm>
#include <cstring>

namespace waag::daemon {
namespace {

/// Chunks are framed by their own headers, so it does no harm if the bytes hold it.
constexpr std::string_view boundary = "waag-byteranges-6f1d0c5b92e84a37";

}  // namespace

RangesBody::RangesBody(std::shared_ptr<storage::BlobReader> blob,
                       std::vector<http::ByteRange> ranges)
    : blob_(std::move(blob)), ranges_(std::move(ranges)), text_(delimiter(0)) {}

std::string RangesBody::content_type() {
  return "multipart/byteranges; boundary=" + std::string(boundary);
}

std::string RangesBody::delimiter(std::size_t index) const {
  std::string text = index == 0 ? "--" : "\r\n--";
  text += boundary;
  if (index == ranges_.size()) return text + "--\r\n";
  text += "\r\nContent-Type: application/octet-stream\r\nContent-Range: ";
  return text + http::content_range(ranges_[index], blob_->size_bytes()) + "\r\n\r\n";
}

std::uint64_t RangesBody::size_bytes() const {
  std::uint64_t total = delimiter(ranges_.size()).size();
  for (std::size_t i = 0; i < ranges_.size(); ++i)
    total += delimiter(i).size() + ranges_[i].size_bytes();
  return total;
}

Result<std::size_t> RangesBody::read(std::span<std::byte> out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    const auto room = out.subspan(filled);
    if (text_at_ < text_.size()) {
      const auto part = std::min(room.size(), text_.size() - text_at_);
      std::memcpy(room.data(), text_.data() + text_at_, part);
      text_at_ += part;
      filled += part;
      continue;
    }
    if (index_ == ranges_.size()) break;
    const auto& range = ranges_[index_];
    const auto wanted = std::min<std::uint64_t>(room.size(), range.size_bytes() - at_);
    WAAG_TRY(const auto got,
             blob_->read(range.first + at_, room.first(static_cast<std::size_t>(wanted))));
    if (got != wanted) return fail(Errc::corrupt, "a xorb is shorter than its row says");
    filled += got;
    at_ += got;
    if (at_ < range.size_bytes()) continue;
    at_ = 0;
    text_ = delimiter(++index_);
    text_at_ = 0;
  }
  return filled;
}

}  // namespace waag::daemon
