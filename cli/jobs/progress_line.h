#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>

#include <boost/json/value.hpp>

namespace waag::cli {

/// What a hub says of a job's progress, in one line for people: how much, how fast, how long yet.
class ProgressLine {
 public:
  using Millis = std::chrono::milliseconds;

  /// @param progress  as the API gives it
  /// @param now       of any clock that only goes forward
  void update(const boost::json::value& progress, Millis now);
  /// "45%  1.20 of 2.60 GiB  3 of 7 files  120 MiB/s  12 s left  model.safetensors"; what is not
  /// known is left out.
  [[nodiscard]] std::string text() const;
  /// The same behind a bar, in at most `columns` columns.
  [[nodiscard]] std::string bar(unsigned columns) const;

 private:
  struct Sample {
    Millis at{};
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] double bytes_per_s() const;
  [[nodiscard]] double share() const;  // 0 to 1; below 0 if nobody knows

  std::uint64_t done_bytes_ = 0, total_bytes_ = 0, done_files_ = 0, total_files_ = 0;
  std::string note_;
  std::deque<Sample> samples_;  // of the last seconds, oldest first
};

/// Without what could command a terminal: control characters are question marks.
std::string printable(std::string_view text);

}  // namespace waag::cli
