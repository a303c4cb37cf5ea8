#include "daemon/upstream/governor.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "protocol/http/field.h"
#include "protocol/hub/dates.h"

namespace waag::daemon {
namespace {

/// A waiting call looks again at least so often, for time is given from outside.
constexpr std::chrono::milliseconds look_again{50};
/// An upstream that names no time with its 429 is left alone for longer each time.
constexpr unsigned doublings_max = 16;
/// A link that goes takes all calls with it that are under way.
constexpr std::chrono::milliseconds one_event_time{1'000};

/// The parts of `text` between `mark`s, trimmed.
std::vector<std::string_view> split(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(mark);
    parts.push_back(http::trimmed(text.substr(0, end)));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<UpstreamBucket> bucket_named(std::string_view quoted) {
  if (quoted.size() < 2 || quoted.front() != '"' || quoted.back() != '"') return std::nullopt;
  const auto name = quoted.substr(1, quoted.size() - 2);
  for (const auto bucket : {UpstreamBucket::api, UpstreamBucket::resolvers, UpstreamBucket::pages})
    if (name == to_string(bucket)) return bucket;
  return std::nullopt;
}

/// The number of "r=97" among the parameters of an item.
std::optional<std::uint64_t> parameter(const std::vector<std::string_view>& parts,
                                       std::string_view key) {
  for (const auto part : parts)
    if (part.starts_with(key) && part.substr(key.size()).starts_with('='))
      return http::decimal(part.substr(key.size() + 1));
  return std::nullopt;
}

template <class Fn>
void each_item(const Headers& headers, std::string_view name, Fn fn) {
  for (const auto& [key, value] : headers.all()) {
    if (!http::equal_nocase(key, name)) continue;
    for (const auto item : split(value, ',')) fn(split(item, ';'));
  }
}

/// An upstream's number of seconds may be any.
std::chrono::seconds seconds_of(std::uint64_t count) {
  return std::chrono::seconds(std::min<std::uint64_t>(count, 86'400 * 365));
}

}  // namespace

std::string_view to_string(UpstreamBucket bucket) {
  switch (bucket) {
    case UpstreamBucket::api:
      return "api";
    case UpstreamBucket::resolvers:
      return "resolvers";
    case UpstreamBucket::pages:
      return "pages";
    case UpstreamBucket::other:
      break;
  }
  return "other";
}

std::vector<RateBudget> parse_rate_limit(const Headers& headers) {
  std::vector<RateBudget> budgets;
  each_item(headers, "RateLimit", [&](const std::vector<std::string_view>& parts) {
    const auto bucket = bucket_named(parts.front());
    const auto remaining = parameter(parts, "r");
    const auto reset = parameter(parts, "t");
    if (bucket && remaining && reset) budgets.push_back({*bucket, *remaining, seconds_of(*reset)});
  });
  return budgets;
}

std::optional<std::uint64_t> parse_rate_quota(const Headers& headers, UpstreamBucket bucket) {
  std::optional<std::uint64_t> quota;
  each_item(headers, "RateLimit-Policy", [&](const std::vector<std::string_view>& parts) {
    if (std::ranges::any_of(parts, [&](auto part) { return bucket_named(part) == bucket; }))
      quota = parameter(parts, "q");
  });
  return quota;
}

std::optional<std::chrono::milliseconds> parse_retry_after(const Headers& headers,
                                                           std::chrono::milliseconds now) {
  const auto value = headers.get("Retry-After");
  if (!value) return std::nullopt;
  if (const auto count = http::decimal(http::trimmed(*value))) return seconds_of(*count);
  const auto date = hub::parse_http_date(http::trimmed(*value));
  if (!date) return std::nullopt;
  const auto sent = headers.get("Date");
  const auto there = sent ? hub::parse_http_date(*sent) : Result<hub::Millis>(now);
  return std::max(std::chrono::milliseconds(0), *date - (there ? *there : now));
}

Result<Governor::Millis> Governor::admit(UpstreamBucket bucket, UpstreamPriority priority) {
  const std::scoped_lock lock(mutex_);
  const auto now = clock_.now();
  auto& of = budget(bucket);
  if (const auto wait = wait_for_budget(of, priority, now); wait.count() > 0) return wait;
  WAAG_CHECK(pass_breaker(now));
  ++of.in_flight;
  ++of.calls;
  if (of.remaining && *of.remaining > 0) --*of.remaining;
  return Millis(0);
}

Governor::Millis Governor::wait_for_budget(Budget& of, UpstreamPriority priority,
                                           Millis now) const {
  if (const auto left = of.stop.left(now); left.count() > 0) return left;
  const auto left = of.window.left(now);
  if (left.count() == 0) of.remaining.reset();
  if (!of.remaining) return Millis(0);
  const auto reserve = priority == UpstreamPriority::demand
                           ? 0
                           : of.quota.value_or(0) * options_.reserve_percent / 100;
  return *of.remaining > reserve ? Millis(0) : left;
}

Status Governor::pass_breaker(Millis now) {
  if (state_ == State::closed) return ok();
  if (open_.left(now).count() > 0 || probe_.left(now).count() > 0)
    return fail(Errc::upstream_failed, "upstream is down: not called");
  state_ = State::half_open;
  hold(probe_, options_.open_time, now);
  return ok();
}

Status Governor::wait(UpstreamBucket bucket, UpstreamPriority priority,
                      std::chrono::steady_clock::time_point deadline) {
  while (true) {
    WAAG_TRY(auto left, admit(bucket, priority));
    if (left.count() == 0) return ok();
    if (std::chrono::steady_clock::now() + left > deadline)
      return fail(Errc::too_many_requests, "upstream grants no call in time");
    std::unique_lock lock(mutex_);
    if (!closed_) changed_.wait_for(lock, std::min(left, look_again));
    if (closed_) return fail(Errc::unavailable, "shutting down");
  }
}

void Governor::answered(UpstreamBucket bucket, unsigned status, const Headers& headers) {
  const std::scoped_lock lock(mutex_);
  const auto now = clock_.now();
  const bool excused = leave(bucket, now);
  take_limits(bucket, headers, now);
  auto& of = budget(bucket);
  if (status == 429 || status == 503)
    stop(of, headers, now);
  else
    of.stops_in_a_row = 0;
  if (status >= 500) return count_failure(excused, now);
  failures_in_a_row_ = 0;
  state_ = State::closed;
}

void Governor::take_limits(UpstreamBucket bucket, const Headers& headers, Millis now) {
  for (const auto& told : parse_rate_limit(headers)) {
    auto& of = budget(told.bucket);
    // Calls under way were perhaps not counted yet.
    of.remaining = told.remaining - std::min(told.remaining, of.in_flight);
    hold(of.window, told.reset, now);
  }
  if (const auto quota = parse_rate_quota(headers, bucket)) budget(bucket).quota = quota;
}

void Governor::stop(Budget& of, const Headers& headers, Millis now) {
  ++of.limited;
  ++of.stops_in_a_row;
  auto length = parse_retry_after(headers, now);
  const auto window = of.window.left(now);
  if (!length && of.remaining == 0u && window.count() > 0) length = window;
  if (!length) length = backoff_locked(of.stops_in_a_row, options_.backoff_base);
  if (*length > of.stop.left(now)) hold(of.stop, *length, now);
}

void Governor::failed(UpstreamBucket bucket) {
  const std::scoped_lock lock(mutex_);
  const auto now = clock_.now();
  const bool excused = leave(bucket, now);
  count_failure(excused, now);
}

void Governor::abandoned(UpstreamBucket bucket) {
  const std::scoped_lock lock(mutex_);
  leave(bucket, clock_.now());
  probe_ = {};
}

/// @return whether the call was under way at a failure of this moment
bool Governor::leave(UpstreamBucket bucket, Millis now) {
  auto& of = budget(bucket);
  if (of.in_flight > 0) --of.in_flight;
  if (beside_ == 0) return false;
  --beside_;
  return one_event_.left(now).count() > 0;
}

void Governor::count_failure(bool excused, Millis now) {
  ++failures_;
  if (excused) return;
  ++failures_in_a_row_;
  beside_ = 0;
  for (const auto& each : budgets_) beside_ += each.in_flight;
  hold(one_event_, one_event_time, now);
  if (options_.failures_max == 0 || failures_in_a_row_ < options_.failures_max) return;
  state_ = State::open;
  hold(open_, options_.open_time, now);
  probe_ = {};
}

void Governor::hold(Hold& which, Millis length, Millis now) const {
  which = {now, std::min(length, options_.hold_max)};
}

void Governor::count_bytes(std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  bytes_ += bytes;
}

Governor::Millis Governor::backoff(unsigned attempt, Millis base) {
  const std::scoped_lock lock(mutex_);
  return backoff_locked(attempt, base);
}

Governor::Millis Governor::backoff_locked(unsigned attempt, Millis base) {
  const auto doublings = std::min(std::max(attempt, 1u) - 1, doublings_max);
  const auto whole = std::min<Millis>(base * (1LL << doublings), options_.backoff_max);
  std::uint32_t lot = 0;
  random_.fill(std::as_writable_bytes(std::span(&lot, 1)));
  const auto half = whole.count() / 2;
  return Millis(half + (whole.count() - half) * lot / UINT32_MAX);
}

Status Governor::pause(Millis length) {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, length, [this] { return closed_; }))
    return fail(Errc::unavailable, "shutting down");
  return ok();
}

void Governor::close() {
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

Governor::Snapshot Governor::snapshot() const {
  const std::scoped_lock lock(mutex_);
  const auto now = clock_.now();
  Snapshot made;
  made.state = state_;
  made.until_probe = open_.left(now);
  made.failures_in_a_row = failures_in_a_row_;
  made.failures = failures_;
  made.bytes = bytes_;
  for (std::size_t i = 0; i < upstream_buckets; ++i) {
    const auto& of = budgets_[i];
    auto& bucket = made.buckets[i];
    bucket.bucket = static_cast<UpstreamBucket>(i);
    if (of.window.left(now).count() > 0) bucket.remaining = of.remaining;
    bucket.quota = of.quota;
    bucket.held = of.stop.left(now);
    bucket.calls = of.calls;
    bucket.limited = of.limited;
    made.calls += of.calls;
  }
  return made;
}

}  // namespace waag::daemon
