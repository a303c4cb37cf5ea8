#pragma once

#include <atomic>
#include <mutex>
#include <set>
#include <vector>

#include "storage/pack/location.h"

namespace waag::storage {

/// Records whose bytes failed a check. They are read all the same when somebody asks, but nothing
/// new may refer to them: bytes that come again are stored again. Thread-safe.
class DamagedRecords {
 public:
  /// Some 20 MB of memory, or 16 GB of chunks. More are forgotten until they are read again: a disk
  /// that lost so much needs its backup.
  static constexpr std::size_t records_max = 1u << 18;

  /// @return whether it is remembered
  bool add(const RecordPlace& at);
  /// A record that proved good after all.
  void remove(const RecordPlace& at);
  /// All records of a pack whose file is gone.
  void add_lost(PackId pack);
  /// Costs one load while there are none.
  [[nodiscard]] bool contains(const RecordPlace& at) const;
  /// Those of a run of records, ascending.
  [[nodiscard]] std::vector<std::uint32_t> within(PackId pack, std::uint32_t first_record,
                                                  std::uint32_t records) const;
  [[nodiscard]] bool empty() const { return !any_; }

 private:
  std::atomic<bool> any_{false};
  mutable std::mutex mutex_;
  std::set<RecordPlace> records_;
  std::set<PackId> lost_;
};

}  // namespace waag::storage
