#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace waag::git {

/// Most lines that one side may gain and lose together, away from the common beginning and end,
/// before the whole stretch counts as replaced. Time and memory grow with its square: 2 million
/// numbers are 8 MiB.
inline constexpr std::size_t line_diff_edits_max = 2000;

/// A stretch of lines that is replaced by another; one of the two may be empty.
struct LineEdit {
  std::size_t before = 0;  // index of its first line
  std::size_t before_count = 0;
  std::size_t after = 0;
  std::size_t after_count = 0;
  bool operator==(const LineEdit&) const = default;
};

/// A text's lines, each with its newline; the last one may have none. "" has no lines.
std::vector<std::string_view> split_lines(std::string_view text);

/// What makes `after` of `before`, in order, with unchanged lines between: a shortest script.
/// Source: E. Myers, An O(ND) Difference Algorithm and Its Variations, 1986.
std::vector<LineEdit> diff_lines(const std::vector<std::string_view>& before,
                                 const std::vector<std::string_view>& after);

}  // namespace waag::git
