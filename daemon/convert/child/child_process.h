#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/convert/child/sandbox.h"
#include "protocol/result.h"

namespace waag::daemon {

/// What a child process is started with. It gets no environment, no descriptors but its own three,
/// no core dump, no new privileges, a sandbox and a process group of its own; it dies with the
/// daemon.
struct ChildOptions {
  std::filesystem::path program;
  std::vector<std::string> arguments;  // without the program's name
  std::string input;                   // all of its stdin
  std::filesystem::path folder;        // it works there
  std::chrono::milliseconds time_max{std::chrono::hours(24)};
  std::size_t line_bytes_max = 64u << 10;
  std::uint64_t file_bytes_max = 0;  // the largest file that it may write; 0: any
  Sandbox::Rules sandbox;            // besides these it sees its program and `folder`
};

/// How it ended by itself.
struct ChildEnd {
  int code = -1;           // its exit code; -1: a signal ended it
  int signal = 0;          // which one
  std::string error_text;  // the last lines of its stderr, without control characters
};

/// Takes a line of its stdout, without the line's end. An error ends the child.
using TakeLine = std::function<Status(std::string_view line)>;

/// Runs a child and all its descendants to their end: none of them is left when this returns.
/// Blocks; calls `take` on this thread.
/// @return Errc::not_found if there is no such program; unavailable if it could not be started or
///         `stop` came; deadline_exceeded after `time_max`; unprocessable if a line is too long;
///         what `take` said
Result<ChildEnd> run_child(const ChildOptions& options, const std::stop_token& stop,
                           const TakeLine& take);

}  // namespace waag::daemon
