#pragma once

#include <bitset>
#include <optional>
#include <string_view>

#include "protocol/result.h"
#include "storage/meta/row_codec.h"

namespace waag::daemon {

/// Points in time by five fields, in UTC: minute, hour, day of month, month, day of week (0 and 7
/// are Sunday), each `*`, a number, `a-b`, `a-b/step`, `*/step` or a list of these with commas. If
/// both days are given, one that fits is enough. Source: POSIX, crontab; names are not read.
class Cron {
 public:
  /// Errc::invalid_argument that says which field
  static Result<Cron> parse(std::string_view text);

  /// The first minute that fits and is later than `after`; nullopt if none comes within five years
  /// ("30 February").
  [[nodiscard]] std::optional<storage::TimeMs> next(storage::TimeMs after) const;

 private:
  using Field = std::bitset<64>;
  static Result<Field> parse_field(std::string_view text, unsigned least, unsigned most,
                                   std::string_view name);
  [[nodiscard]] bool fits_day(unsigned month, unsigned day, unsigned weekday) const;

  Field minutes_, hours_, days_, months_, weekdays_;
  bool any_day_ = false, any_weekday_ = false;
};

}  // namespace waag::daemon
