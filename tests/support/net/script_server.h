#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace waag::testing {

/// How bytes of one connection travel: a plain socket, or TLS of the test's own.
class ScriptChannel {
 public:
  virtual ~ScriptChannel() = default;
  virtual long read(char* out, std::size_t bytes) = 0;  // <= 0: the end
  virtual bool write(std::string_view bytes) = 0;
};

struct ScriptRequest {
  std::string method;
  std::string target;
  std::string head;
  std::string body;
  [[nodiscard]] std::string header(std::string_view name) const;  // "" if absent
};

/// One connection as a handler sees it.
class ScriptPeer {
 public:
  ScriptPeer(int fd, ScriptChannel& channel, const std::atomic<bool>& stopping)
      : fd_(fd), channel_(channel), stopping_(stopping) {}
  /// @return false if the client is gone
  bool send(std::string_view bytes);
  /// "HTTP/1.1 <status>" with headers ("Name: value\r\n"...) and Content-Length; the connection
  /// can take another request.
  void reply(const std::string& status, const std::string& headers, std::string_view body);
  /// One byte at a time; ends when the client leaves or the server stops.
  void drip(std::string_view bytes, std::chrono::milliseconds every);
  /// At most `limit`, less if the server stops.
  void pause(std::chrono::milliseconds limit) const;
  void reset();                       // the client sees RST
  void keep_open() { keep_ = true; }  // after the handler another request is read

 private:
  friend class ScriptServer;
  int fd_;
  ScriptChannel& channel_;
  const std::atomic<bool>& stopping_;
  bool keep_ = false;
};

/// A server on a free loopback port whose replies are raw bytes of the test's own. One thread a
/// connection; all end with the server.
class ScriptServer {
 public:
  using Handler = std::function<void(ScriptPeer&, const ScriptRequest&)>;
  using Wrap = std::function<std::unique_ptr<ScriptChannel>(int fd)>;

  /// @param wrap  what speaks on an accepted socket; none: the socket itself
  explicit ScriptServer(Handler handler, Wrap wrap = {});
  ~ScriptServer();
  ScriptServer(const ScriptServer&) = delete;
  ScriptServer& operator=(const ScriptServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string origin() const {  // "http://127.0.0.1:port"
    return "http://127.0.0.1:" + std::to_string(port_);
  }
  [[nodiscard]] std::vector<ScriptRequest> requests() const;
  [[nodiscard]] std::size_t connections() const;
  /// Waits until so many requests have come. @return false after 10 s
  bool wait_for_requests(std::size_t count);

 private:
  void accept_all();
  void serve(int fd);

  Handler handler_;
  Wrap wrap_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::vector<ScriptRequest> requests_;
  std::vector<int> open_;  // sockets of running connections
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// "HTTP/1.1 200 OK" with its length.
std::string http_reply(const std::string& status, const std::string& headers,
                       std::string_view body);

}  // namespace waag::testing
