#pragma once

#include <map>
#include <vector>

#include "storage/meta/blob_rows.h"

namespace waag::storage {

/// Which records of which packs, as stretches: a file of a million chunks takes a few, as they were
/// written one after the other.
class RecordSet {
 public:
  /// First and past the last record of a stretch. Of one pack they neither overlap nor touch.
  using Stretches = std::map<std::uint64_t, std::uint64_t>;

  void add(const RecordRun& run);
  /// Adds those records of `run` that `other` has too.
  void add_common(const RecordSet& other, const RecordRun& run);

  [[nodiscard]] const std::map<PackId, Stretches>& packs() const { return packs_; }

 private:
  void add(PackId pack, std::uint64_t begin, std::uint64_t end);

  std::map<PackId, Stretches> packs_;
};

}  // namespace waag::storage
