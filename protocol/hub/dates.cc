#include "protocol/hub/dates.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace waag::hub {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> month_names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> day_names = {"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};
constexpr milliseconds earliest = sys_days{year{0} / 1 / 1}.time_since_epoch();
constexpr milliseconds latest = sys_days{year{10000} / 1 / 1}.time_since_epoch() - milliseconds(1);

struct Civil {
  unsigned year, month, day, hour, minute, second, millis;
  unsigned weekday;
};

Civil civil(Millis since_epoch) {
  const auto clamped = std::clamp(since_epoch, earliest, latest);
  const sys_days day = floor<days>(sys_time<milliseconds>(clamped));
  const year_month_day date(day);
  const hh_mm_ss time(clamped - day.time_since_epoch());
  return {static_cast<unsigned>(static_cast<int>(date.year())),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          static_cast<unsigned>(time.hours().count()),
          static_cast<unsigned>(time.minutes().count()),
          static_cast<unsigned>(time.seconds().count()),
          static_cast<unsigned>(time.subseconds().count()),
          weekday(day).c_encoding()};
}

void put(std::string& out, unsigned value, std::size_t digits) {
  std::array<char, 4> text{};
  for (std::size_t i = digits; i-- > 0; value /= 10) text[i] = static_cast<char>('0' + value % 10);
  out.append(text.data(), digits);
}

/// Reads fixed fields of digits and literals off the front of a text.
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}
  unsigned number(std::size_t digits) {
    unsigned value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (rest_.empty() || rest_[0] < '0' || rest_[0] > '9') {
        good_ = false;
        return 0;
      }
      value = value * 10 + static_cast<unsigned>(rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }
  void literal(std::string_view text) {
    good_ = good_ && rest_.starts_with(text);
    rest_.remove_prefix(std::min(text.size(), rest_.size()));
  }
  template <std::size_t N>
  unsigned name(const std::array<std::string_view, N>& names) {
    for (std::size_t i = 0; i < N; ++i) {
      if (!rest_.starts_with(names[i])) continue;
      rest_.remove_prefix(names[i].size());
      return static_cast<unsigned>(i);
    }
    good_ = false;
    return 0;
  }
  unsigned fraction_millis() {
    if (!rest_.starts_with('.')) return 0;
    rest_.remove_prefix(1);
    unsigned millis = 0;
    std::size_t digits = 0;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; ++digits, rest_.remove_prefix(1))
      if (digits < 3) millis = millis * 10 + static_cast<unsigned>(rest_[0] - '0');
    for (std::size_t i = digits; i < 3; ++i) millis *= 10;
    good_ = good_ && digits >= 1 && digits <= 9;
    return millis;
  }
  [[nodiscard]] bool done() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

Result<Millis> from_civil(const Civil& at, bool well_formed) {
  const year_month_day date{year(static_cast<int>(at.year)), month(at.month), day(at.day)};
  if (!well_formed || !date.ok() || at.hour > 23 || at.minute > 59 || at.second > 59)
    return fail(Errc::invalid_argument, "malformed date");
  return Millis(sys_days{date}.time_since_epoch() + hours(at.hour) + minutes(at.minute) +
                seconds(at.second) + milliseconds(at.millis));
}

}  // namespace

std::string format_date(Millis since_epoch) {
  const auto at = civil(since_epoch);
  std::string out;
  out.reserve(24);
  put(out, at.year, 4);
  out += '-';
  put(out, at.month, 2);
  out += '-';
  put(out, at.day, 2);
  out += 'T';
  put(out, at.hour, 2);
  out += ':';
  put(out, at.minute, 2);
  out += ':';
  put(out, at.second, 2);
  out += '.';
  put(out, at.millis, 3);
  return out + 'Z';
}

Result<Millis> parse_date(std::string_view text) {
  Fields fields(text);
  Civil at{};
  at.year = fields.number(4);
  fields.literal("-");
  at.month = fields.number(2);
  fields.literal("-");
  at.day = fields.number(2);
  fields.literal("T");
  at.hour = fields.number(2);
  fields.literal(":");
  at.minute = fields.number(2);
  fields.literal(":");
  at.second = fields.number(2);
  at.millis = fields.fraction_millis();
  fields.literal("Z");
  return from_civil(at, fields.done());
}

std::string format_http_date(Millis since_epoch) {
  const auto at = civil(since_epoch);
  std::string out(day_names[at.weekday]);
  out += ", ";
  put(out, at.day, 2);
  out += ' ';
  out += month_names[at.month - 1];
  out += ' ';
  put(out, at.year, 4);
  out += ' ';
  put(out, at.hour, 2);
  out += ':';
  put(out, at.minute, 2);
  out += ':';
  put(out, at.second, 2);
  return out + " GMT";
}

Result<Millis> parse_http_date(std::string_view text) {
  Fields fields(text);
  Civil at{};
  at.weekday = fields.name(day_names);
  fields.literal(", ");
  at.day = fields.number(2);
  fields.literal(" ");
  at.month = fields.name(month_names) + 1;
  fields.literal(" ");
  at.year = fields.number(4);
  fields.literal(" ");
  at.hour = fields.number(2);
  fields.literal(":");
  at.minute = fields.number(2);
  fields.literal(":");
  at.second = fields.number(2);
  fields.literal(" GMT");
  return from_civil(at, fields.done());
}

}  // namespace waag::hub
