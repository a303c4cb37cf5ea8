#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cli/http.h"

namespace waag::cli {

/// What a command ends with; stable, scripts rely on it.
enum ExitCode : int {
  exit_ok = 0,
  exit_refused = 1,      // the hub answered with an error
  exit_usage = 2,        // wrong command line
  exit_unreachable = 3,  // no answer
};

/// Everything a command line touches, so that tests need no process, socket or environment.
struct World {
  Http& http;
  std::ostream& out;
  std::ostream& err;
  std::istream& in;
  std::function<std::optional<std::string>(const std::string&)> environment;
  unsigned columns = 0;  // of the terminal that `out` is; 0: it is none
  std::function<void(std::chrono::milliseconds)> sleep = [](auto time) {
    std::this_thread::sleep_for(time);
  };
  /// Of a clock that only goes forward.
  std::function<std::chrono::milliseconds()> now = [] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
  };
};

/// Runs `waag ARGS...` (without the program's name). @return an ExitCode
int run(std::vector<std::string> args, const World& world);

}  // namespace waag::cli
