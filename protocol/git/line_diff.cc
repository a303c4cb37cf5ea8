#include "protocol/git/line_diff.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace waag::git {
namespace {

using Lines = std::vector<std::string_view>;

/// The stretches of both sides that are left between the common beginning and the common end.
struct Window {
  std::size_t begin = 0;  // lines of the common beginning
  std::size_t before_end = 0;
  std::size_t after_end = 0;
};

Window differing_part(const Lines& before, const Lines& after) {
  Window window{0, before.size(), after.size()};
  while (window.begin < window.before_end && window.begin < window.after_end &&
         before[window.begin] == after[window.begin])
    ++window.begin;
  while (window.before_end > window.begin && window.after_end > window.begin &&
         before[window.before_end - 1] == after[window.after_end - 1]) {
    --window.before_end;
    --window.after_end;
  }
  return window;
}

/// Myers' greedy search over one window. Row d holds, for each diagonal k = -d, -d+2 ... d, how far
/// along `before` d edits get.
class Search {
 public:
  Search(const Lines& before, const Lines& after, const Window& window)
      : before_(before),
        after_(after),
        window_(window),
        n_(static_cast<std::int64_t>(window.before_end - window.begin)),
        m_(static_cast<std::int64_t>(window.after_end - window.begin)) {}

  /// Which lines are not common: removed of `before`, added of `after`; nullopt if more than
  /// line_diff_edits_max.
  struct Marks {
    std::vector<bool> removed, added;
  };
  std::optional<Marks> run() {
    const auto most = std::min<std::int64_t>(n_ + m_, line_diff_edits_max);
    for (std::int64_t d = 0; d <= most; ++d) {
      rows_.emplace_back(static_cast<std::size_t>(d) + 1);
      for (std::int64_t k = -d; k <= d; k += 2) {
        const auto x = snake(first_of(d, k), k);
        at(d, k) = static_cast<std::int32_t>(x);
        if (x >= n_ && x - k >= m_) return trace(d);
      }
    }
    return std::nullopt;
  }

 private:
  std::int32_t& at(std::int64_t d, std::int64_t k) {
    return rows_[static_cast<std::size_t>(d)][static_cast<std::size_t>((k + d) / 2)];
  }
  /// True if the d-th edit on diagonal k is an added line (from k + 1), not a removed one.
  bool goes_down(std::int64_t d, std::int64_t k) {
    return k == -d || (k != d && at(d - 1, k - 1) < at(d - 1, k + 1));
  }
  std::int64_t first_of(std::int64_t d, std::int64_t k) {
    if (d == 0) return 0;
    return goes_down(d, k) ? at(d - 1, k + 1) : at(d - 1, k - 1) + 1;
  }
  std::int64_t snake(std::int64_t x, std::int64_t k) const {
    while (x < n_ && x - k < m_ && before_[index(x)] == after_[index(x - k)]) ++x;
    return x;
  }
  [[nodiscard]] std::size_t index(std::int64_t at) const {
    return window_.begin + static_cast<std::size_t>(at);
  }

  Marks trace(std::int64_t d) {
    Marks marks;
    marks.removed.resize(static_cast<std::size_t>(n_));
    marks.added.resize(static_cast<std::size_t>(m_));
    for (std::int64_t k = n_ - m_; d > 0; --d) {
      const bool down = goes_down(d, k);
      const auto x = first_of(d, k);  // where the edit leads to
      if (down)
        marks.added[static_cast<std::size_t>(x - k - 1)] = true;
      else
        marks.removed[static_cast<std::size_t>(x - 1)] = true;
      k += down ? 1 : -1;
    }
    return marks;
  }

  const Lines& before_;
  const Lines& after_;
  const Window window_;
  const std::int64_t n_, m_;
  std::vector<std::vector<std::int32_t>> rows_;
};

}  // namespace

std::vector<std::string_view> split_lines(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto size = end == text.npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

std::vector<LineEdit> diff_lines(const Lines& before, const Lines& after) {
  const auto window = differing_part(before, after);
  const auto removed_lines = window.before_end - window.begin;
  const auto added_lines = window.after_end - window.begin;
  if (removed_lines == 0 && added_lines == 0) return {};
  const LineEdit whole{window.begin, removed_lines, window.begin, added_lines};
  if (removed_lines == 0 || added_lines == 0) return {whole};
  const auto marks = Search(before, after, window).run();
  if (!marks) return {whole};

  std::vector<LineEdit> edits;
  std::size_t x = 0;
  std::size_t y = 0;
  while (x < removed_lines || y < added_lines) {
    LineEdit edit{window.begin + x, 0, window.begin + y, 0};
    for (; x < removed_lines && marks->removed[x]; ++x) ++edit.before_count;
    for (; y < added_lines && marks->added[y]; ++y) ++edit.after_count;
    if (edit.before_count != 0 || edit.after_count != 0) {
      edits.push_back(edit);
    } else {
      ++x;
      ++y;
    }
  }
  return edits;
}

}  // namespace waag::git
