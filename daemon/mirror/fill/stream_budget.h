#pragma once

#include <cstddef>
#include <memory>
#include <mutex>

namespace waag::daemon {

/// How many transfers all fills together may have under way. A fill's first one is always allowed:
/// none waits for another's end. Thread-safe.
class StreamBudget : public std::enable_shared_from_this<StreamBudget> {
 public:
  explicit StreamBudget(std::size_t streams) : free_(static_cast<std::ptrdiff_t>(streams)) {}

  /// Gives its place back when it goes.
  class Slot {
   public:
    explicit Slot(std::shared_ptr<StreamBudget> budget) : budget_(std::move(budget)) {}
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    ~Slot() { budget_->give_back(); }

   private:
    const std::shared_ptr<StreamBudget> budget_;
  };
  /// nullptr if none is free; `even_so` takes one that the others then have less.
  std::unique_ptr<Slot> take(bool even_so) {
    const std::scoped_lock lock(mutex_);
    if (free_ <= 0 && !even_so) return nullptr;
    --free_;
    return std::make_unique<Slot>(shared_from_this());
  }

 private:
  void give_back() {
    const std::scoped_lock lock(mutex_);
    ++free_;
  }

  std::mutex mutex_;
  std::ptrdiff_t free_;
};

}  // namespace waag::daemon
