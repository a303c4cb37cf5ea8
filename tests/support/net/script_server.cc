#include "tests/support/net/script_server.h"

#include <algorithm>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

namespace waag::testing {
namespace {

using namespace std::chrono_literals;

/// Every read and write of the server ends after this long.
constexpr int socket_limit_s = 15;
constexpr std::size_t head_bytes_max = 256 * 1024;

class PlainChannel final : public ScriptChannel {
 public:
  explicit PlainChannel(int fd) : fd_(fd) {}
  long read(char* out, std::size_t bytes) override { return ::recv(fd_, out, bytes, 0); }
  bool write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

 private:
  int fd_;
};

/// Reads until `buffer` holds `bytes` of body after its head, or a whole head if there is none yet.
bool read_request(ScriptChannel& channel, std::string& buffer, ScriptRequest& request) {
  char piece[16 * 1024];
  const auto more = [&] {
    const auto got = channel.read(piece, sizeof piece);
    if (got > 0) buffer.append(piece, static_cast<std::size_t>(got));
    return got > 0 && buffer.size() < head_bytes_max;
  };
  auto end = buffer.find("\r\n\r\n");
  for (; end == std::string::npos; end = buffer.find("\r\n\r\n"))
    if (!more()) return false;
  request.head = buffer.substr(0, end + 2);
  buffer.erase(0, end + 4);
  const auto first = request.head.find(' ');
  request.method = request.head.substr(0, first);
  request.target = request.head.substr(first + 1, request.head.find(' ', first + 1) - first - 1);
  const auto length = request.header("Content-Length");
  const std::size_t bytes = length.empty() ? 0 : std::stoul(length);
  while (buffer.size() < bytes)
    if (!more()) return false;
  request.body = buffer.substr(0, bytes);
  buffer.erase(0, bytes);
  return true;
}

}  // namespace

std::string ScriptRequest::header(std::string_view name) const {
  std::size_t at = head.find("\r\n");
  while (at != std::string::npos && at + 2 < head.size()) {
    const auto start = at + 2;
    const auto end = head.find("\r\n", start);
    const auto line = std::string_view(head).substr(start, end - start);
    const auto colon = line.find(':');
    const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
    if (colon == name.size() && std::ranges::equal(line.substr(0, colon), name, same))
      return std::string(line.substr(std::min(line.size(), colon + 2)));
    at = end;
  }
  return "";
}

bool ScriptPeer::send(std::string_view bytes) { return channel_.write(bytes); }

std::string http_reply(const std::string& status, const std::string& headers,
                       std::string_view body) {
  return "HTTP/1.1 " + status + "\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

void ScriptPeer::reply(const std::string& status, const std::string& headers,
                       std::string_view body) {
  keep_ = send(http_reply(status, headers, body));
}

void ScriptPeer::drip(std::string_view bytes, std::chrono::milliseconds every) {
  for (std::size_t i = 0; i < bytes.size() && !stopping_; ++i) {
    if (!send(bytes.substr(i, 1))) return;
    pause(every);
  }
}

void ScriptPeer::pause(std::chrono::milliseconds limit) const {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!stopping_ && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(
        5ms, std::max<std::chrono::nanoseconds>(1us, end - std::chrono::steady_clock::now())));
}

void ScriptPeer::reset() {
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  keep_ = false;
}

ScriptServer::ScriptServer(Handler handler, Wrap wrap)
    : handler_(std::move(handler)), wrap_(std::move(wrap)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::bind(listener_, raw, size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, raw, &size) != 0)
    throw std::runtime_error("no loopback socket");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptServer::~ScriptServer() {
  stopping_ = true;
  acceptor_.join();
  {
    const std::scoped_lock lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (auto& thread : threads_) thread.join();
  ::close(listener_);
}

std::vector<ScriptRequest> ScriptServer::requests() const {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

std::size_t ScriptServer::connections() const {
  const std::scoped_lock lock(mutex_);
  return threads_.size();
}

bool ScriptServer::wait_for_requests(std::size_t count) {
  std::unique_lock lock(mutex_);
  return came_.wait_for(lock, 10s, [&] { return requests_.size() >= count; });
}

void ScriptServer::accept_all() {
  while (!stopping_) {
    pollfd ready{listener_, POLLIN, 0};
    if (::poll(&ready, 1, 20) <= 0) continue;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const timeval limit{socket_limit_s, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    const std::scoped_lock lock(mutex_);
    open_.push_back(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void ScriptServer::serve(int fd) {
  sigset_t pipe;  // TLS writes without MSG_NOSIGNAL, and a client that hangs up is no accident here
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  auto channel = wrap_ ? wrap_(fd) : std::make_unique<PlainChannel>(fd);
  std::string buffer;
  while (channel && !stopping_) {
    ScriptRequest request;
    if (!read_request(*channel, buffer, request)) break;
    {
      const std::scoped_lock lock(mutex_);
      requests_.push_back(request);
    }
    came_.notify_all();
    ScriptPeer peer(fd, *channel, stopping_);
    handler_(peer, request);
    if (!peer.keep_) break;
  }
  channel.reset();
  const std::scoped_lock lock(mutex_);
  std::erase(open_, fd);
  ::close(fd);
}

}  // namespace waag::testing
