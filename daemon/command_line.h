#pragma once

#include "daemon/config_load.h"

namespace waag::daemon {

enum class Command : std::uint8_t {
  serve,
  fsck,
  rebuild_index,
  print_config,
  print_config_doc,
  print_api,
  done,  // --help and the like: `text` was all
};

/// What the process was asked to do.
struct CommandLine {
  Command command{Command::serve};
  bool repair = false;  // fsck --repair
  LoadedConfig loaded;
  std::string text;  // of `done`
};

/// Reads flags, then the file that --config names (or ./waag.toml if it is there), then the
/// environment, and lets flag > environment > file > default win.
///
/// @param arguments  without the program's name
/// @return Errc::invalid_argument with a text for the user
Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments,
                                       const Environment& environment);

}  // namespace waag::daemon
