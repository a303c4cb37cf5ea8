#include "storage/meta/soft/download_row.h"

#include "protocol/bytes.h"

namespace waag::storage {
namespace {

constexpr std::uint8_t row_version = 1;

}  // namespace

void DownloadRow::add(std::uint64_t today, std::uint64_t count) {
  all_time += count;
  // A clock that was set back counts on the last day there is.
  if (!days.empty() && days.back().day >= today) {
    days.back().count += count;
    return;
  }
  days.push_back({today, count});
  std::erase_if(days, [today](const Day& day) { return day.day + days_kept <= today; });
}

std::uint64_t DownloadRow::recent(std::uint64_t today) const {
  std::uint64_t sum = 0;
  for (const auto& day : days)
    if (day.day + days_kept > today) sum += day.count;
  return sum;
}

std::string encode(const DownloadRow& row) {
  ByteWriter out;
  out.fixed(row_version);
  out.varint(row.all_time);
  out.varint(row.days.size());
  for (const auto& day : row.days) {
    out.varint(day.day);
    out.varint(day.count);
  }
  return out.str();
}

Result<DownloadRow> decode_downloads(std::string_view value) {
  ByteReader in(as_bytes(value));
  DownloadRow row;
  const auto version = in.fixed<std::uint8_t>();
  row.all_time = in.varint();
  const auto count = in.varint();
  bool good = version == row_version && count <= DownloadRow::days_kept;
  for (std::uint64_t i = 0; good && i < count; ++i) {
    DownloadRow::Day day;
    day.day = in.varint();
    day.count = in.varint();
    good = day.count > 0 && (row.days.empty() || row.days.back().day < day.day);
    row.days.push_back(day);
  }
  if (!good || !in.ok() || !in.at_end()) return fail(Errc::corrupt, "not the row of downloads");
  return row;
}

}  // namespace waag::storage
