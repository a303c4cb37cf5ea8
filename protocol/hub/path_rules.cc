#include "protocol/hub/path_rules.h"

#include <algorithm>
#include <array>

namespace waag::hub {
namespace {

constexpr std::string_view blanks = " \t\r\n";
/// git skips longer lines of .gitattributes. Source: git, attr.h, ATTR_MAX_LINE_LENGTH.
constexpr std::size_t attribute_line_bytes_max = 2048;
constexpr std::string_view macro_mark = "[attr]";
/// More macros than any repository has; keeps the expansion of nested ones short.
constexpr std::size_t macros_max = 16;

template <class Fn>
void each_line(std::string_view text, Fn fn) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    fn(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string_view skip_blanks(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(blanks), text.size()));
}

/// Cuts the word at the front of `text` off, with the blanks behind it.
std::string_view next_word(std::string_view& text) {
  const auto end = std::min(text.find_first_of(blanks), text.size());
  const auto word = text.substr(0, end);
  text = skip_blanks(text.substr(end));
  return word;
}

bool is_attribute_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  };
  return !name.empty() && name[0] != '-' && std::ranges::all_of(name, allowed) &&
         !name.starts_with("builtin_");
}

/// Reads a C-quoted pattern off the front of `text`. @return nullopt if it is malformed
std::optional<std::string> unquote(std::string_view& text) {
  constexpr std::string_view letters = "abfnrtv\\\"";
  constexpr std::string_view meanings = "\a\b\f\n\r\t\v\\\"";
  std::string out;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') {
      text.remove_prefix(at + 1);
      return out;
    }
    if (text[at] != '\\') {
      out += text[at];
      continue;
    }
    if (++at == text.size()) return std::nullopt;
    if (const auto letter = letters.find(text[at]); letter != letters.npos) {
      out += meanings[letter];
      continue;
    }
    int value = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      const int digit = at + i < text.size() ? text[at + i] - '0' : -1;
      if (digit < 0 || digit > (i == 0 ? 3 : 7)) return std::nullopt;
      value = value * 8 + digit;
    }
    out += static_cast<char>(value);
    at += 2;
  }
  return std::nullopt;
}

/// Blanks at the end of an ignore pattern do not count unless a backslash keeps them.
std::string_view without_trailing_spaces(std::string_view line) {
  std::size_t kept = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '\\') {
      ++at;
      kept = std::min(at + 1, line.size());
    } else if (line[at] != ' ') {
      kept = at + 1;
    }
  }
  return line.substr(0, kept);
}

std::uint64_t part_count(std::string_view path) {
  return 1 + static_cast<std::uint64_t>(std::ranges::count(path, '/'));
}

}  // namespace

PathPattern PathPattern::parse(std::string_view text) {
  const bool directory_only = text.size() > 1 && text.ends_with('/');
  if (directory_only) text.remove_suffix(1);
  const bool whole_path = text.find('/') != text.npos;
  if (whole_path && text.starts_with('/')) text.remove_prefix(1);
  return PathPattern{Glob(text, whole_path ? Glob::Scope::path : Glob::Scope::name), whole_path,
                     directory_only};
}

bool PathPattern::matches(std::string_view path, bool is_directory) const {
  if (directory_only && !is_directory) return false;
  if (!whole_path) path.remove_prefix(path.rfind('/') + 1);  // npos + 1 is 0
  return glob.matches(path);
}

void RulesCost::add(const PathPattern& pattern) {
  ++rules;
  if (pattern.glob.is_literal()) return;
  (pattern.whole_path ? path_tokens : name_tokens) += pattern.glob.size() + 1;
}

GitAttributes::GitAttributes(std::string_view text) {
  each_line(text, [this](std::string_view line) { add_line(line); });
  keep_what_sets_filter();
  for (const auto& rule : rules_) cost_.add(rule.pattern);
}

void GitAttributes::add_line(std::string_view line) {
  if (line.size() >= attribute_line_bytes_max) return;
  line = skip_blanks(line);
  if (line.empty() || line[0] == '#') return;
  std::string pattern;
  auto rest = line;
  if (auto quoted = line[0] == '"' ? unquote(rest) : std::nullopt) {
    pattern = std::move(*quoted);
    rest = skip_blanks(rest);
  } else {
    rest = line;
    pattern = next_word(rest);
  }
  if (pattern.starts_with(macro_mark) && pattern.size() > macro_mark.size()) {
    const auto name = pattern.substr(macro_mark.size());
    auto settings = parse_settings(rest);
    const bool room = macros_.size() < macros_max || macros_.contains(name);
    if (is_attribute_name(name) && settings && room) macros_[name] = std::move(*settings);
    return;
  }
  if (pattern.empty() || pattern[0] == '!') return;  // negative patterns are forbidden here
  if (auto settings = parse_settings(rest))
    rules_.push_back(Rule{PathPattern::parse(pattern), std::move(*settings)});
}

std::optional<GitAttributes::Settings> GitAttributes::parse_settings(std::string_view text) {
  Settings settings;
  while (!text.empty()) {
    auto word = next_word(text);
    const auto equals = word.find('=');
    Setting setting;
    if (word[0] == '-' || word[0] == '!') {
      if (word[0] == '-') setting.value = "unset";
      word.remove_prefix(1);
      word = word.substr(0, word.find('='));
    } else {
      setting.value = equals == word.npos ? "set" : std::string(word.substr(equals + 1));
      word = word.substr(0, equals);
    }
    if (!is_attribute_name(word)) return std::nullopt;
    setting.name = word;
    settings.push_back(std::move(setting));
  }
  return settings;
}

/// Later settings win, and what is already filled stays: callers go from the last rule to the
/// first.
void GitAttributes::fill(const Settings& settings, Values& values) const {
  for (auto setting = settings.rbegin(); setting != settings.rend(); ++setting) {
    if (!values.emplace(setting->name, setting->value).second) continue;
    const auto macro = macros_.find(setting->name);
    if (macro != macros_.end() && setting->value == "set") fill(macro->second, values);
  }
}

/// Drops settings that cannot matter (most files set diff and merge too), and those that a later
/// one of the same line overrides.
void GitAttributes::keep_what_sets_filter() {
  const auto prune = [this](Settings& settings) {
    Settings kept;
    for (auto& setting : settings) {
      if (setting.name != "filter" && !macros_.contains(setting.name)) continue;
      std::erase_if(kept, [&](const Setting& earlier) { return earlier.name == setting.name; });
      kept.push_back(std::move(setting));
    }
    settings = std::move(kept);
  };
  for (auto& [name, settings] : macros_) prune(settings);
  for (auto& rule : rules_) prune(rule.settings);
  std::erase_if(rules_, [](const Rule& rule) { return rule.settings.empty(); });
}

std::optional<std::string> GitAttributes::filter(std::string_view path) const {
  Values values;
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (!rule->pattern.matches(path, false)) continue;
    fill(rule->settings, values);
    if (const auto found = values.find("filter"); found != values.end()) return found->second;
  }
  return std::nullopt;
}

std::uint64_t GitAttributes::steps(std::string_view path) const {
  return cost_.steps(path.size(), 1);
}

GitIgnore::GitIgnore(std::string_view text) {
  each_line(text, [this](std::string_view line) {
    if (line.starts_with('#')) return;
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = without_trailing_spaces(line);
    const bool negated = line.starts_with('!');
    if (negated) line.remove_prefix(1);
    if (line.empty()) return;
    rules_.push_back(Rule{PathPattern::parse(line), negated});
    cost_.add(rules_.back().pattern);
  });
}

bool GitIgnore::ignores(std::string_view path) const {
  std::size_t end = 0;
  while (end < path.size()) {
    end = std::min(path.find('/', end + 1), path.size());
    const auto part = path.substr(0, end);
    for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
      if (!rule->pattern.matches(part, end < path.size())) continue;
      if (!rule->negated) return true;
      break;
    }
  }
  return false;
}

std::uint64_t GitIgnore::steps(std::string_view path) const {
  return cost_.steps(path.size(), part_count(path));
}

std::string default_gitattributes(RepoType type) {
  constexpr std::array<std::string_view, 35> common = {
      "*.7z",      "*.arrow",       "*.bin",
      "*.bz2",     "*.ckpt",        "*.ftz",
      "*.gguf",    "*.gz",          "*.h5",
      "*.joblib",  "*.lfs.*",       "*.mlmodel",
      "*.model",   "*.msgpack",     "*.npy",
      "*.npz",     "*.onnx",        "*.ot",
      "*.parquet", "*.pb",          "*.pickle",
      "*.pkl",     "*.pt",          "*.pth",
      "*.rar",     "*.safetensors", "saved_model/**/*",
      "*.tar.*",   "*.tar",         "*.tflite",
      "*.tgz",     "*.wasm",        "*.xz",
      "*.zip",     "*.zst"};
  constexpr std::array<std::string_view, 17> media = {
      "*.pcm", "*.sam", "*.raw",  "*.aac", "*.flac", "*.mp3",  "*.ogg", "*.wav", "*.bmp",
      "*.gif", "*.png", "*.tiff", "*.jpg", "*.jpeg", "*.webp", "*.mp4", "*.webm"};
  std::string text;
  const auto add = [&text](std::string_view pattern) {
    text.append(pattern).append(" filter=lfs diff=lfs merge=lfs -text\n");
  };
  std::ranges::for_each(common, add);
  add("*tfevents*");
  if (type == RepoType::dataset) std::ranges::for_each(media, add);
  return text;
}

}  // namespace waag::hub
