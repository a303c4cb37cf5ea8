#pragma once

#include <map>
#include <vector>

#include "storage/pack/location.h"

namespace waag::storage::journal {

/// Journaled extents, joined where one ends as the next begins: some entries a pack, however many
/// transactions wrote it.
class ExtentSet {
 public:
  void add(const PackExtent& extent);
  /// Sorted by pack and offset, no two adjacent.
  [[nodiscard]] std::vector<PackExtent> extents() const;

 private:
  std::map<PackId, std::map<std::uint32_t, PackExtent>> packs_;  // by begin
};

}  // namespace waag::storage::journal
