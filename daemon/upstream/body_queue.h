#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

#include "daemon/upstream/http_client.h"

namespace waag::daemon {

/// A reply's body on its way from the client's thread to one that may block (on a disk). The
/// client's one thread serves all transfers, so nothing here waits on it: a full queue pauses its
/// transfer, and the sender with it, until the taker has emptied it and says so.
class BodyQueue final : public UpstreamSink {
 public:
  /// Says whether the reply is one; called on the client's thread.
  using Accept = std::function<Status(const UpstreamReply&)>;

  /// Full from so many bytes on.
  static constexpr std::size_t bytes_full = 8u << 20;
  /// What may still come to a full queue; more ends the transfer. A client has read 256 KiB.
  static constexpr std::size_t bytes_over_max = 4u << 20;

  explicit BodyQueue(Accept accept, std::size_t full_at = bytes_full)
      : accept_(std::move(accept)), full_at_(full_at) {}

  // --- the client's thread ---
  Status begin(const UpstreamReply& reply) override { return accept_(reply); }
  Status write(ByteView bytes) override;
  void done(Status status) override;
  bool full() override;

  // --- the taker ---
  /// What has come since the last call; waits if that is nothing. @return nullopt at the end of a
  /// whole body; the transfer's error; Errc::deadline_exceeded
  Result<std::optional<Bytes>> next(std::chrono::steady_clock::time_point deadline);
  /// After next(): the transfer was paused and wants to be resumed. True once for each pause.
  bool was_full();
  /// No more is taken: further writes fail.
  void close();

 private:
  const Accept accept_;
  const std::size_t full_at_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Bytes held_;
  std::optional<Status> end_;
  bool was_full_ = false;
  bool closed_ = false;
};

}  // namespace waag::daemon
