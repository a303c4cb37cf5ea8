#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "storage/fill/intervals.h"

namespace waag::daemon {

using storage::Stretch;

/// A transfer under way: what it has still to bring.
struct ActiveStretch {
  std::uint64_t at = 0;
  std::uint64_t end = 0;
  std::uint64_t soon = 0;  // where it will be in a moment, at its pace
};

/// What is asked of a fill that no transfer brings yet.
struct NextStretch {
  Stretch stretch;
  /// The transfer that would come there in a long while: it ends where the stretch begins.
  std::optional<std::size_t> shortened{};
  bool wanted = false;  // by a reader
};

/// A transfer that is so near is never cut short: what it has just brought may not be counted yet,
/// and as much may be on the wire.
inline constexpr std::uint64_t lead_bytes_min = 1u << 20;

/// Picks what to fetch next: first what readers want, in the order in which they came, then the
/// front of the file.
/// @param gap  the first missing stretch at or behind `at` and before `end`
/// @param stretch_bytes_max  the longest that one transfer is given
/// @return nullopt if all that is missing is on its way
std::optional<NextStretch> next_stretch(
    const std::function<std::optional<Stretch>(std::uint64_t at, std::uint64_t end)>& gap,
    const std::vector<ActiveStretch>& active, const std::vector<Stretch>& wanted,
    std::uint64_t size_bytes, std::uint64_t stretch_bytes_max);

}  // namespace waag::daemon
