#include "daemon/api/jobs/job_events.h"

#include <algorithm>
#include <cstring>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "daemon/api/jobs/job_json.h"
#include "daemon/jobs/jobs.h"

namespace waag::daemon {
namespace {

using Steady = std::chrono::steady_clock;

/// Our JSON has no line breaks, so the data is one line.
std::string event_text(std::string_view name, std::string_view json) {
  std::string text = "event: ";
  text.append(name).append("\ndata: ").append(json).append("\n\n");
  return text;
}

}  // namespace

void JobEvents::look() {
  const auto version = feed_->version();
  if (version != seen_) {
    seen_ = version;
    const auto row = feed_->row();
    auto rest = row;
    rest.progress = {};
    text_ = rest == told_ ? event_text("progress", progress_json(row.progress))
                          : event_text("state", job_json(row));
    told_ = std::move(rest);
    over_ = storage::is_over(row.state);
  } else if (jobs_.stopping()) {
    over_ = true;
  } else if (Steady::now() - spoke_ >= pace_.heartbeat) {
    text_ = ": nothing new\n\n";
  }
  if (!text_.empty()) spoke_ = Steady::now();
}

Task<Result<std::size_t>> JobEvents::read(std::span<std::byte> out) {
  while (text_.empty() && !over_) {
    look();
    if (!text_.empty() || over_) break;
    asio::steady_timer timer(co_await asio::this_coro::executor, pace_.poll);
    co_await timer.async_wait(use_awaitable);
  }
  const auto bytes = std::min(out.size(), text_.size());
  std::memcpy(out.data(), text_.data(), bytes);
  text_.erase(0, bytes);
  co_return bytes;
}

}  // namespace waag::daemon
