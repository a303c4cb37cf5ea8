#pragma once

#include <mutex>

#include "storage/repo/reserve.h"
#include "storage/store.h"

namespace waag::storage {

/// Counts by a scan, and remembers the answer for a second or for twenty times as long as the scan
/// took, whichever is more: the load of being asked all the time is bounded by 5 %. Thread-safe.
class Statistics {
 public:
  Statistics(FileSystem& fs, const Reserve& reserve, RowStore& rows, PackSet& packs,
             std::filesystem::path packs_folder)
      : fs_(fs),
        reserve_(reserve),
        rows_(rows),
        packs_(packs),
        packs_folder_(std::move(packs_folder)) {}

  Result<Store::Stats> get();

 private:
  Result<Store::Stats> scan() const;

  FileSystem& fs_;
  const Reserve& reserve_;
  RowStore& rows_;
  PackSet& packs_;
  std::filesystem::path packs_folder_;
  std::mutex mutex_;
  Store::Stats last_;
  std::chrono::steady_clock::time_point good_until_{};
};

}  // namespace waag::storage
