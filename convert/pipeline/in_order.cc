#include "convert/pipeline/in_order.h"

#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace waag::convert {
namespace {

class Runner {
 public:
  Runner(unsigned threads, const OrderedWork& work)
      : work_(work), held_max_(pieces_held_max(threads)) {
    threads_.reserve(threads);
    try {
      for (unsigned worker = 0; worker < threads; ++worker)
        threads_.emplace_back([this, worker] { produce(worker); });
    } catch (...) {  // the system has no more threads; those that run must end before members do
      stop();
      throw;
    }
  }
  ~Runner() { stop(); }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  Status take_all() {
    for (std::uint64_t index = 0; index < work_.count; ++index) {
      auto piece = wait_for(index);
      WAAG_CHECK(std::move(piece.status));
      WAAG_CHECK(work_.consume(index, piece.bytes));
      const std::lock_guard lock(mutex_);
      spare_.push_back(std::move(piece.bytes));
      ++taken_;
      changed_.notify_all();
    }
    return ok();
  }

 private:
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

  struct Piece {
    Status status;
    Bytes bytes;
  };

  Piece wait_for(std::uint64_t index) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done_.contains(index); });
    auto node = done_.extract(index);
    return std::move(node.mapped());
  }

  struct Turn {
    std::uint64_t index = 0;
    Bytes buffer;
  };

  std::optional<Turn> next_turn() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock,
                  [&] { return stopped_ || next_ == work_.count || next_ - taken_ < held_max_; });
    if (stopped_ || next_ == work_.count) return std::nullopt;
    Turn turn{.index = next_++, .buffer = {}};
    if (!spare_.empty()) {
      turn.buffer = std::move(spare_.back());
      spare_.pop_back();
    }
    return turn;
  }

  void produce(unsigned worker) {
    while (auto turn = next_turn()) {
      Piece piece;
      piece.bytes = std::move(turn->buffer);
      try {
        piece.status = work_.produce(worker, turn->index, piece.bytes);
      } catch (const std::exception& error) {  // out of memory: the thread must not end the process
        piece.status = fail(Errc::unavailable, error.what());
      }
      const std::lock_guard lock(mutex_);
      done_.emplace(turn->index, std::move(piece));
      changed_.notify_all();
    }
  }

  const OrderedWork& work_;
  const std::uint64_t held_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, Piece> done_;
  std::vector<Bytes> spare_;
  std::uint64_t next_ = 0;
  std::uint64_t taken_ = 0;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

Status run_in_order(unsigned threads, const OrderedWork& work) {
  try {
    return Runner(threads, work).take_all();
  } catch (const std::exception& error) {  // no memory for what is taken, or no threads
    return fail(Errc::unavailable, error.what());
  }
}

}  // namespace waag::convert
