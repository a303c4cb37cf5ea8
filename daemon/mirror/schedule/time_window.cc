#include "daemon/mirror/schedule/time_window.h"

#include <charconv>
#include <optional>
#include <string>

namespace waag::daemon {
namespace {

constexpr unsigned minutes_a_day = 24 * 60;

std::optional<unsigned> two_digits(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || text.size() != 2 || value > most) return std::nullopt;
  return value;
}

std::optional<unsigned> minute_of(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = two_digits(text.substr(0, 2), 24), minute = two_digits(text.substr(3), 59);
  if (!hour || !minute || *hour * 60 + *minute > minutes_a_day) return std::nullopt;
  return *hour * 60 + *minute;
}

/// The first such minute of a day that is later than `at`.
storage::TimeMs next_minute(unsigned minute, storage::TimeMs at) {
  const auto today = std::chrono::floor<std::chrono::days>(at) + std::chrono::minutes(minute);
  return today > at ? today : today + std::chrono::days(1);
}

}  // namespace

Result<TimeWindow> TimeWindow::parse(std::string_view text) {
  const auto dash = text.find('-');
  const auto begin = minute_of(text.substr(0, dash));
  const auto end = minute_of(dash == text.npos ? std::string_view() : text.substr(dash + 1));
  if (!begin || !end || *begin == *end)
    return fail(Errc::invalid_argument, "window: expected a time of the day like 22:00-06:00");
  TimeWindow window;
  window.begin_ = *begin;
  window.end_ = *end;
  return window;
}

storage::TimeMs TimeWindow::next_begin(storage::TimeMs at) const {
  return next_minute(begin_ % minutes_a_day, at);
}

storage::TimeMs TimeWindow::next_end(storage::TimeMs at) const {
  return next_minute(end_ % minutes_a_day, at);
}

bool TimeWindow::contains(storage::TimeMs at) const {
  const auto minutes = std::chrono::floor<std::chrono::minutes>(at).count();
  const auto now = static_cast<unsigned>(minutes % minutes_a_day);
  if (begin_ < end_) return now >= begin_ && now < end_;
  return now >= begin_ || now < end_;
}

}  // namespace waag::daemon
