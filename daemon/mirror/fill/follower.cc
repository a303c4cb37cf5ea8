#include "daemon/mirror/fill/follower.h"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>

namespace waag::daemon {

Follower::Follower(std::shared_ptr<Fill> fill, asio::thread_pool& blocking, Stretch range,
                   bool rest)
    : fill_(std::move(fill)), blocking_(blocking) {
  reader_.range = range;
  reader_.rest = rest;
  reader_.at = range.begin;
}

Follower::~Follower() {
  if (added_) fill_->remove_reader(reader_);
}

/// Until there are bytes. Between ready() and the wait nothing else runs on this thread, so the
/// timer is not cancelled too early.
Task<Result<std::uint64_t>> Follower::wait() {
  while (true) {
    reader_.timer->expires_at(asio::steady_timer::time_point::max());
    WAAG_CO_TRY(const auto bytes, fill_->ready(reader_));
    if (bytes > 0) co_return bytes;
    boost::system::error_code woken;
    co_await reader_.timer->async_wait(asio::redirect_error(use_awaitable, woken));
  }
}

Task<Result<std::size_t>> Follower::read(std::span<std::byte> out) {
  if (!added_) {
    reader_.executor = co_await asio::this_coro::executor;
    reader_.timer = std::make_shared<asio::steady_timer>(reader_.executor);
    fill_->add_reader(reader_);
    added_ = true;
  }
  if (reader_.at == reader_.range.end) co_return std::size_t{0};
  WAAG_CO_TRY(const auto there, co_await wait());
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(there, out.size()));
  auto work = [fill = fill_, at = reader_.at, out = out.first(size)] {
    return fill->file().read(at, out);
  };
  WAAG_CO_TRY(const auto got, co_await offload(blocking_, std::move(work)));
  if (got == 0) co_return fail(Errc::upstream_failed, "what came so far was wrong");
  fill_->advance(reader_, got);
  co_return got;
}

}  // namespace waag::daemon
