#include "daemon/mirror/xet/delivery.h"

#include <utility>

namespace waag::daemon {
namespace {

Error over_error() { return fail(Errc::unavailable, "cancelled"); }

}  // namespace

Delivery::Delivery(storage::Stretch part, std::shared_ptr<UpstreamSink> sink)
    : part_(part), sink_(std::move(sink)), at_(part.begin) {}

Status Delivery::begin() {
  if (std::exchange(began_, true)) return ok();
  UpstreamReply reply;
  reply.status = 206;
  return sink_->begin(reply);
}

Status Delivery::put(ByteView bytes) {
  if (bytes.empty()) return ok();
  const std::scoped_lock lock(mutex_);
  if (!sink_) return over_error();
  if (bytes.size() > part_.end - at_)
    return fail(Errc::upstream_failed, "more bytes than the part has");
  auto taken = begin();
  if (taken) taken = sink_->write(bytes);
  refused_ = refused_ || !taken;
  if (!taken) return taken;
  at_ += bytes.size();
  full_ = sink_->full();
  return ok();
}

Error Delivery::refusal(const UpstreamReply& reply) {
  const std::scoped_lock lock(mutex_);
  if (!sink_) return over_error();
  if (!std::exchange(began_, true)) {
    const auto said = sink_->begin(reply);
    if (!said) return said.error();
  }
  return fail(Errc::upstream_failed, "the upstream answers " + std::to_string(reply.status));
}

void Delivery::wait_for_room() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !full_ || !sink_; });
}

bool Delivery::full() {
  const std::scoped_lock lock(mutex_);
  return full_ && sink_ != nullptr;
}

void Delivery::resume() {
  const std::scoped_lock lock(mutex_);
  full_ = false;
  changed_.notify_all();
}

void Delivery::end(const Status& status) {
  std::shared_ptr<UpstreamSink> sink;
  {
    const std::scoped_lock lock(mutex_);
    sink = std::move(sink_);
    sink_ = nullptr;
    changed_.notify_all();
  }
  // Without the lock: whoever hears of the end may call back. Nobody else has the sink any more.
  if (sink) sink->done(status);
}

bool Delivery::over() const {
  const std::scoped_lock lock(mutex_);
  return sink_ == nullptr;
}

bool Delivery::refused() const {
  const std::scoped_lock lock(mutex_);
  return refused_;
}

std::uint64_t Delivery::at() const {
  const std::scoped_lock lock(mutex_);
  return at_;
}

}  // namespace waag::daemon
