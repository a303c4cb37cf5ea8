#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace waag::storage {

/// A half-open stretch of a file.
struct Stretch {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  [[nodiscard]] std::uint64_t size() const { return end - begin; }
  bool operator==(const Stretch&) const = default;
};

/// Which bytes of a file are there: stretches that never touch each other.
class Intervals {
 public:
  void add(Stretch stretch);
  /// End of what is there without a gap from `at` on; `at` itself if its byte is missing.
  [[nodiscard]] std::uint64_t end_from(std::uint64_t at) const;
  /// The first stretch at or behind `at`, and before `end`, that is missing.
  [[nodiscard]] std::optional<Stretch> gap(std::uint64_t at, std::uint64_t end) const;
  /// Behind the last byte that is there; 0 if none is.
  [[nodiscard]] std::uint64_t last_end() const {
    return stretches_.empty() ? 0 : stretches_.rbegin()->second;
  }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  std::map<std::uint64_t, std::uint64_t> stretches_;  // begin -> end
  std::uint64_t bytes_ = 0;
};

}  // namespace waag::storage
