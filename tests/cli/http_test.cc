#include "cli/http.h"

#include <array>
#include <fstream>
#include <thread>

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/temp_folder.h"

using namespace waag::cli;

namespace {

/// Answers one request on a free loopback port with fixed bytes, then closes.
class OneReply {
 public:
  /// @param seen   gets the request, if that is not null, as soon as it ends with `until`
  explicit OneReply(std::string bytes, std::string* seen = nullptr, std::string until = {})
      : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener_, plain, size) == 0);
    REQUIRE(::listen(listener_, 1) == 0);
    REQUIRE(::getsockname(listener_, plain, &size) == 0);
    url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
    const timeval limit{20, 0};  // of accept: a client that never comes must not hang the test
    ::setsockopt(listener_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    thread_ = std::thread([this, bytes = std::move(bytes), seen, until = std::move(until), limit] {
      const int peer = ::accept(listener_, nullptr, nullptr);
      if (peer < 0) return;
      std::array<char, 4096> request{};
      ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
      std::string all;
      do {
        const auto got = ::recv(peer, request.data(), request.size(), 0);
        if (got <= 0) break;
        all.append(request.data(), static_cast<std::size_t>(got));
      } while (seen != nullptr && !all.ends_with(until));
      if (seen != nullptr) *seen = all;
      (void)!::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ::close(peer);
    });
  }
  ~OneReply() {
    thread_.join();
    ::close(listener_);
  }
  OneReply(const OneReply&) = delete;
  OneReply& operator=(const OneReply&) = delete;
  std::string url;

 private:
  int listener_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("http: a stream is handed over, an error's body is not", "[cli][http]") {
  CurlHttp http;
  HttpRequest request;
  std::string got;
  const auto take = [&got](std::string_view bytes) {
    got += bytes;
    return got != "enough";
  };
  const auto ask = [&](const std::string& head, const std::string& body) {
    got.clear();
    const OneReply peer("HTTP/1.1 " + head + "\r\nConnection: close\r\n\r\n" + body);
    request.url = peer.url;
    return http.stream(request, take);
  };
  const auto good = ask("200 OK\r\nTransfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n");
  REQUIRE(good);
  CHECK(good->status == 200);
  CHECK(good->body.empty());
  CHECK(got == "abc");
  const auto cut = ask("200 OK\r\nTransfer-Encoding: chunked", "3\r\nabc\r\n9\r\nd");
  REQUIRE_FALSE(cut);
  CHECK(cut.error().code == waag::Errc::unavailable);
  CHECK(got.starts_with("abc"));
  const auto left = ask("200 OK\r\nContent-Length: 100", "enough");
  REQUIRE(left);
  CHECK(left->status == 200);
  const auto refused = ask("404 Not Found\r\nContent-Length: 2", "no");
  REQUIRE(refused);
  CHECK(refused->status == 404);
  CHECK(refused->body == "no");
  CHECK(got.empty());
}

TEST_CASE("http: a file is sent as it is read", "[cli][http]") {
  const waag::testing::TempFolder folder;
  const auto path = folder.path() / "w.bin";
  const std::string content("\0weights\n", 9);
  std::ofstream(path, std::ios::binary) << content;
  CurlHttp http;
  HttpRequest request;
  request.method = "PUT";
  request.file = path.string();
  request.headers = {{"X-Waag", "1"}};
  std::string seen;
  {
    const OneReply peer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
                        &seen, content);
    request.url = peer.url;
    const auto reply = http.send(request);
    REQUIRE(reply);
    CHECK(reply->status == 200);
  }
  CHECK(seen.starts_with("PUT / HTTP/1.1\r\n"));
  CHECK(seen.find("\r\nContent-Length: 9\r\n") != std::string::npos);
  CHECK(seen.find("\r\nX-Waag: 1\r\n") != std::string::npos);
  CHECK(seen.find("Authorization") == std::string::npos);
  CHECK(seen.ends_with("\r\n\r\n" + content));
  request.file = (folder.path() / "none").string();
  CHECK_FALSE(http.send(request));
}

TEST_CASE("http: next of a Link header", "[cli][http]") {
  CHECK(next_of_link(R"( <http://h/a?cursor=x>; rel="next")") == "http://h/a?cursor=x");
  CHECK(next_of_link(R"(<http://h/p>; rel="prev", <http://h/n>; rel="next")") == "http://h/n");
  CHECK(next_of_link(R"(<http://h/p>; rel="prev")").empty());
  CHECK(next_of_link("").empty());
  CHECK(next_of_link("<http://h/p").empty());
}

TEST_CASE("http: a path segment is encoded byte for byte", "[cli][http]") {
  CHECK(encode_segment("aZ0-._~") == "aZ0-._~");
  CHECK(encode_segment("a/b c+%") == "a%2Fb%20c%2B%25");
  CHECK(encode_segment("\xC3\xA9") == "%C3%A9");
}

TEST_CASE("http: nobody there is an error, not a reply", "[cli][http]") {
  CurlHttp http;
  HttpRequest request;
  request.url = "http://127.0.0.1:1/";  // port 1 (tcpmux) has no listener on a test machine
  const auto reply = http.send(request);
  REQUIRE_FALSE(reply);
  CHECK(reply.error().code == waag::Errc::unavailable);
  request.url = "file:///etc/hostname";
  CHECK_FALSE(http.send(request));
}
