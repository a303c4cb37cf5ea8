#include "daemon/mirror/schedule/cron.h"

#include <charconv>
#include <chrono>
#include <string>
#include <vector>

namespace waag::daemon {
namespace {

using std::chrono::days;

/// Beyond the next leap day, whatever year it is (2096 to 2104 apart).
constexpr days horizon{366 * 5};

Error bad(std::string_view name, std::string_view text) {
  return fail(Errc::invalid_argument,
              "cron: " + std::string(name) + ": \"" + std::string(text) + "\" is not understood");
}

std::vector<std::string_view> split(std::string_view text, char by, bool merge) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(by);
    const auto part = text.substr(0, end);
    if (!part.empty() || !merge) parts.push_back(part);
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

struct Span {
  unsigned first = 0, last = 0, step = 1;
};

/// One item of a list.
std::optional<Span> span_of(std::string_view text, unsigned least, unsigned most) {
  Span span{least, most, 1};
  const auto slash = text.find('/');
  if (slash != text.npos) {
    const auto step = number(text.substr(slash + 1));
    if (!step || *step == 0) return std::nullopt;
    span.step = *step;
    text = text.substr(0, slash);
  }
  if (text == "*") return span;
  const auto dash = text.find('-');
  const auto first = number(text.substr(0, dash));
  const auto last = dash == text.npos ? first : number(text.substr(dash + 1));
  // "5/10" means "5-59/10" to some and "5" to others.
  if (!first || !last || (dash == text.npos && slash != text.npos)) return std::nullopt;
  if (*first < least || *last > most || *first > *last) return std::nullopt;
  span.first = *first;
  span.last = *last;
  return span;
}

}  // namespace

Result<Cron::Field> Cron::parse_field(std::string_view text, unsigned least, unsigned most,
                                      std::string_view name) {
  Field field;
  for (const auto item : split(text, ',', /*merge=*/false)) {
    const auto span = span_of(item, least, most);
    if (!span) return bad(name, text);
    for (unsigned i = span->first; i <= span->last; i += span->step) field.set(i);
  }
  return field;
}

Result<Cron> Cron::parse(std::string_view text) {
  const auto fields = split(text, ' ', /*merge=*/true);
  constexpr std::size_t fields_wanted = 5;
  if (fields.size() != fields_wanted)
    return fail(Errc::invalid_argument,
                "cron: five fields are wanted: minute hour day month weekday");
  Cron cron;
  WAAG_TRY(cron.minutes_, parse_field(fields[0], 0, 59, "minute"));
  WAAG_TRY(cron.hours_, parse_field(fields[1], 0, 23, "hour"));
  WAAG_TRY(cron.days_, parse_field(fields[2], 1, 31, "day"));
  WAAG_TRY(cron.months_, parse_field(fields[3], 1, 12, "month"));
  WAAG_TRY(cron.weekdays_, parse_field(fields[4], 0, 7, "weekday"));
  if (cron.weekdays_.test(7)) cron.weekdays_.set(0);
  cron.any_day_ = fields[2] == "*";
  cron.any_weekday_ = fields[4] == "*";
  return cron;
}

bool Cron::fits_day(unsigned month, unsigned day, unsigned weekday) const {
  if (!months_.test(month)) return false;
  const bool by_day = days_.test(day), by_weekday = weekdays_.test(weekday);
  if (any_day_ || any_weekday_) return by_day && by_weekday;
  return by_day || by_weekday;
}

std::optional<storage::TimeMs> Cron::next(storage::TimeMs after) const {
  using namespace std::chrono;
  const sys_time<storage::TimeMs> start(after);
  const auto from = floor<minutes>(start) + minutes(1);
  const auto first_day = floor<days>(from);
  for (auto day = first_day; day <= first_day + horizon; day += days(1)) {
    const year_month_day date(day);
    if (!fits_day(static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  weekday(day).c_encoding()))
      continue;
    const auto begin = day == first_day ? static_cast<unsigned>((from - day).count()) : 0U;
    for (unsigned minute = begin; minute < 24 * 60; ++minute)
      if (hours_.test(minute / 60) && minutes_.test(minute % 60))
        return duration_cast<storage::TimeMs>((day + minutes(minute)).time_since_epoch());
  }
  return std::nullopt;
}

}  // namespace waag::daemon
