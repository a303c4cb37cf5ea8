#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

#include "daemon/upstream/http_client.h"

namespace waag::daemon {

/// A reply's body on its way from the client's thread to one that may block (on a disk).
///
/// The client's one thread serves all transfers, so write() normally only copies. If the taker is
/// slower than the network, the queue fills and write() waits for room: the client reads no faster
/// than the taker takes, which is the only way to slow the sender down. A taker that frees no room
/// for `wait_max` loses the transfer, for it must not stop all others.
class BodyQueue final : public UpstreamSink {
 public:
  /// Says whether the reply is one; called on the client's thread.
  using Accept = std::function<Status(const UpstreamReply&)>;

  static constexpr std::size_t bytes_max = 8u << 20;
  static constexpr std::chrono::milliseconds wait_max{2'000};

  explicit BodyQueue(Accept accept, std::size_t held_max = bytes_max,
                     std::chrono::milliseconds wait = wait_max)
      : accept_(std::move(accept)), held_max_(held_max), wait_(wait) {}

  // --- the client's thread ---
  Status begin(const UpstreamReply& reply) override { return accept_(reply); }
  Status write(ByteView bytes) override;
  void done(Status status) override;

  // --- the taker ---
  /// What has come since the last call; waits if that is nothing. @return nullopt at the end of a
  /// whole body; the transfer's error; Errc::deadline_exceeded
  Result<std::optional<Bytes>> next(std::chrono::steady_clock::time_point deadline);
  /// No more is taken: a write that waits fails, and so do all further ones.
  void close();

 private:
  const Accept accept_;
  const std::size_t held_max_;
  const std::chrono::milliseconds wait_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Bytes held_;
  std::optional<Status> end_;
  bool closed_ = false;
};

}  // namespace waag::daemon
