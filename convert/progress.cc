#include "convert/progress.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace waag::convert {
namespace {

namespace json = boost::json;

std::string line_of(const json::object& event) { return json::serialize(event) + "\n"; }

}  // namespace

Progress::Progress(Sink sink, Clock clock) : sink_(std::move(sink)), clock_(std::move(clock)) {}

void Progress::device(std::string_view device, std::string_view name, std::string_view message) {
  const std::lock_guard lock(mutex_);
  json::object event{{"event", "device"}, {"device", device}};
  if (!name.empty()) event["name"] = name;
  event["message"] = message;
  sink_(line_of(event));
}

void Progress::plan(std::string_view target, std::size_t tensors, std::uint64_t bytes,
                    std::uint64_t done_bytes) {
  const std::lock_guard lock(mutex_);
  target_ = target;
  total_bytes_ = bytes;
  done_bytes_ = begun_with_bytes_ = done_bytes;
  begun_ = clock_();
  sink_(line_of({{"event", "plan"},
                 {"target", target},
                 {"tensors", tensors},
                 {"bytes", bytes},
                 {"done_bytes", done_bytes}}));
}

void Progress::add(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  done_bytes_ += bytes;
}

void Progress::tensor(std::string_view name, std::string_view type, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  done_bytes_ += bytes;
  const std::chrono::duration<double> passed = clock_() - begun_;
  const double rate = passed.count() > 0
                          ? static_cast<double>(done_bytes_ - begun_with_bytes_) / passed.count()
                          : 0;
  const auto left = static_cast<double>(total_bytes_ - std::min(total_bytes_, done_bytes_));
  json::object event{{"event", "tensor"},
                     {"target", target_},
                     {"name", name},
                     {"type", type},
                     {"bytes", bytes},
                     {"done_bytes", done_bytes_},
                     {"total_bytes", total_bytes_}};
  if (rate > 0) {
    event["bytes_per_s"] = static_cast<std::uint64_t>(rate);
    event["eta_s"] = static_cast<std::uint64_t>(left / rate);
  }
  sink_(line_of(event));
}

void Progress::file(std::string_view path, std::uint64_t size_bytes, const BlobId& sha256) {
  const std::lock_guard lock(mutex_);
  sink_(line_of({{"event", "file"},
                 {"target", target_},
                 {"path", path},
                 {"size", size_bytes},
                 {"sha256", sha256.hex()}}));
}

void Progress::warning(std::string_view message) {
  const std::lock_guard lock(mutex_);
  sink_(line_of({{"event", "warning"}, {"target", target_}, {"message", message}}));
}

void Progress::done() {
  const std::lock_guard lock(mutex_);
  sink_(line_of({{"event", "done"}}));
}

void Progress::error(std::string_view message) {
  const std::lock_guard lock(mutex_);
  sink_(line_of({{"event", "error"}, {"message", message}}));
}

}  // namespace waag::convert
