#pragma once

#include <filesystem>
#include <vector>

#include "protocol/result.h"

namespace waag::daemon {

/// What a child may touch of the machine: the system's programs and libraries, devices, what is
/// named here, and nothing else; no network, and no other process. It reads what strangers made,
/// and a fault of a parser must not become the hub's.
///
/// By Landlock (Linux 5.13) and seccomp; where the kernel has one of them not, without it: what the
/// child makes is checked all the same. Source: landlock(7), seccomp(2); RELIABILITY 3.2.9.
class Sandbox {
 public:
  struct Rules {
    std::vector<std::filesystem::path> readable,
        writable;  // with all below; absent ones are left out
  };
  /// In the parent: all that needs memory. Errc::unavailable
  static Result<Sandbox> make(const Rules& rules);
  Sandbox() = default;
  Sandbox(Sandbox&& other) noexcept;
  Sandbox& operator=(Sandbox&& other) noexcept;
  ~Sandbox();

  /// In the child, which has said that it wants no new privileges: for good. Only
  /// async-signal-safe calls. @return false if the kernel, which can, did not
  [[nodiscard]] bool enter() const noexcept;

 private:
  explicit Sandbox(int ruleset) : ruleset_(ruleset) {}
  int ruleset_ = -1;  // -1: the kernel has no Landlock
};

}  // namespace waag::daemon
