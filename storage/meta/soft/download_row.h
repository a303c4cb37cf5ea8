#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/result.h"

namespace waag::storage {

/// How often a repo was downloaded: in all, and on each of the last days.
struct DownloadRow {
  /// Days that `downloads` counts. Source: HUB_API 4.1 (downloads of the last 30 days).
  static constexpr std::uint64_t days_kept = 30;

  struct Day {
    std::uint64_t day = 0;  // since 1970, UTC
    std::uint64_t count = 0;
    bool operator==(const Day&) const = default;
  };
  std::uint64_t all_time = 0;
  std::vector<Day> days;  // oldest first, none empty, at most days_kept

  /// Counts on `today`, and forgets the days that are over.
  void add(std::uint64_t today, std::uint64_t count);
  /// Downloads of the days_kept days that end with `today`.
  [[nodiscard]] std::uint64_t recent(std::uint64_t today) const;
  bool operator==(const DownloadRow&) const = default;
};

std::string encode(const DownloadRow& row);
/// Errc::corrupt unless `value` is what encode() writes.
Result<DownloadRow> decode_downloads(std::string_view value);

}  // namespace waag::storage
