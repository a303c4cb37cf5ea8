#include <algorithm>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include "daemon/http/net/stream.h"

namespace waag::daemon {
namespace {

namespace ssl = asio::ssl;

/// One asynchronous write covers at most this much, so that the limit of a wait is the limit of a
/// block and not of a whole body.
constexpr std::size_t block_bytes = 64 * 1024;

class TlsStream final : public Stream {
 public:
  TlsStream(Socket socket, ssl::context& context) : stream_(std::move(socket), context) {}

  Task<Status> handshake(Pace& pace) override {
    boost::system::error_code error;
    const auto start = begin(pace);
    co_await stream_.async_handshake(ssl::stream_base::server,
                                     asio::redirect_error(use_awaitable, error));
    co_return finish(start, 0, error, pace, "handshake");
  }

  Task<Result<std::size_t>> read_some(std::span<std::byte> buffer, Pace& pace) override {
    boost::system::error_code error;
    const auto start = begin(pace);
    const auto got = co_await stream_.async_read_some(asio::buffer(buffer.data(), buffer.size()),
                                                      asio::redirect_error(use_awaitable, error));
    if (error == asio::error::eof) {
      deadline_ = TimePoint::max();
      co_return std::size_t{0};
    }
    WAAG_CO_CHECK(finish(start, got, error, pace, "read"));
    co_return got;
  }

  Task<Status> write(ByteView first, ByteView second, Pace& pace) override {
    if (first.size() + second.size() <= block_bytes && !second.empty()) {
      joined_.assign(first.begin(), first.end());  // one TLS record, one packet
      joined_.insert(joined_.end(), second.begin(), second.end());
      first = joined_;
      second = {};
    }
    for (ByteView part : {first, second}) {
      while (!part.empty()) {
        const auto block = part.first(std::min(part.size(), block_bytes));
        WAAG_CO_CHECK(co_await write_block(block, pace));
        part = part.subspan(block.size());
      }
    }
    co_return ok();
  }

  Task<Status> send_file(int, std::uint64_t, std::uint64_t, Pace&) override {
    co_return fail(Errc::internal, "a TLS stream cannot send a file");
  }
  [[nodiscard]] bool can_send_file() const override { return false; }

  Task<void> close_gently(Pace& pace) override {
    boost::system::error_code ignored;
    begin(pace);
    co_await stream_.async_shutdown(asio::redirect_error(use_awaitable, ignored));
    deadline_ = TimePoint::max();
    close();
  }

  void close() noexcept override {
    boost::system::error_code ignored;
    stream_.lowest_layer().close(ignored);
  }

 private:
  Task<Status> write_block(ByteView block, Pace& pace) {
    boost::system::error_code error;
    const auto start = begin(pace);
    const auto sent = co_await asio::async_write(stream_, asio::buffer(block.data(), block.size()),
                                                 asio::redirect_error(use_awaitable, error));
    co_return finish(start, sent, error, pace, "write");
  }

  TimePoint begin(const Pace& pace) {
    const auto now = std::chrono::steady_clock::now();
    deadline_ = now + pace.wait_limit;
    return now;
  }

  Status finish(TimePoint start, std::size_t bytes, const boost::system::error_code& error,
                Pace& pace, const char* what) {
    deadline_ = TimePoint::max();
    if (error) return ended(what);
    if (!pace.keeps_up(std::chrono::steady_clock::now() - start, bytes))
      return fail(Errc::deadline_exceeded, std::string(what) + ": peer is below the floor");
    return ok();
  }

  ssl::stream<Socket> stream_;
  Bytes joined_;
};

}  // namespace

std::unique_ptr<Stream> make_tls_stream(Socket socket, ssl::context& context) {
  return std::make_unique<TlsStream>(std::move(socket), context);
}

Result<std::shared_ptr<ssl::context>> make_tls_context(const std::string& certificate_file,
                                                       const std::string& key_file) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  boost::system::error_code error;
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 |
                           ssl::context::no_sslv3 | ssl::context::no_tlsv1 |
                           ssl::context::no_tlsv1_1,
                       error);
  if (!error) context->use_certificate_chain_file(certificate_file, error);
  if (error)
    return fail(Errc::invalid_argument,
                "tls_certificate " + certificate_file + ": " + error.message());
  context->use_private_key_file(key_file, ssl::context::pem, error);
  if (error) return fail(Errc::invalid_argument, "tls_key " + key_file + ": " + error.message());
  return context;
}

}  // namespace waag::daemon
