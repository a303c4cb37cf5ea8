#pragma once

#include <map>
#include <mutex>

#include "storage/repo/reserve.h"
#include "storage/store.h"

namespace waag::storage {

/// Cheap however large the store is: rows count themselves (RowStore::counts), and the size of a
/// sealed pack is asked for once. Listing the packs is what is left: done once a second at most.
/// Thread-safe.
class Statistics {
 public:
  Statistics(FileSystem& fs, const Reserve& reserve, RowStore& rows,
             std::filesystem::path packs_folder)
      : fs_(fs), reserve_(reserve), rows_(rows), packs_folder_(std::move(packs_folder)) {}

  Result<Store::Stats> get();

 private:
  Status measure_packs();

  FileSystem& fs_;
  const Reserve& reserve_;
  RowStore& rows_;
  std::filesystem::path packs_folder_;
  std::mutex mutex_;  // what follows
  std::map<std::filesystem::path, std::uint64_t> sealed_;
  std::uint64_t packs_ = 0;
  std::uint64_t pack_bytes_ = 0;
  std::chrono::steady_clock::time_point good_until_{};
};

}  // namespace waag::storage
