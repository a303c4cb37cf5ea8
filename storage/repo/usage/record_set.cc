#include "storage/repo/usage/record_set.h"

#include <algorithm>

namespace waag::storage {

void RecordSet::add(const RecordRun& run) {
  add(run.pack, run.first_record, std::uint64_t{run.first_record} + run.records);
}

void RecordSet::add_common(const RecordSet& other, const RecordRun& run) {
  const auto pack = other.packs_.find(run.pack);
  if (pack == other.packs_.end()) return;
  const std::uint64_t begin = run.first_record;
  const auto end = begin + run.records;
  auto at = pack->second.upper_bound(begin);
  if (at != pack->second.begin()) --at;  // may reach into the run from before
  for (; at != pack->second.end() && at->first < end; ++at)
    add(run.pack, std::max(begin, at->first), std::min(end, at->second));
}

void RecordSet::add(PackId pack, std::uint64_t begin, std::uint64_t end) {
  if (begin >= end) return;
  auto& stretches = packs_[pack];
  auto at = stretches.upper_bound(begin);
  if (at != stretches.begin() && std::prev(at)->second >= begin) --at;
  while (at != stretches.end() && at->first <= end) {
    begin = std::min(begin, at->first);
    end = std::max(end, at->second);
    at = stretches.erase(at);
  }
  stretches.emplace(begin, end);
}

}  // namespace waag::storage
