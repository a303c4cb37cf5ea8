#pragma once

#include <filesystem>
#include <vector>

#include "protocol/result.h"

namespace waag::convert {

/// What the process may still touch once it is closed in.
struct SandboxPaths {
  std::vector<std::filesystem::path> read;   // files, and folders with all below them
  std::vector<std::filesystem::path> write;  // folders: reading, writing, making, renaming below
  /// Device nodes, or folders of them: reading, writing and control.
  std::vector<std::filesystem::path> devices;
};

/// Closes this process in, for good: files only as `paths` says (Landlock), no sockets, no other
/// programs, none of the system calls that a converter has no use for (seccomp, an allow-list), no
/// new privileges, no core dump with weights in it (RELIABILITY 3.2.9). To be called before there
/// are threads.
/// @return Errc::unavailable if the kernel has no Landlock or refuses: the caller does not go on
Status enter_sandbox(const SandboxPaths& paths);

/// The same in two steps, for a process that opens a device between them, whose driver makes
/// threads. Neither reads anything from outside before the second.
Status close_files(const SandboxPaths& paths);  // to be called before there are threads
/// Of all threads. The calls that a device's driver makes while it works are left to it: control of
/// what is open, events and memory; no sockets, programs or processes.
Status close_calls_beside_device();

}  // namespace waag::convert
