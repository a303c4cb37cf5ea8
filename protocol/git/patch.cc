#include "protocol/git/patch.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "protocol/git/line_diff.h"

namespace waag::git {
namespace {

/// Source: git, xdiff-interface.c, FIRST_FEW_BYTES.
constexpr std::size_t binary_look_bytes = 8000;
constexpr std::string_view nowhere = "/dev/null";

/// A name with characters that would end it is quoted as in C.
std::string c_quoted(std::string_view name) {
  const auto special = [](char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  };
  if (std::ranges::none_of(name, special)) return std::string(name);
  std::string text = "\"";
  for (const char c : name) {
    std::array<char, 8> octal{};
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (special(c)) {
      std::snprintf(octal.data(), octal.size(), "\\%03o", static_cast<unsigned char>(c));
      text += octal.data();
    } else {
      text += c;
    }
  }
  return text + "\"";
}

std::string octal_mode(std::uint32_t mode) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%06o", mode);
  return text.data();
}

std::string index_line(const std::optional<PatchSide>& before,
                       const std::optional<PatchSide>& after) {
  const auto id = [](const auto& side) { return side ? side->id.hex() : GitId{}.hex(); };
  std::string line = "index " + id(before) + ".." + id(after);
  if (before && after && before->mode == after->mode) line += " " + octal_mode(after->mode);
  return line + "\n";
}

std::string header(std::string_view path, const std::optional<PatchSide>& before,
                   const std::optional<PatchSide>& after) {
  const auto a = c_quoted("a/" + std::string(path));
  const auto b = c_quoted("b/" + std::string(path));
  std::string text = "diff --git " + a + " " + b + "\n";
  if (!before) {
    text += "new file mode " + octal_mode(after->mode) + "\n";
  } else if (!after) {
    text += "deleted file mode " + octal_mode(before->mode) + "\n";
  } else if (before->mode != after->mode) {
    text += "old mode " + octal_mode(before->mode) + "\n";
    text += "new mode " + octal_mode(after->mode) + "\n";
  }
  return text;
}

using Lines = std::vector<std::string_view>;

void add_line(std::string& out, char mark, std::string_view line) {
  out += mark;
  out += line;
  if (!line.ends_with('\n')) out += "\n\\ No newline at end of file\n";
}

/// "12,3"; an empty stretch is named by the line before it.
std::string range(std::size_t first, std::size_t count) {
  const auto line = std::to_string(count == 0 ? first : first + 1);
  return count == 1 ? line : line + "," + std::to_string(count);
}

/// One hunk: edits from `first` to before `last` with the lines around and between them.
void add_hunk(std::string& out, const Lines& before, const Lines& after,
              const std::vector<LineEdit>& edits, std::size_t first, std::size_t last) {
  const auto& begin = edits[first];
  const auto& end = edits[last - 1];
  const auto lead = std::min(begin.before, patch_context_lines);
  const auto end_before = end.before + end.before_count;
  const auto tail = std::min(before.size() - end_before, patch_context_lines);
  const auto from = begin.before - lead;
  const auto from_after = begin.after - lead;
  out += "@@ -" + range(from, end_before + tail - from) + " +" +
         range(from_after, end.after + end.after_count + tail - from_after) + " @@\n";
  auto at = from;
  for (auto i = first; i < last; ++i) {
    const auto& edit = edits[i];
    for (; at < edit.before; ++at) add_line(out, ' ', before[at]);
    for (; at < edit.before + edit.before_count; ++at) add_line(out, '-', before[at]);
    for (std::size_t j = 0; j < edit.after_count; ++j) add_line(out, '+', after[edit.after + j]);
  }
  for (; at < end_before + tail; ++at) add_line(out, ' ', before[at]);
}

/// git ends a name that holds a space with a tab, so that no reader takes what follows for a date.
std::string name_line(std::string_view mark, std::string_view name) {
  std::string line = std::string(mark) + " " + c_quoted(name);
  if (name.find(' ') != name.npos) line += '\t';
  return line + "\n";
}

}  // namespace

std::string format_patch(std::string_view path, const std::optional<PatchSide>& before,
                         const std::optional<PatchSide>& after) {
  std::string text = header(path, before, after);
  if (before && after && before->id == after->id) return text;  // only the mode
  text += index_line(before, after);
  const auto old_name = before ? "a/" + std::string(path) : std::string(nowhere);
  const auto new_name = after ? "b/" + std::string(path) : std::string(nowhere);
  if ((before && !before->text) || (after && !after->text))
    return text + "Binary files " + c_quoted(old_name) + " and " + c_quoted(new_name) + " differ\n";
  const auto before_lines = split_lines(before ? *before->text : std::string_view());
  const auto after_lines = split_lines(after ? *after->text : std::string_view());
  const auto edits = diff_lines(before_lines, after_lines);
  if (edits.empty()) return text;  // an empty file came or went
  text += name_line("---", old_name) + name_line("+++", new_name);
  for (std::size_t first = 0; first < edits.size();) {
    auto last = first + 1;
    const auto gap = [&](std::size_t i) {
      return edits[i].before - (edits[i - 1].before + edits[i - 1].before_count);
    };
    while (last < edits.size() && gap(last) <= 2 * patch_context_lines) ++last;
    add_hunk(text, before_lines, after_lines, edits, first, last);
    first = last;
  }
  return text;
}

bool is_binary(std::string_view content) {
  return content.substr(0, binary_look_bytes).find('\0') != std::string_view::npos;
}

}  // namespace waag::git
