#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "protocol/ids.h"

namespace waag::convert {

/// What a job says while it runs: one JSON object a line (docs/CONVERT.md). Thread-safe.
class Progress {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  using Sink = std::function<void(std::string_view line)>;

  /// @param sink  takes whole lines, newline included
  explicit Progress(Sink sink, Clock clock = std::chrono::steady_clock::now);

  /// Where the work is done from now on.
  /// @param device   "cuda" or "cpu"
  /// @param name     of the device that is used, or is not any more; may be empty
  /// @param message  why
  void device(std::string_view device, std::string_view name, std::string_view message);
  /// A target begins: `bytes` are to be written, `done_bytes` of them lie there from an earlier
  /// run.
  void plan(std::string_view target, std::size_t tensors, std::uint64_t bytes,
            std::uint64_t done_bytes);
  /// Bytes of the plan that are no tensor's (a header) are written; the next event counts them.
  void add(std::uint64_t bytes);
  /// A tensor is written. Rate and remaining time are those of this run.
  void tensor(std::string_view name, std::string_view type, std::uint64_t bytes);
  /// A file is complete and in its place.
  void file(std::string_view path, std::uint64_t size_bytes, const BlobId& sha256);
  /// What is made of this target is not all that one may expect.
  void warning(std::string_view message);
  void done();
  void error(std::string_view message);

 private:
  Sink sink_;
  Clock clock_;
  std::mutex mutex_;
  std::string target_;
  std::uint64_t total_bytes_ = 0;
  std::uint64_t done_bytes_ = 0;
  std::uint64_t begun_with_bytes_ = 0;
  std::chrono::steady_clock::time_point begun_;
};

}  // namespace waag::convert
