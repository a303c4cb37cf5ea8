#include <exception>
#include <optional>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include "daemon/http/net/stream.h"

namespace waag::daemon {
namespace {

/// A stream and its peer over loopback.
struct Pair {
  asio::io_context io;
  Socket peer{io};
  std::unique_ptr<Stream> stream;
  Pace pace;

  Pair() {
    pace.wait_limit = std::chrono::hours(1);
    asio::ip::tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
    peer.connect(acceptor.local_endpoint());
    peer.set_option(asio::ip::tcp::no_delay(true));
    stream = make_plain_stream(acceptor.accept());
  }
  void send(std::size_t bytes) { asio::write(peer, asio::buffer(std::string(bytes, 'x'))); }

  /// Runs what is ready until `done`, at most for seconds.
  template <class Done>
  bool until(Done done) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done() && std::chrono::steady_clock::now() < limit) {
      io.restart();
      io.run_one_for(std::chrono::milliseconds(10));
    }
    return done();
  }
};

using Read = std::optional<Result<std::size_t>>;

/// What a read of `buffer` gave, once it is there.
struct Reading {
  Bytes buffer;
  Read got;

  Reading(Pair& pair, std::size_t bytes, bool full) : buffer(bytes) {
    asio::co_spawn(pair.io, run(pair, *this, full), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
    pair.io.poll();
  }
  static Task<void> run(Pair& pair, Reading& self, bool full) {
    if (full)
      self.got = co_await pair.stream->read_full(self.buffer, pair.pace);
    else
      self.got = co_await pair.stream->read_some(self.buffer, pair.pace);
  }
};

}  // namespace

TEST_CASE("plain_stream: a full read sleeps until much came, a plain one does not",
          "[daemon][plain_stream]") {
  Pair pair;
  Reading full(pair, 1000, true);
  pair.send(400);
  pair.io.run_for(std::chrono::milliseconds(50));
  CHECK_FALSE(full.got);
  pair.send(600);
  REQUIRE(pair.until([&] { return full.got.has_value(); }));
  CHECK(**full.got == 1000);

  Reading some(pair, 1000, false);
  pair.send(1);
  REQUIRE(pair.until([&] { return some.got.has_value(); }));
  CHECK(**some.got == 1);
}

TEST_CASE("plain_stream: a full read ends with the peer's stream", "[daemon][plain_stream]") {
  Pair pair;
  Reading full(pair, 1000, true);
  pair.send(7);
  pair.peer.shutdown(Socket::shutdown_send);
  REQUIRE(pair.until([&] { return full.got.has_value(); }));
  CHECK(**full.got == 7);
}

TEST_CASE("plain_stream: who sends little in a wait's time is not cut, who sends nothing is",
          "[daemon][plain_stream]") {
  Pair pair;
  Reading full(pair, 1000, true);
  pair.send(10);
  pair.io.run_for(std::chrono::milliseconds(50));
  pair.stream->expire();  // as the sweeper does when a wait is over its limit
  pair.io.run_for(std::chrono::milliseconds(50));
  CHECK_FALSE(full.got);
  pair.stream->expire();
  REQUIRE(pair.until([&] { return full.got.has_value(); }));
  REQUIRE_FALSE(full.got->has_value());
  CHECK(full.got->error().code == Errc::deadline_exceeded);
}

TEST_CASE("plain_stream: a peer below the floor over a whole window is told from a slow one",
          "[daemon][plain_stream]") {
  Pace pace;
  pace.floor_bytes_per_s = 1024;
  for (int i = 0; i < 29; ++i) CHECK(pace.keeps_up(std::chrono::seconds(1), 1));
  CHECK_FALSE(pace.keeps_up(std::chrono::seconds(1), 1));

  Pace steady;
  steady.floor_bytes_per_s = 1024;
  for (int i = 0; i < 100; ++i) CHECK(steady.keeps_up(std::chrono::seconds(1), 1024));

  Pace none;
  CHECK(none.keeps_up(std::chrono::hours(1), 0));
}

TEST_CASE("plain_stream: time that nobody waited does not count", "[daemon][plain_stream]") {
  Pace pace;
  pace.floor_bytes_per_s = 1024;
  for (int i = 0; i < 1000; ++i) CHECK(pace.keeps_up({}, 1));
}

}  // namespace waag::daemon
