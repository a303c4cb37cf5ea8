#include "storage/fill/intervals.h"

#include <algorithm>
#include <iterator>

namespace waag::storage {

void Intervals::add(Stretch stretch) {
  if (stretch.begin >= stretch.end) return;
  auto at = stretches_.upper_bound(stretch.begin);
  if (at != stretches_.begin() && std::prev(at)->second >= stretch.begin) --at;
  while (at != stretches_.end() && at->first <= stretch.end) {
    stretch.begin = std::min(stretch.begin, at->first);
    stretch.end = std::max(stretch.end, at->second);
    bytes_ -= at->second - at->first;
    at = stretches_.erase(at);
  }
  stretches_[stretch.begin] = stretch.end;
  bytes_ += stretch.size();
}

std::uint64_t Intervals::end_from(std::uint64_t at) const {
  const auto after = stretches_.upper_bound(at);
  if (after == stretches_.begin()) return at;
  return std::max(at, std::prev(after)->second);
}

std::optional<Stretch> Intervals::gap(std::uint64_t at, std::uint64_t end) const {
  const auto begin = end_from(at);
  if (begin >= end) return std::nullopt;
  const auto next = stretches_.upper_bound(begin);
  return Stretch{begin, next == stretches_.end() ? end : std::min(end, next->first)};
}

}  // namespace waag::storage
