#pragma once

#include "daemon/http/message.h"
#include "daemon/http/net/stream.h"

namespace waag::daemon {

/// The two ways out of DESIGN 4. `automatic` takes sendfile for raw runs on a plain connection from
/// sendfile_bytes_min on.
enum class SendPath : std::uint8_t { automatic, sendfile, extents };

/// Below this a copy is cheaper than a verified run's mapping.
inline constexpr std::uint64_t sendfile_bytes_min = 64 * 1024;

/// Writes one reply: head and small body in one call; a blob block by block, of which the next is
/// read and verified, or made, on the pool while the last is being sent. Never holds more than two
/// blocks.
class BodyWriter {
 public:
  BodyWriter(Stream& stream, asio::thread_pool& blocking, SendPath path, Pace pace)
      : stream_(stream), blocking_(blocking), path_(path), pace_(pace) {}

  /// @param body  already cleared for HEAD
  /// @return an error if the reply could not be sent whole. Unless head_sent(), the connection is
  ///         still clean and another reply may be written; else it must be cut: never padded.
  Task<Status> write(std::string head, const Response& response, bool head_only);
  [[nodiscard]] bool head_sent() const { return head_sent_; }
  [[nodiscard]] std::uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  struct Block;
  Task<Status> write_blob(std::string head, BlobBody body);
  Task<Status> write_stream(std::string head, StreamBody body);
  Task<Result<std::size_t>> make(StreamBody body, std::span<std::byte> buffer);
  Task<Status> send_part(std::string prefix, ByteView bytes);
  Task<Result<Block>> load(std::shared_ptr<storage::BlobReader> blob, std::uint64_t offset,
                           std::uint64_t left, std::span<std::byte> buffer, bool try_run);
  Task<Status> send(const Block& block, ByteView head);
  [[nodiscard]] bool may_send_file(std::uint64_t bytes) const;

  Stream& stream_;
  asio::thread_pool& blocking_;
  const SendPath path_;
  Pace pace_;
  bool head_sent_ = false;
  std::uint64_t bytes_sent_ = 0;
};

}  // namespace waag::daemon
