#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include "daemon/mirror/fill/byte_source.h"

namespace waag::daemon::testing {

using storage::Stretch;

/// A source of one file whose bytes come when the test says so, on a thread of its own. Lives
/// longer than the fills that use it.
class FakeSource final : public ByteSource {
 public:
  explicit FakeSource(std::string content, bool trusted = true)
      : content_(std::move(content)), trusted_(trusted), thread_([this] { work(); }) {}
  ~FakeSource() override { stop(); }
  /// Its thread may hold the last of a fill, and so this: it is ended first.
  void stop() {
    {
      const std::scoped_lock lock(mutex_);
      over_ = true;
      changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }

  // --- what it does ---
  /// From now on only what allow() names comes.
  void hold() {
    const std::scoped_lock lock(mutex_);
    held_ = true;
  }
  void allow(Stretch part) {
    const std::scoped_lock lock(mutex_);
    allowed_.add(part);
    changed_.notify_all();
  }
  void allow_all() { allow({0, content_.size()}); }
  /// A fetch to come ends with this after so many of its bytes; each fault is of one fetch.
  void fail_next(Errc code, std::uint64_t after_bytes = 0) {
    const std::scoped_lock lock(mutex_);
    faults_.push_back({code, after_bytes});
  }
  void fail_always(Errc code) {
    const std::scoped_lock lock(mutex_);
    always_ = Fault{code, 0};
  }
  void answer(unsigned status) {
    const std::scoped_lock lock(mutex_);
    status_ = status;
  }

  // --- what was done with it ---
  [[nodiscard]] std::vector<Stretch> fetches() const {
    const std::scoped_lock lock(mutex_);
    return fetches_;
  }
  [[nodiscard]] std::size_t cancels() const {
    const std::scoped_lock lock(mutex_);
    return cancels_;
  }
  /// Bytes a second that the last fetch keeps to at the moment; 0: any number
  [[nodiscard]] std::uint64_t rate() const {
    const std::scoped_lock lock(mutex_);
    return throttle_ ? throttle_->rate() : 0;
  }
  /// @return false after 10 s
  bool wait_for_fetches(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return fetches_.size() >= count; });
  }
  bool wait_for_fetch_at(std::uint64_t begin) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] {
      return std::ranges::find(fetches_, begin, &Stretch::begin) != fetches_.end();
    });
  }
  /// Until the sinks have taken so many bytes in all.
  bool wait_for_bytes(std::uint64_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return sent_ >= count; });
  }

  std::shared_ptr<HttpClient::Transfer> fetch(Stretch part, std::shared_ptr<UpstreamSink> sink,
                                              std::shared_ptr<const Throttle> throttle) override {
    auto made = std::make_shared<Running>(*this, part, std::move(sink));
    const std::scoped_lock lock(mutex_);
    if (always_) made->fault = always_;
    if (!faults_.empty()) {
      made->fault = faults_.front();
      faults_.pop_front();
    }
    fetches_.push_back(part);
    throttle_ = std::move(throttle);
    running_.push_back(made);
    changed_.notify_all();
    return made;
  }
  [[nodiscard]] bool trusted() const override { return trusted_; }
  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  static constexpr std::chrono::seconds limit{10};
  static constexpr std::uint64_t piece_bytes = 64 * 1024;

  struct Fault {
    Errc code{};
    std::uint64_t after_bytes = 0;
  };
  struct Running final : HttpClient::Transfer {
    Running(FakeSource& of, Stretch stretch, std::shared_ptr<UpstreamSink> to)
        : source(of), part(stretch), at(stretch.begin), sink(std::move(to)) {}
    void cancel() override {
      const std::scoped_lock lock(source.mutex_);
      cancelled = true;
      ++source.cancels_;
      source.changed_.notify_all();
    }
    FakeSource& source;
    const Stretch part;
    std::uint64_t at;
    std::shared_ptr<UpstreamSink> sink;  // null after its end, as it holds this
    std::optional<Fault> fault;
    bool began = false;
    bool cancelled = false;
  };

  /// Under the lock: bytes of a transfer that may come now.
  [[nodiscard]] std::uint64_t open_bytes(const Running& transfer) const {
    auto end = std::min(transfer.part.end, transfer.at + piece_bytes);
    if (held_) end = std::min(end, allowed_.end_from(transfer.at));
    if (transfer.fault) end = std::min(end, transfer.part.begin + transfer.fault->after_bytes);
    return end - transfer.at;
  }
  [[nodiscard]] bool is_at_end(const Running& transfer) const {
    if (transfer.fault && transfer.at == transfer.part.begin + transfer.fault->after_bytes)
      return true;
    return transfer.cancelled || transfer.at == transfer.part.end;
  }
  void work() {
    std::unique_lock lock(mutex_);
    while (!over_) {
      const auto next = std::ranges::find_if(running_, [&](const auto& transfer) {
        return is_at_end(*transfer) || open_bytes(*transfer) > 0;
      });
      if (next == running_.end()) {
        changed_.wait(lock);
        continue;
      }
      const auto transfer = *next;
      running_.erase(next);
      const bool goes_on = step(*transfer, lock);
      if (goes_on) running_.push_back(transfer);
      changed_.notify_all();
    }
  }
  /// @return whether there is more to do
  bool step(Running& transfer, std::unique_lock<std::mutex>& lock) {
    const bool at_end = is_at_end(transfer);
    const auto bytes = at_end ? 0 : open_bytes(transfer);
    Status status = ok();
    if (transfer.fault) status = fail(transfer.fault->code, "as told");
    if (transfer.cancelled) status = fail(Errc::unavailable, "cancelled");
    UpstreamReply reply;
    reply.status = status_;
    lock.unlock();
    if (at_end) {
      std::exchange(transfer.sink, nullptr)->done(std::move(status));
      lock.lock();
      return false;
    }
    Status taken = ok();
    if (!std::exchange(transfer.began, true)) taken = transfer.sink->begin(reply);
    if (taken) taken = transfer.sink->write(as_bytes(content_).subspan(transfer.at, bytes));
    if (!taken) std::exchange(transfer.sink, nullptr)->done(taken);
    lock.lock();
    transfer.at += bytes;
    if (taken) sent_ += bytes;
    return taken.has_value();
  }

  const std::string content_;
  const bool trusted_;
  const std::string name_ = "fake";
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  bool held_ = false;
  bool over_ = false;
  storage::Intervals allowed_;
  std::deque<Fault> faults_;
  std::optional<Fault> always_;
  unsigned status_ = 206;
  std::vector<Stretch> fetches_;
  std::shared_ptr<const Throttle> throttle_;
  std::size_t cancels_ = 0;
  std::uint64_t sent_ = 0;
  std::list<std::shared_ptr<Running>> running_;
  std::thread thread_;
};

}  // namespace waag::daemon::testing
