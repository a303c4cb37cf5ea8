#include "storage/repo/statistics.h"

#include <algorithm>

#include "storage/meta/blob_rows.h"
#include "storage/meta/tables/table.h"

namespace waag::storage {
namespace {

constexpr std::chrono::seconds age_min{1};
constexpr int age_per_scan = 20;

}  // namespace

Result<Store::Stats> Statistics::get() {
  // The steady clock: this is about load, not about time that anyone sees.
  const std::lock_guard lock(mutex_);
  const auto begin = std::chrono::steady_clock::now();
  if (begin >= good_until_) {
    WAAG_TRY(last_, scan());
    const auto end = std::chrono::steady_clock::now();
    const std::chrono::steady_clock::duration least = age_min;
    good_until_ = end + std::max(least, age_per_scan * (end - begin));
  }
  WAAG_TRY(last_.free_bytes, reserve_.free_bytes());
  return last_;
}

Result<Store::Stats> Statistics::scan() const {
  Store::Stats stats;
  WAAG_CHECK(rows_.scan(keys::all('o'), "", [&](std::string_view, std::string_view) {
    ++stats.repos;
    return true;
  }));
  WAAG_CHECK(scan_rows(rows_, keys::all('b'), "", decode_manifest,
                       [&](std::string_view, const BlobManifest& manifest) {
                         ++stats.blobs;
                         stats.logical_bytes += manifest.size_bytes;
                         return true;
                       }));
  WAAG_TRY(const auto packs, packs_.list());
  stats.packs = packs.size();
  WAAG_TRY(const auto folders, fs_.list(packs_folder_));
  for (const auto& folder : folders) {
    const auto names = fs_.list(packs_folder_ / folder);
    if (!names) continue;  // not a folder
    for (const auto& name : *names) {
      const auto file = fs_.open(packs_folder_ / folder / name, OpenMode::read);
      if (!file) continue;  // renamed on sealing, or collected
      WAAG_TRY(const auto bytes, (*file)->size());
      stats.pack_bytes += bytes;
    }
  }
  return stats;
}

}  // namespace waag::storage
