#include "storage/pack/damaged_records.h"

#include <numeric>

namespace waag::storage {

bool DamagedRecords::add(const RecordPlace& at) {
  const std::lock_guard lock(mutex_);
  if (records_.contains(at)) return true;
  if (records_.size() == records_max) return false;
  records_.insert(at);
  any_ = true;
  return true;
}

void DamagedRecords::remove(const RecordPlace& at) {
  const std::lock_guard lock(mutex_);
  records_.erase(at);
  any_ = !records_.empty() || !lost_.empty();
}

void DamagedRecords::add_lost(PackId pack) {
  const std::lock_guard lock(mutex_);
  lost_.insert(pack);
  any_ = true;
}

bool DamagedRecords::contains(const RecordPlace& at) const {
  if (empty()) return false;
  const std::lock_guard lock(mutex_);
  return lost_.contains(at.pack) || records_.contains(at);
}

std::vector<std::uint32_t> DamagedRecords::within(PackId pack, std::uint32_t first_record,
                                                  std::uint32_t records) const {
  std::vector<std::uint32_t> found;
  if (empty()) return found;
  const std::lock_guard lock(mutex_);
  if (lost_.contains(pack)) {
    found.resize(records);
    std::iota(found.begin(), found.end(), first_record);
    return found;
  }
  for (auto at = records_.lower_bound({pack, first_record});
       at != records_.end() && at->pack == pack && at->record - first_record < records; ++at)
    found.push_back(at->record);
  return found;
}

}  // namespace waag::storage
