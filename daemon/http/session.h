#pragma once

#include <functional>

#include "daemon/http/body_reader.h"
#include "daemon/http/body_writer.h"
#include "daemon/http/request_context.h"
#include "daemon/observe/log.h"
#include "daemon/observe/metrics.h"
#include "storage/os/clock.h"

namespace waag::daemon {

/// Answers a routed request; `answer` of daemon/auth/gate.h in the daemon, a test's own in a test.
using Answer = std::function<Task<Response>(const Route& route, Request request)>;

/// Limits of a connection. Source: RELIABILITY 3.3.
struct ConnectionLimits {
  std::chrono::milliseconds head{10'000};   // for a whole head, from its first byte
  std::chrono::milliseconds idle{75'000};   // between two requests
  std::chrono::milliseconds block{30'000};  // one wait within a body, either way
  std::chrono::milliseconds linger{2'000};  // one wait of a gentle close
  std::uint64_t floor_bytes_per_s = 1024;
  unsigned requests_max = 10'000;
};

/// Ids for requests that came without one: a random word and a count. Of one thread.
class RequestIds {
 public:
  explicit RequestIds(storage::Random& random);
  std::string next();

 private:
  std::string prefix_;
  std::uint64_t count_ = 0;
};

/// The Date header's text, made once a second. Of one thread.
class DateText {
 public:
  explicit DateText(storage::Clock& clock) : clock_(clock) {}
  std::string_view now();

 private:
  storage::Clock& clock_;
  std::chrono::seconds at_{-1};
  std::string text_;
};

/// What all sessions of a thread share. Outlives them.
struct SessionContext {
  const Router& router;
  const Answer& answer;
  const ConnectionLimits& limits;
  const std::string& public_url;
  SendPath send_path{SendPath::automatic};
  asio::thread_pool& blocking;
  Metrics& metrics;
  Log& log;
  RequestIds ids;
  DateText date;
  bool draining = false;  // no further request on any connection
};

/// One connection, from its first byte to its close. Lives on one thread; ended early by close().
class Session {
 public:
  Session(SessionContext& context, std::unique_ptr<Stream> stream, Peer peer)
      : context_(context), stream_(std::move(stream)), peer_(std::move(peer)) {}

  Task<void> run();
  /// Waiting for a request: nothing is lost by closing.
  [[nodiscard]] bool idle() const { return idle_; }
  Stream& stream() { return *stream_; }

 private:
  struct Exchange;  // one request and its reply
  Task<Result<std::size_t>> read_head();
  Task<bool> serve_one(std::size_t head_bytes);
  Task<void> refuse(const http::GuardVerdict& verdict);
  Task<Response> respond(Exchange& exchange, Inbound& inbound);
  Task<bool> reply(Exchange& exchange, Response response);
  void record(const Exchange& exchange, std::string_view error);
  [[nodiscard]] Pace body_pace() const;

  SessionContext& context_;
  std::unique_ptr<Stream> stream_;
  const Peer peer_;
  ReceiveBuffer received_;
  unsigned served_ = 0;
  bool idle_ = true;
};

}  // namespace waag::daemon
