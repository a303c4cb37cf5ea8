#pragma once

#include <array>
#include <chrono>
#include <memory>

#include <boost/asio/ip/tcp.hpp>

#include "daemon/async.h"
#include "protocol/bytes.h"

namespace boost::asio::ssl {
class context;
}

namespace waag::daemon {

using Duration = std::chrono::steady_clock::duration;
using TimePoint = std::chrono::steady_clock::time_point;

/// How patient one direction of a connection is: a limit for each wait, and a floor in bytes per
/// second over the time spent waiting, so that a long body needs no limit of its own and a peer
/// that sends a byte now and then is still cut off (STYLE 5).
struct Pace {
  Duration wait_limit{};
  std::uint64_t floor_bytes_per_s = 0;  // 0: none
  Duration window = std::chrono::seconds(30);

  Duration waited{};
  std::uint64_t moved_bytes = 0;

  /// Counts one operation. @return false if the peer fell below the floor over a whole window
  bool keeps_up(Duration wait, std::size_t bytes);
};

/// One connection's bytes, plain or TLS. Used from its own thread only. An operation that waits too
/// long is ended by the thread's sweeper, which closes the stream: then, and after close(), every
/// operation fails.
class Stream {
 public:
  virtual ~Stream() = default;
  /// TLS handshake; nothing for a plain stream.
  virtual Task<Status> handshake(Pace& pace) = 0;
  /// At least one byte, or 0 at the end of the peer's stream.
  virtual Task<Result<std::size_t>> read_some(std::span<std::byte> buffer, Pace& pace) = 0;
  /// As many bytes as fit, fewer only at the end of the peer's stream.
  virtual Task<Result<std::size_t>> read_full(std::span<std::byte> buffer, Pace& pace);
  /// All of both parts, in one system call if the peer keeps up.
  virtual Task<Status> write(ByteView first, ByteView second, Pace& pace) = 0;
  /// Sends a piece of a file without copying it. Only if can_send_file().
  virtual Task<Status> send_file(int file, std::uint64_t offset, std::uint64_t bytes,
                                 Pace& pace) = 0;
  [[nodiscard]] virtual bool can_send_file() const = 0;
  /// Tells the peer that nothing more comes, then reads what it still sends, within small limits: a
  /// close with unread bytes would reset the connection and take the reply with it.
  virtual Task<void> close_gently(Pace& pace) = 0;
  virtual void close() noexcept = 0;

  [[nodiscard]] bool overdue(TimePoint now) const { return now >= deadline_; }
  /// Called by the sweeper.
  virtual void expire() noexcept {
    expired_ = true;
    close();
  }

 protected:
  /// The error of an operation that ended because the stream was closed or reset.
  [[nodiscard]] Error ended(const char* what) const;

  TimePoint deadline_ = TimePoint::max();
  bool expired_ = false;
};

using Socket = asio::ip::tcp::socket;
std::unique_ptr<Stream> make_plain_stream(Socket socket);
std::unique_ptr<Stream> make_tls_stream(Socket socket, asio::ssl::context& context);

/// A server's context: TLS 1.2 and 1.3. @return Errc::invalid_argument if a file is missing or the
/// key does not fit the certificate
Result<std::shared_ptr<asio::ssl::context>> make_tls_context(const std::string& certificate_file,
                                                             const std::string& key_file);

}  // namespace waag::daemon
