#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "storage/os/clock.h"

namespace waag::daemon {

enum class LogLevel : std::uint8_t { debug, info, warn, error };

/// One event. Written as the keys ts level event request_id route repo revision status bytes ms
/// err, in that order; empty ones are left out (STYLE 8).
struct LogLine {
  LogLevel level{LogLevel::info};
  std::string_view event;    // a fixed name: "request", "ready", "blob_failed"
  std::string_view address;  // of "ready" only: where the hub listens
  std::string_view request_id;
  std::string_view route;
  std::string_view repo;
  std::string_view revision;
  std::optional<unsigned> status;
  std::optional<std::uint64_t> bytes;
  std::optional<double> ms;
  std::string_view err;
};

/// Formats events and hands them to a sink, in blocks: a line reaches the sink at once from `warn`
/// up, else with flush() or when the block is full. Control characters are escaped; what looks like
/// a token or a signature is masked, whoever put it there. Thread-safe.
class Log {
 public:
  using Sink = std::function<void(std::string_view block)>;
  struct Options {
    LogLevel least{LogLevel::info};
    bool json = false;
  };
  Log(storage::Clock& clock, Options options, Sink sink);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void write(const LogLine& line);
  void flush();
  [[nodiscard]] bool wants(LogLevel level) const { return level >= options_.least; }

 private:
  storage::Clock& clock_;
  const Options options_;
  const Sink sink_;
  std::mutex mutex_;
  std::string block_;
};

/// Writes to the process's standard error; short writes are continued, errors ignored (there is
/// nowhere left to report them).
Log::Sink standard_error_sink();

}  // namespace waag::daemon
