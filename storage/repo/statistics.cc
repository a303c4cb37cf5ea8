#include "storage/repo/statistics.h"

#include <algorithm>

#include "storage/pack/pack_file.h"

namespace waag::storage {
namespace {

constexpr std::chrono::seconds packs_age_max{1};

}  // namespace

Result<Store::Stats> Statistics::get() {
  Store::Stats stats;
  WAAG_TRY(const auto counts, rows_.counts());
  stats.repos = counts.repos;
  stats.blobs = counts.blobs;
  stats.logical_bytes = counts.logical_bytes;
  {
    // The steady clock: this is about load, not about time that anyone sees.
    const std::lock_guard lock(mutex_);
    if (std::chrono::steady_clock::now() >= good_until_) {
      WAAG_CHECK(measure_packs());
      good_until_ = std::chrono::steady_clock::now() + packs_age_max;
    }
    stats.packs = packs_;
    stats.pack_bytes = pack_bytes_;
  }
  WAAG_TRY(stats.free_bytes, reserve_.free_bytes());
  return stats;
}

Status Statistics::measure_packs() {
  std::map<std::filesystem::path, std::uint64_t> sealed;
  std::uint64_t packs = 0;
  std::uint64_t bytes = 0;
  WAAG_TRY(const auto folders, fs_.list(packs_folder_));
  for (const auto& folder : folders) {
    const auto names = fs_.list(packs_folder_ / folder);
    if (!names) continue;  // not a folder
    for (const auto& name : *names) {
      const auto pack = pack::parse_file_name(name);
      if (!pack) continue;
      const auto path = packs_folder_ / folder / name;
      const auto known = sealed_.find(path);
      std::uint64_t size = 0;
      if (known != sealed_.end()) {
        size = known->second;
      } else {
        const auto file = fs_.open(path, OpenMode::read);
        if (!file) continue;  // renamed on sealing, or collected
        WAAG_TRY(size, (*file)->size());
      }
      if (!pack->open) sealed.emplace(path, size);
      ++packs;
      bytes += size;
    }
  }
  sealed_ = std::move(sealed);
  packs_ = packs;
  pack_bytes_ = bytes;
  return ok();
}

}  // namespace waag::storage
