#pragma once

#include <string_view>

#include "protocol/result.h"
#include "storage/meta/row_codec.h"

namespace waag::daemon {

/// A stretch of each day in UTC, such as "22:00-06:00", which goes over midnight. Its end does not
/// belong to it.
class TimeWindow {
 public:
  /// Errc::invalid_argument
  static Result<TimeWindow> parse(std::string_view text);
  [[nodiscard]] bool contains(storage::TimeMs at) const;
  /// When it begins and ends next, later than `at`.
  [[nodiscard]] storage::TimeMs next_begin(storage::TimeMs at) const;
  [[nodiscard]] storage::TimeMs next_end(storage::TimeMs at) const;

 private:
  unsigned begin_ = 0, end_ = 0;  // minutes of the day
};

}  // namespace waag::daemon
