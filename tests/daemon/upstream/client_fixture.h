#pragma once

#include <condition_variable>
#include <mutex>

#include <catch2/catch.hpp>

#include "daemon/upstream/http_client.h"
#include "tests/support/net/script_server.h"

namespace waag::daemon::testing {

/// Short limits, for a peer on the same machine.
inline HttpClient::Options options_for(std::vector<std::string> origins) {
  HttpClient::Options options;
  options.origins = std::move(origins);
  options.connect_time = std::chrono::milliseconds(5'000);
  options.idle_time = std::chrono::milliseconds(5'000);
  return options;
}

inline UpstreamRequest request_for(const waag::testing::ScriptServer& server,
                                   const std::string& target) {
  UpstreamRequest request;
  request.url = server.origin() + target;
  return request;
}

template <class T>
bool failed(const Result<T>& result, Errc code) {
  if (result) return false;
  UNSCOPED_INFO("error " << static_cast<int>(result.error().code) << ": " << result.error().what);
  return result.error().code == code;
}

/// Keeps what comes.
class RecordingSink final : public UpstreamSink {
 public:
  std::atomic<bool> refuse_begin{false};
  std::atomic<bool> refuse_write{false};
  std::atomic<std::size_t> full_at{std::string::npos};

  Status begin(const UpstreamReply& reply) override {
    const std::scoped_lock lock(mutex_);
    ++begins_;
    reply_ = reply;
    if (refuse_begin) return fail(Errc::no_space, "as told");
    return ok();
  }
  Status write(ByteView bytes) override {
    const std::scoped_lock lock(mutex_);
    if (refuse_write) return fail(Errc::no_space, "as told");
    body_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return ok();
  }
  void done(Status status) override {
    const std::scoped_lock lock(mutex_);
    ++dones_;
    status_ = std::move(status);
    changed_.notify_all();
  }
  bool full() override {
    const std::scoped_lock lock(mutex_);
    if (body_.size() < full_at) return false;
    was_full_ = true;
    changed_.notify_all();
    return true;
  }

  Status wait() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, limit, [&] { return dones_ > 0; }))
      return fail(Errc::internal, "done() was not called");
    return status_;
  }
  bool wait_until_full() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return was_full_; });
  }
  [[nodiscard]] std::string body() const { return locked(body_); }
  [[nodiscard]] std::size_t size() const { return body().size(); }
  [[nodiscard]] UpstreamReply reply() const { return locked(reply_); }
  [[nodiscard]] int begins() const { return locked(begins_); }
  [[nodiscard]] int dones() const { return locked(dones_); }
  [[nodiscard]] bool is_done() const { return dones() > 0; }

 private:
  static constexpr std::chrono::seconds limit{20};
  template <class T>
  T locked(const T& value) const {
    const std::scoped_lock lock(mutex_);
    return value;
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  UpstreamReply reply_;
  std::string body_;
  Status status_;
  bool was_full_ = false;
  int begins_ = 0;
  int dones_ = 0;
};

}  // namespace waag::daemon::testing
