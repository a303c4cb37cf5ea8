#include "convert/forward/kernels/workers.h"

#include <exception>

namespace waag::convert {
namespace {

Status run_piece(const std::function<Status(std::uint64_t)>& work, std::uint64_t piece) {
  try {
    return work(piece);
  } catch (const std::exception& error) {
    return fail(Errc::unavailable, error.what());
  }
}

}  // namespace

Workers::Workers(unsigned threads) {
  for (unsigned i = 1; i < threads; ++i) threads_.emplace_back([this] { wait_for_work(); });
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  begun_.notify_all();
  for (auto& thread : threads_) thread.join();
}

Status Workers::each(std::uint64_t count, const std::function<Status(std::uint64_t)>& work) {
  std::unique_lock lock(mutex_);
  work_ = &work;
  count_ = count;
  next_ = 0;
  status_ = ok();
  begun_.notify_all();
  take_pieces(lock);
  ended_.wait(lock, [this] { return running_ == 0; });
  work_ = nullptr;
  return std::move(status_);
}

void Workers::wait_for_work() {
  std::unique_lock lock(mutex_);
  while (true) {
    begun_.wait(lock, [this] { return is_over_ || (work_ != nullptr && next_ < count_); });
    if (is_over_) return;
    take_pieces(lock);
  }
}

void Workers::take_pieces(std::unique_lock<std::mutex>& lock) {
  while (next_ < count_) {
    const auto piece = next_++;
    ++running_;
    lock.unlock();
    auto status = run_piece(*work_, piece);
    lock.lock();
    --running_;
    if (!status) {
      if (status_ || piece < failed_piece_) {
        failed_piece_ = piece;
        status_ = std::move(status);
      }
      next_ = count_;
    }
  }
  if (running_ == 0) ended_.notify_all();
}

}  // namespace waag::convert
