#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "protocol/result.h"

namespace waag::convert {

/// Threads that wait for work, which is cut into pieces that do not depend on each other. One
/// caller at a time.
class Workers {
 public:
  /// @param threads  at least 1; the caller of each() is one of them
  explicit Workers(unsigned threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  [[nodiscard]] unsigned threads() const { return static_cast<unsigned>(threads_.size()) + 1; }
  /// Runs work(0) ... work(count - 1), in no order, and returns when none runs any more.
  /// @return the error of the lowest piece that failed; once one has, others may be left out. What
  /// is thrown is Errc::unavailable
  Status each(std::uint64_t count, const std::function<Status(std::uint64_t piece)>& work);

 private:
  void wait_for_work();
  void take_pieces(std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::condition_variable begun_;
  std::condition_variable ended_;
  const std::function<Status(std::uint64_t)>* work_ = nullptr;
  std::uint64_t count_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t running_ = 0;
  std::uint64_t failed_piece_ = 0;
  Status status_;
  bool is_over_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace waag::convert
