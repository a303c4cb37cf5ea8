#pragma once

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "protocol/bytes.h"

namespace waag::daemon {

/// Bytes received and not yet used: a head, the start of its body, requests sent ahead. Grows on
/// demand up to what the caller asks for.
class ReceiveBuffer {
 public:
  [[nodiscard]] ByteView unread() const { return ByteView(bytes_).subspan(begin_, end_ - begin_); }
  [[nodiscard]] std::string_view text() const { return as_text(unread()); }
  [[nodiscard]] bool empty() const { return begin_ == end_; }

  /// Room for at least one more byte, while no more than `bytes_max` are unread; empty if full.
  std::span<std::byte> room(std::size_t bytes_max) {
    const std::size_t used = end_ - begin_;
    if (used >= bytes_max) return {};
    if (begin_ > 0) {
      std::memmove(bytes_.data(), bytes_.data() + begin_, used);
      begin_ = 0;
      end_ = used;
    }
    if (end_ == bytes_.size()) bytes_.resize(std::min(bytes_max, std::max(first_bytes, 2 * end_)));
    return std::span(bytes_).subspan(end_, std::min(bytes_.size(), bytes_max) - end_);
  }
  void received(std::size_t count) { end_ += count; }
  void consume(std::size_t count) {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }

 private:
  static constexpr std::size_t first_bytes = 4096;
  std::vector<std::byte> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace waag::daemon
