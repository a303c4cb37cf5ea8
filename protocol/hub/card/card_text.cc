#include "protocol/hub/card/card_text.h"

#include <algorithm>

#include "protocol/hub/card/card_fields.h"

namespace waag::hub {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::size_t digits_at(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
}

/// "1706.03762" at the front of `text`; "" if it is something else.
std::string_view id_at(std::string_view text) {
  constexpr std::size_t before_dot = 4;
  if (digits_at(text) != before_dot || text.size() <= before_dot || text[before_dot] != '.')
    return {};
  const auto after_dot = digits_at(text.substr(before_dot + 1));
  if (after_dot < 4 || after_dot > 5) return {};
  return text.substr(0, before_dot + 1 + after_dot);
}

std::size_t find_folded(std::string_view text, std::string_view word, std::size_t from) {
  const auto rest = text.substr(std::min(from, text.size()));
  const auto found = std::ranges::search(rest, word, {}, folded);
  if (found.empty()) return std::string_view::npos;
  return from + static_cast<std::size_t>(found.begin() - rest.begin());
}

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  auto line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  while (line.ends_with('\r') || line.ends_with(' ') || line.ends_with('\t')) line.remove_suffix(1);
  while (line.starts_with(' ') || line.starts_with('\t')) line.remove_prefix(1);
  return line;
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// Shortens to whole words, or to whole characters where words are long (or not spaced at all).
void cut(std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return;
  auto end = text.rfind(' ', bytes_max);
  if (end == std::string::npos || end < bytes_max / 2) {
    end = bytes_max;
    while (end > 0 && continues_character(text[end])) --end;
  }
  text.resize(end);
  text += " …";
}

}  // namespace

std::vector<std::string> arxiv_ids(std::string_view text) {
  constexpr std::string_view name = "arxiv";
  constexpr std::string_view between = ".orgabspdfhtml:/ []()";  // of "arxiv.org/abs/", "arXiv: "
  constexpr std::size_t between_max = 16;
  std::vector<std::string> ids;
  auto at = find_folded(text, name, 0);
  for (; at != std::string_view::npos && ids.size() < arxiv_ids_max;
       at = find_folded(text, name, at + name.size())) {
    auto rest = text.substr(at + name.size());
    for (std::size_t i = 0; i < between_max && !rest.empty(); ++i) {
      if (between.find(folded(rest.front())) == std::string_view::npos) break;
      rest.remove_prefix(1);
    }
    if (const auto id = id_at(rest); !id.empty()) add_once(ids, std::string(id));
  }
  return ids;
}

std::string first_words(std::string_view text) {
  std::string words;
  bool in_comment = false;
  while (!text.empty() && words.size() <= description_bytes_max) {
    auto line = take_line(text);
    if (line.starts_with("<!--")) in_comment = true;
    if (in_comment) {
      in_comment = line.find("-->") == std::string_view::npos;
      continue;
    }
    if (line.starts_with("```")) break;
    while (line.starts_with('#')) line.remove_prefix(1);
    while (line.starts_with(' ')) line.remove_prefix(1);
    if (line.empty()) continue;
    if (!words.empty()) words += ' ';
    words += line.substr(0, 2 * description_bytes_max);
  }
  cut(words, description_bytes_max);
  return words;
}

std::string first_citation(std::string_view text) {
  std::string entry;
  bool fenced = false;
  while (!text.empty()) {
    const auto line = take_line(text);
    if (line.starts_with("```")) {
      if (!entry.empty()) return entry;
      fenced = !fenced;
    } else if (fenced && (!entry.empty() || line.starts_with('@'))) {
      if (entry.size() + line.size() > citation_bytes_max) return {};
      if (!entry.empty()) entry += '\n';
      entry += line;
    }
  }
  return {};
}

}  // namespace waag::hub
