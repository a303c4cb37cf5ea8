#include "daemon/mirror/fill/stretch_plan.h"

#include <algorithm>

namespace waag::daemon {
namespace {

using Gap = std::function<std::optional<Stretch>(std::uint64_t, std::uint64_t)>;

std::optional<std::size_t> covering(const std::vector<ActiveStretch>& active, std::uint64_t at) {
  for (std::size_t i = 0; i < active.size(); ++i)
    if (active[i].at <= at && at < active[i].end) return i;
  return std::nullopt;
}

/// The first stretch within `range` that is missing and that no transfer brings.
std::optional<Stretch> uncovered(const Gap& gap, const std::vector<ActiveStretch>& active,
                                 Stretch range) {
  for (auto at = range.begin; at < range.end;) {
    auto missing = gap(at, range.end);
    if (!missing) return std::nullopt;
    if (const auto owner = covering(active, missing->begin)) {
      at = active[*owner].end;
      continue;
    }
    for (const auto& other : active)
      if (other.at > missing->begin) missing->end = std::min(missing->end, other.at);
    return missing;
  }
  return std::nullopt;
}

}  // namespace

std::optional<NextStretch> next_stretch(const Gap& gap, const std::vector<ActiveStretch>& active,
                                        const std::vector<Stretch>& wanted,
                                        std::uint64_t size_bytes, std::uint64_t stretch_bytes_max) {
  const auto cut = [&](Stretch stretch) {
    return Stretch{stretch.begin, std::min(stretch.end, stretch.begin + stretch_bytes_max)};
  };
  for (const auto& range : wanted) {
    const auto missing = gap(range.begin, range.end);
    if (!missing) continue;
    const auto owner = covering(active, missing->begin);
    if (!owner) {
      if (const auto free = uncovered(gap, active, {missing->begin, range.end}))
        return NextStretch{cut(*free), std::nullopt, true};
      continue;
    }
    const auto& transfer = active[*owner];
    if (missing->begin > std::max(transfer.at + lead_bytes_min, transfer.soon))
      return NextStretch{{missing->begin, transfer.end}, owner, true};
  }
  const auto front = uncovered(gap, active, {0, size_bytes});
  if (!front) return std::nullopt;
  return NextStretch{cut(*front)};
}

}  // namespace waag::daemon
