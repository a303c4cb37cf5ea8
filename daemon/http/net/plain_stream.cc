#include <algorithm>
#include <cerrno>
#include <cstring>

#include <boost/asio/redirect_error.hpp>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "daemon/http/net/stream.h"

namespace waag::daemon {

bool Pace::keeps_up(Duration wait, std::size_t bytes) {
  if (floor_bytes_per_s == 0) return true;
  waited += wait;
  moved_bytes += bytes;
  if (waited < window) return true;
  const double seconds = std::chrono::duration<double>(waited).count();
  const bool enough =
      static_cast<double>(moved_bytes) >= seconds * static_cast<double>(floor_bytes_per_s);
  waited = {};
  moved_bytes = 0;
  return enough;
}

Error Stream::ended(const char* what) const {
  if (expired_) return fail(Errc::deadline_exceeded, std::string(what) + ": time limit passed");
  return fail(Errc::unavailable, std::string(what) + ": connection ended");
}

Task<Result<std::size_t>> Stream::read_full(std::span<std::byte> buffer, Pace& pace) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    WAAG_CO_TRY(const auto got, co_await read_some(buffer.subspan(filled), pace));
    if (got == 0) break;
    filled += got;
  }
  co_return filled;
}

namespace {

constexpr std::size_t sendfile_bytes_max = 1u
                                           << 20;  // per call, so that one peer cannot hog a thread
constexpr std::size_t linger_bytes_max = 256 * 1024;
/// A body's reader sleeps until so much came, rather than wake for every segment.
constexpr std::size_t low_water_bytes_max = 256 * 1024;

/// Tries each operation first and waits for the socket only when it would block: a small reply to a
/// peer that keeps up costs one system call and no trip through the scheduler.
class PlainStream final : public Stream {
 public:
  explicit PlainStream(Socket socket) : socket_(std::move(socket)) {
    boost::system::error_code ignored;
    socket_.native_non_blocking(true, ignored);
  }

  Task<Status> handshake(Pace&) override { co_return ok(); }

  Task<Result<std::size_t>> read_some(std::span<std::byte> buffer, Pace& pace) override {
    set_low_water(1);
    return read(buffer, 1, pace);
  }

  Task<Result<std::size_t>> read_full(std::span<std::byte> buffer, Pace& pace) override {
    return read(buffer, buffer.size(), pace);
  }

  /// Bytes may be here that the reader is not woken for: then the peer sent something in time.
  void expire() noexcept override {
    char byte{};
    if (reading_ && ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK) == 1) {
      deadline_ = TimePoint::max();
      set_low_water(1);
      return;
    }
    Stream::expire();
  }

  Task<Status> write(ByteView first, ByteView second, Pace& pace) override {
    Duration waited{};
    while (!first.empty() || !second.empty()) {
      if (!socket_.is_open()) co_return ended("write");
      const auto sent = send_parts(first, second);
      if (sent >= 0) {
        auto left = static_cast<std::size_t>(sent);
        const auto of_first = std::min(left, first.size());
        first = first.subspan(of_first);
        second = second.subspan(left - of_first);
        if (!pace.keeps_up(waited, left)) co_return too_slow("write");
        waited = {};
        continue;
      }
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) co_return ended("write");
      WAAG_CO_TRY(waited, co_await wait(Socket::wait_write, pace.wait_limit, "write"));
    }
    co_return ok();
  }

  Task<Status> send_file(int file, std::uint64_t offset, std::uint64_t bytes, Pace& pace) override {
    auto at = static_cast<off_t>(offset);
    Duration waited{};
    while (bytes > 0) {
      if (!socket_.is_open()) co_return ended("sendfile");
      const auto count = std::min<std::uint64_t>(bytes, sendfile_bytes_max);
      const auto sent = ::sendfile(socket_.native_handle(), file, &at, count);
      if (sent > 0) {
        bytes -= static_cast<std::uint64_t>(sent);
        if (!pace.keeps_up(waited, static_cast<std::size_t>(sent))) co_return too_slow("sendfile");
        waited = {};
        // Waiting when the socket still takes more lets the thread's other connections have a turn.
        if (bytes == 0) break;
      } else if (sent == 0) {
        co_return fail(Errc::corrupt, "sendfile: the file is shorter than its run");
      } else if (errno == EINTR) {
        continue;
      } else if (errno != EAGAIN && errno != EWOULDBLOCK) {
        co_return ended("sendfile");
      }
      WAAG_CO_TRY(waited, co_await wait(Socket::wait_write, pace.wait_limit, "sendfile"));
    }
    co_return ok();
  }

  [[nodiscard]] bool can_send_file() const override { return true; }

  Task<void> close_gently(Pace& pace) override {
    if (socket_.is_open()) ::shutdown(socket_.native_handle(), SHUT_WR);
    std::array<std::byte, 4096> rest{};
    for (std::size_t total = 0; total < linger_bytes_max;) {
      auto got = co_await read_some(rest, pace);
      if (!got || *got == 0) break;
      total += *got;
    }
    close();
  }

  void close() noexcept override {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

 private:
  /// At least `wanted` bytes (of 1 and up), or fewer at the end of the peer's stream.
  Task<Result<std::size_t>> read(std::span<std::byte> buffer, std::size_t wanted, Pace& pace) {
    std::size_t filled = 0;
    for (Duration waited{}; filled < wanted;) {
      if (!socket_.is_open()) co_return ended("read");
      const auto rest = buffer.subspan(filled);
      const auto got = ::recv(socket_.native_handle(), rest.data(), rest.size(), 0);
      if (got >= 0) {
        if (!pace.keeps_up(waited, static_cast<std::size_t>(got))) co_return too_slow("read");
        if (got == 0) break;
        waited = {};
        filled += static_cast<std::size_t>(got);
        continue;
      }
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) co_return ended("read");
      set_low_water(std::min(wanted - filled, low_water_bytes_max));
      reading_ = low_water_ > 1;
      auto came = co_await wait(Socket::wait_read, pace.wait_limit, "read");
      reading_ = false;
      WAAG_CO_TRY(waited, std::move(came));
    }
    co_return filled;
  }

  /// How many bytes must have come for the socket to be readable; its end always makes it so.
  void set_low_water(std::size_t bytes) noexcept {
    if (bytes == low_water_ || !socket_.is_open()) return;
    const auto value = static_cast<int>(bytes);
    if (::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVLOWAT, &value, sizeof value) == 0)
      low_water_ = bytes;
  }

  ssize_t send_parts(ByteView first, ByteView second) {
    std::array<iovec, 2> parts{};
    std::size_t count = 0;
    for (const ByteView part : {first, second})
      if (!part.empty())
        parts[count++] = {const_cast<std::byte*>(part.data()), part.size()};  // writev's signature
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    return ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
  }

  Task<Result<Duration>> wait(Socket::wait_type what, Duration limit, const char* name) {
    const auto start = std::chrono::steady_clock::now();
    deadline_ = start + limit;
    boost::system::error_code error;
    co_await socket_.async_wait(what, asio::redirect_error(use_awaitable, error));
    deadline_ = TimePoint::max();
    if (error || !socket_.is_open()) co_return ended(name);
    co_return std::chrono::steady_clock::now() - start;
  }

  static Error too_slow(const char* what) {
    return fail(Errc::deadline_exceeded, std::string(what) + ": peer is below the floor");
  }

  Socket socket_;
  std::size_t low_water_ = 1;
  bool reading_ = false;  // waits for the low water
};

}  // namespace

std::unique_ptr<Stream> make_plain_stream(Socket socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

}  // namespace waag::daemon
