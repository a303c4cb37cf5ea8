#include "storage/journal/extent_set.h"

#include <algorithm>
#include <iterator>

namespace waag::storage::journal {
namespace {

bool continues(const PackExtent& first, const PackExtent& second) {
  return first.end == second.begin && first.first_record + first.records == second.first_record;
}

}  // namespace

void ExtentSet::add(const PackExtent& extent) {
  auto& pack = packs_[extent.pack];
  auto joined = extent;
  auto next = pack.lower_bound(joined.begin);
  if (next != pack.begin()) {
    const auto before = std::prev(next);
    if (before->second.end >= joined.end) return;  // a retried transaction names it again
    if (continues(before->second, joined)) {
      joined.begin = before->second.begin;
      joined.first_record = before->second.first_record;
      joined.records += before->second.records;
      pack.erase(before);
    }
  }
  while (next != pack.end() && next->second.end <= joined.end) next = pack.erase(next);
  if (next != pack.end() && next->second.begin == joined.begin) return;  // held by a longer one
  if (next != pack.end() && continues(joined, next->second)) {
    joined.end = next->second.end;
    joined.records += next->second.records;
    pack.erase(next);
  }
  pack.emplace(joined.begin, joined);
}

std::vector<PackExtent> ExtentSet::extents() const {
  std::vector<PackExtent> all;
  for (const auto& [pack, extents] : packs_)
    for (const auto& [begin, extent] : extents) all.push_back(extent);
  return all;
}

}  // namespace waag::storage::journal
