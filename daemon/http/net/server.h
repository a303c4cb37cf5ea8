#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/http/net/trusted_proxies.h"
#include "daemon/http/session.h"

namespace waag::daemon {

/// "host:port", "[v6]:port".
struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
};
Result<ListenAddress> parse_listen_address(std::string_view text);
/// 127.0.0.0/8, ::1 or localhost.
bool is_loopback(const ListenAddress& address);

/// The listening half of the daemon: one thread, one io_context and one acceptor (SO_REUSEPORT)
/// each; a connection lives and dies on its thread, so sessions need no lock.
class Server {
 public:
  struct Options {
    ListenAddress listen;
    unsigned threads = 1;
    std::string public_url;
    TrustedProxies trusted_proxies;  // nobody, unless set
    std::string tls_certificate;     // "" = plain
    std::string tls_key;
    SendPath send_path{SendPath::automatic};
    ConnectionLimits limits;
    std::size_t connections_max = 20'000;  // over all threads; more are closed at once
    std::chrono::milliseconds sweep{250};  // how finely time limits are watched
  };
  /// What the server uses and does not own; outlives it.
  struct Parts {
    std::span<const Route> routes;
    asio::thread_pool& blocking;
    storage::Clock& clock;
    storage::Random& random;
    Metrics& metrics;
    Log& log;
  };
  /// Binds and starts to serve. Errc::conflict if another process listens there.
  static Result<std::unique_ptr<Server>> start(Parts parts, Answer answer, Options options);
  /// For start(): listens to nothing yet.
  Server(Parts parts, Answer answer, Options options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Accepts no more, closes idle connections, lets running requests finish for `drain`, cuts the
  /// rest, waits for every session's end. Idempotent.
  void stop(std::chrono::milliseconds drain);

 private:
  class Thread;
  Status listen();

  Parts parts_;
  const Answer answer_;
  const Options options_;
  const Router router_;
  std::shared_ptr<asio::ssl::context> tls_;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> connections_{0};
  std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace waag::daemon
