#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/ids.h"

/// What a client asks of git-receive-pack before its pack. Source: git, gitprotocol-pack(5).
namespace waag::git {

/// Refs moved by one push, and the bytes that name them.
inline constexpr std::size_t push_commands_max = 10'000;
inline constexpr std::size_t push_head_bytes_max = 4u << 20;

/// A ref's move; a zero id stands for "no ref".
struct RefCommand {
  GitId from;
  GitId to;
  std::string name;  // full

  [[nodiscard]] bool creates() const { return from.is_zero(); }
  [[nodiscard]] bool deletes() const { return to.is_zero(); }
};

struct PushRequest {
  std::vector<RefCommand> commands;
  bool report_status = false;  // also for its second version
  bool side_band_64k = false;
  bool atomic = false;

  /// A push that only deletes brings no pack.
  [[nodiscard]] bool brings_pack() const;
};

/// Reads the lines up to the flush. @return Errc::invalid_argument if they are malformed or name a
/// ref twice
Result<PushRequest> parse_push(std::string_view head);

/// One command's outcome: refused if there is a reason.
struct RefReport {
  std::string name;
  std::string reason;
};

/// The report of a push. @param unpack_error  "" if the pack was taken
std::string push_report(std::string_view unpack_error, const std::vector<RefReport>& refs);

}  // namespace waag::git
