#include "daemon/http/net/server.h"

#include <charconv>
#include <list>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/socket.h>

namespace waag::daemon {
namespace {

using asio::ip::tcp;
using Steady = std::chrono::steady_clock;

constexpr int backlog = 1024;
constexpr std::chrono::milliseconds accept_pause{100};  // after "too many open files"

Error from_boost(const boost::system::error_code& error, const std::string& what) {
  const bool taken = error == asio::error::address_in_use;
  return fail(taken ? Errc::conflict : Errc::invalid_argument, what + ": " + error.message());
}

/// Says so if someone listens there already: with SO_REUSEPORT alone two daemons of one user would
/// silently share the port.
Status check_is_free(const tcp::endpoint& endpoint) {
  asio::io_context io(1);
  tcp::acceptor probe(io);
  boost::system::error_code error;
  probe.open(endpoint.protocol(), error);
  if (!error) probe.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) probe.bind(endpoint, error);
  if (!error) probe.listen(1, error);
  if (error) return from_boost(error, "cannot listen");
  return ok();
}

Result<tcp::acceptor> bind_acceptor(asio::io_context& io, const tcp::endpoint& endpoint) {
  tcp::acceptor acceptor(io);
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  const int on = 1;
  if (!error &&
      ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
    error.assign(errno, boost::system::system_category());
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(backlog, error);
  if (error) return from_boost(error, "cannot listen");
  return acceptor;
}

Result<tcp::endpoint> resolve(const ListenAddress& listen) {
  const auto host = listen.host == "localhost" ? std::string("127.0.0.1") : listen.host;
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error) return fail(Errc::invalid_argument, "listen: not an address: " + listen.host);
  return tcp::endpoint(address, listen.port);
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return fail(Errc::invalid_argument, "listen: expected host:port");
  ListenAddress address;
  auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  address.host = host;
  const auto digits = text.substr(colon + 1);
  const auto end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, address.port);
  if (digits.empty() || parsed.ec != std::errc() || parsed.ptr != end)
    return fail(Errc::invalid_argument, "listen: bad port");
  return address;
}

bool is_loopback(const ListenAddress& address) {
  const auto endpoint = resolve(address);
  return endpoint && endpoint->address().is_loopback();
}

/// One thread with its sessions.
class Server::Thread {
 public:
  Thread(Server& server, tcp::acceptor&& acceptor, std::unique_ptr<asio::io_context> io)
      : server_(server),
        io_(std::move(io)),
        acceptor_(std::move(acceptor)),
        sweeper_(*io_),
        context_{.router = server.router_,
                 .answer = server.answer_,
                 .limits = server.options_.limits,
                 .public_url = server.options_.public_url,
                 .send_path = server.options_.send_path,
                 .blocking = server.parts_.blocking,
                 .metrics = server.parts_.metrics,
                 .log = server.parts_.log,
                 .ids = RequestIds(server.parts_.random),
                 .date = DateText(server.parts_.clock)} {}

  void start() {
    own(accept_loop());
    own(sweep_loop());
    thread_ = std::thread([this] { io_->run(); });
  }

  void begin_drain(TimePoint until) {
    asio::post(*io_, [this, until] {
      context_.draining = true;
      drain_until_ = until;
      boost::system::error_code ignored;
      acceptor_.close(ignored);
      for (auto& session : sessions_)
        if (session->idle()) session->stream().close();
      sweeper_.cancel();
    });
  }

  void join() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  /// Starts one of the thread's own loops; what it throws is logged.
  void own(Task<void> loop) {
    asio::co_spawn(*io_, std::move(loop), [this](std::exception_ptr thrown) { report(thrown); });
  }

  void report(const std::exception_ptr& thrown) {
    if (!thrown) return;
    LogLine line;
    line.level = LogLevel::error;
    line.event = "session_threw";
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
      line.err = error.what();
      context_.log.write(line);
    } catch (...) {
      line.err = "not an exception";
      context_.log.write(line);
    }
  }

  Task<void> accept_loop() {
    while (!context_.draining) {
      boost::system::error_code error;
      Socket socket = co_await acceptor_.async_accept(asio::redirect_error(use_awaitable, error));
      if (!error) {
        adopt(std::move(socket));
      } else if (acceptor_.is_open()) {
        asio::steady_timer pause(*io_, accept_pause);
        co_await pause.async_wait(asio::redirect_error(use_awaitable, error));
      }
    }
  }

  void adopt(Socket socket) {
    if (server_.connections_.fetch_add(1) >= server_.options_.connections_max) {
      server_.connections_.fetch_sub(1);
      context_.metrics.connection_refused();
      return;  // closes it
    }
    boost::system::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    Peer peer;
    const auto address = socket.remote_endpoint(ignored).address();
    peer.remote = address.to_string();
    peer.trusted_proxy = server_.options_.trusted_proxies.contains(address);
    peer.tls = server_.tls_ != nullptr;
    auto stream = server_.tls_ ? make_tls_stream(std::move(socket), *server_.tls_)
                               : make_plain_stream(std::move(socket));
    const auto at = sessions_.insert(
        sessions_.end(), std::make_unique<Session>(context_, std::move(stream), std::move(peer)));
    asio::co_spawn(*io_, (*at)->run(), [this, at](std::exception_ptr thrown) {
      report(thrown);
      sessions_.erase(at);
      server_.connections_.fetch_sub(1);
      if (context_.draining && sessions_.empty()) sweeper_.cancel();
    });
  }

  /// Ends what waits too long, and at the end of the drain everything.
  Task<void> sweep_loop() {
    while (!context_.draining || !sessions_.empty()) {
      boost::system::error_code woken;
      sweeper_.expires_after(server_.options_.sweep);
      co_await sweeper_.async_wait(asio::redirect_error(use_awaitable, woken));
      const auto now = Steady::now();
      for (auto& session : sessions_)
        if (session->stream().overdue(now) || now >= drain_until_) session->stream().expire();
      context_.log.flush();
    }
  }

  Server& server_;
  std::unique_ptr<asio::io_context> io_;
  tcp::acceptor acceptor_;
  asio::steady_timer sweeper_;
  SessionContext context_;
  TimePoint drain_until_ = TimePoint::max();
  std::list<std::unique_ptr<Session>> sessions_;
  std::thread thread_;
};

Server::Server(Parts parts, Answer answer, Options options)
    : parts_(parts),
      answer_(std::move(answer)),
      options_(std::move(options)),
      router_(parts.routes) {}

Server::~Server() { stop(std::chrono::milliseconds(0)); }

Result<std::unique_ptr<Server>> Server::start(Parts parts, Answer answer, Options options) {
  auto server = std::make_unique<Server>(parts, std::move(answer), std::move(options));
  if (!server->router_.problems().empty())
    return fail(Errc::internal, "route template: " + server->router_.problems().front());
  if (!server->options_.tls_certificate.empty()) {
    WAAG_TRY(server->tls_,
             make_tls_context(server->options_.tls_certificate, server->options_.tls_key));
  }
  WAAG_CHECK(server->listen());
  for (auto& thread : server->threads_) thread->start();
  return server;
}

Status Server::listen() {
  WAAG_TRY(auto endpoint, resolve(options_.listen));
  if (endpoint.port() != 0) WAAG_CHECK(check_is_free(endpoint));
  for (unsigned i = 0; i < std::max(options_.threads, 1u); ++i) {
    auto io = std::make_unique<asio::io_context>(1);
    WAAG_TRY(auto acceptor, bind_acceptor(*io, endpoint));
    boost::system::error_code error;
    port_ = acceptor.local_endpoint(error).port();
    endpoint.port(port_);  // the others join the first one's choice
    threads_.push_back(std::make_unique<Thread>(*this, std::move(acceptor), std::move(io)));
  }
  return ok();
}

void Server::stop(std::chrono::milliseconds drain) {
  const auto until = Steady::now() + drain;
  for (auto& thread : threads_) thread->begin_drain(until);
  for (auto& thread : threads_) thread->join();
  threads_.clear();
}

}  // namespace waag::daemon
