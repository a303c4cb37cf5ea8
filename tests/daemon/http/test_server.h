#pragma once

#include <array>
#include <atomic>
#include <string>
#include <utility>

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/http/net/server.h"

/// A real server on a free loopback port with routes of the test's own, and a client that speaks
/// raw bytes to it.
namespace waag::daemon::testing {

/// Every read of the client ends after this long: a test that waits for nothing fails, not hangs.
constexpr int client_limit_s = 20;

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit{client_limit_s, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~RawClient() { ::close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// Sends what the peer still takes; a peer that has closed is no failure of the client.
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void end_of_sending() { ::shutdown(fd_, SHUT_WR); }

  struct Reply {
    unsigned status = 0;  // 0: the connection ended before a head came
    std::string head;
    std::string body;
    [[nodiscard]] std::string header(const std::string& name) const {
      const auto at = head.find("\r\n" + name + ": ");
      if (at == std::string::npos) return "";
      const auto start = at + name.size() + 4;
      return head.substr(start, head.find("\r\n", start) - start);
    }
  };
  /// The next reply; its body is as long as announced, or shorter if the connection ended.
  Reply reply(bool head_only = false) {
    Reply reply;
    auto end = std::string::npos;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos)
      if (!receive()) return reply;
    reply.head = received_.substr(0, end + 4);
    received_.erase(0, end + 4);
    reply.status = static_cast<unsigned>(std::stoul(reply.head.substr(9, 3)));
    const auto length = reply.header("Content-Length");
    const std::size_t bytes = length.empty() || head_only ? 0 : std::stoul(length);
    while (received_.size() < bytes && receive()) {
    }
    reply.body = received_.substr(0, bytes);
    received_.erase(0, bytes);
    return reply;
  }
  Reply ask(std::string_view request, bool head_only = false) {
    send(request);
    return reply(head_only);
  }
  /// Everything that still comes until the peer closes.
  std::string rest() {
    while (receive()) {
    }
    return std::exchange(received_, {});
  }
  /// The peer has closed and sent nothing more.
  bool at_end() { return received_.empty() && !receive() && !timed_out_; }

 private:
  bool receive() {
    std::array<char, 65536> block{};
    const auto got = ::recv(fd_, block.data(), block.size(), 0);
    timed_out_ = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (got > 0) received_.append(block.data(), static_cast<std::size_t>(got));
    return got > 0;
  }
  int fd_;
  bool timed_out_ = false;
  std::string received_;
};

inline std::string get(std::string_view path, std::string_view headers = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: hub\r\n" + std::string(headers) + "\r\n";
}

/// Owns a server and what it needs.
class TestServer {
 public:
  TestServer(std::span<const Route> routes, Answer answer, Server::Options options = {})
      : metrics(routes), log(storage::system_clock(), {LogLevel::debug, false}, [this](auto text) {
          log_text += text;
        }) {
    options.listen = {"127.0.0.1", 0};
    if (options.sweep == std::chrono::milliseconds(250))
      options.sweep = std::chrono::milliseconds(10);
    const Server::Parts parts{routes,  pool, storage::system_clock(), storage::system_random(),
                              metrics, log};
    auto counted = [this, answer = std::move(answer)](const Route& route, Request request) {
      ++handled;
      return answer(route, std::move(request));
    };
    auto started = Server::start(parts, std::move(counted), std::move(options));
    REQUIRE(started);
    server = *std::move(started);
  }
  ~TestServer() {
    server.reset();
    pool.join();
  }
  [[nodiscard]] RawClient client() const { return RawClient(server->port()); }

  std::atomic<int> handled{0};  // requests that reached a handler
  asio::thread_pool pool{2};
  std::string log_text;  // to be read after stop()
  Metrics metrics;
  Log log;
  std::unique_ptr<Server> server;
};

}  // namespace waag::daemon::testing
