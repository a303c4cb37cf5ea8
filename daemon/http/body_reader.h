#pragma once

#include "daemon/http/message.h"
#include "daemon/http/net/receive_buffer.h"
#include "daemon/http/net/stream.h"
#include "protocol/http/chunked.h"

namespace waag::daemon {

/// What of a request's body may be left unread while its connection stays usable.
inline constexpr std::uint64_t drain_bytes_max = 64 * 1024;

/// A request's body on its connection. A body of known length is read straight into the caller's
/// buffer, after what came with the head; a chunked one goes through the receive buffer. Lives no
/// longer than its request.
class RequestBody final : public BodyReader {
 public:
  struct Framing {
    std::optional<std::uint64_t> content_length;
    bool chunked = false;
    bool expect_continue = false;
    std::uint64_t bytes_max = 0;  // the route's limit
  };
  RequestBody(Stream& stream, ReceiveBuffer& received, Framing framing, Pace pace);

  [[nodiscard]] std::optional<std::uint64_t> length() const override;
  Task<Result<std::size_t>> read(std::span<std::byte> buffer) override;
  Task<Result<std::string>> read_all(std::size_t bytes_max) override;

  /// The connection can carry another request: the body was read, or the rest is small enough to
  /// drain().
  [[nodiscard]] bool reusable() const;
  /// Reads and forgets the rest. @return false if the connection must be closed
  Task<bool> drain();
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  Task<Result<std::size_t>> read_fixed(std::span<std::byte> buffer);
  Task<Result<std::size_t>> read_chunked(std::span<std::byte> buffer);
  Task<Result<std::size_t>> take(std::span<std::byte> buffer);
  Task<Status> say_continue();

  Stream& stream_;
  ReceiveBuffer& received_;
  const Framing framing_;
  Pace pace_;
  http::ChunkedDecoder decoder_;
  std::uint64_t bytes_read_ = 0;  // payload
  bool done_ = false;
  bool failed_ = false;
  bool continue_due_ = false;
};

}  // namespace waag::daemon
