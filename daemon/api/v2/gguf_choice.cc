#include "daemon/api/v2/gguf_choice.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "protocol/http/field.h"

namespace waag::daemon {
namespace {

constexpr std::string_view ending = ".gguf";
/// "-00001-of-00003" before the ending. Source: llama.cpp, llama_split_path().
constexpr std::size_t part_chars = 15;

std::string lower(std::string_view text) {
  std::string made(text);
  std::ranges::transform(made, made.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return made;
}

std::string_view name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }
std::string_view folder_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? std::string_view() : path.substr(0, slash);
}

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_model(std::string_view path) {
  const auto name = lower(name_of(path));
  constexpr std::array others{"mmproj", "imatrix", "mtp-", "eagle3-", "dflash-", "dspark-"};
  return name.ends_with(ending) && std::ranges::none_of(others, [&](const char* text) {
           return name.find(text) != name.npos;
         });
}

/// Which part of how many a name says that it is; 0: a whole.
struct Part {
  unsigned number = 0, count = 0;
};
Part part_of(std::string_view stem) {
  Part part;
  if (stem.size() <= part_chars) return part;
  const auto text = stem.substr(stem.size() - part_chars);
  if (text[0] != '-' || text.substr(6, 4) != "-of-") return part;
  const auto number = std::from_chars(text.data() + 1, text.data() + 6, part.number);
  const auto count = std::from_chars(text.data() + 10, text.data() + 15, part.count);
  if (number.ptr != text.data() + 6 || count.ptr != text.data() + 15) return {};
  return part;
}

/// "Q4_K_M" of "tiny-Q4_K_M": what stands behind the last '-' or '.', if it looks like a type.
std::string tag_of(std::string_view stem) {
  const auto at = stem.find_last_of("-.");
  const auto last = at == stem.npos ? stem : stem.substr(at + 1);
  constexpr std::array begins{"q", "iq", "tq", "f16", "f32", "bf16", "mxfp4"};
  const auto folded = lower(last);
  const bool type = std::ranges::any_of(begins, [&](const char* begin) {
    const std::string_view text(begin);
    return folded.starts_with(text) &&
           (text.size() > 2 || (folded.size() > text.size() && folded[text.size()] >= '0' &&
                                folded[text.size()] <= '9'));
  });
  return std::string(type ? last : stem);
}

/// Whether `tag` stands in the name as a word that '.' or '-' ends.
bool names(std::string_view name, std::string_view tag) {
  const auto in = lower(name), wanted = lower(tag);
  for (auto at = in.find(wanted); at != in.npos; at = in.find(wanted, at + 1)) {
    const auto end = at + wanted.size();
    const bool begins = at == 0 || !is_alnum(in[at - 1]);
    if (begins && end < in.size() && (in[end] == '.' || in[end] == '-')) return true;
  }
  return false;
}

const GgufChoice* named(const std::vector<GgufChoice>& choices, std::string_view tag) {
  const auto is_name = [&](const auto& one) {
    const auto name = name_of(one.path);
    return http::equal_nocase(name, tag) ||
           http::equal_nocase(name.substr(0, name.size() - ending.size()), tag);
  };
  auto found = std::ranges::find_if(choices, is_name);
  // The type of a whole name before one that stands somewhere inside.
  if (found == choices.end())
    found = std::ranges::find_if(choices,
                                 [&](const auto& one) { return http::equal_nocase(one.tag, tag); });
  if (found == choices.end())
    found = std::ranges::find_if(choices,
                                 [&](const auto& one) { return names(name_of(one.path), tag); });
  return found == choices.end() ? nullptr : &*found;
}

/// The nearest one: of the same folder, else of the root, else any.
std::string projector_for(const std::vector<std::string>& paths, std::string_view model) {
  std::string best;
  int best_rank = 0;
  for (const auto& path : paths) {
    const auto name = lower(name_of(path));
    if (!name.ends_with(ending) || name.find("mmproj") == name.npos) continue;
    const int rank = folder_of(path) == folder_of(model) ? 3 : folder_of(path).empty() ? 2 : 1;
    if (rank > best_rank) {
      best = path;
      best_rank = rank;
    }
  }
  return best;
}

}  // namespace

std::string_view gguf_stem(std::string_view path) {
  path.remove_suffix(ending.size());
  if (part_of(path).number > 0) path.remove_suffix(part_chars);
  return path;
}

std::vector<GgufChoice> gguf_choices(const std::vector<std::string>& paths) {
  std::vector<GgufChoice> choices;
  for (const auto& path : paths) {
    if (!is_model(path)) continue;
    auto stem = name_of(path);
    stem.remove_suffix(ending.size());
    const auto part = part_of(stem);
    if (part.number > 1) continue;  // comes with the first one
    GgufChoice choice;
    choice.split = part.count > 1;
    choice.tag = tag_of(name_of(gguf_stem(path)));
    choice.path = path;
    choice.mmproj = projector_for(paths, path);
    choices.push_back(std::move(choice));
  }
  return choices;
}

const GgufChoice* choose_gguf(const std::vector<GgufChoice>& choices, std::string_view tag) {
  if (choices.empty()) return nullptr;
  if (!tag.empty() && !http::equal_nocase(tag, "latest")) return named(choices, tag);
  for (const auto* usual : {"Q4_K_M", "Q8_0"})
    if (const auto* found = named(choices, usual); found != nullptr) return found;
  return &choices.front();
}

std::string unknown_tag_text(const std::vector<GgufChoice>& choices, bool has_parts) {
  if (choices.empty())
    return has_parts ? "This repository's GGUF files are in parts, which Ollama cannot join"
                     : "This repository has no GGUF files that can be used";
  std::string text =
      "The specified tag is not a valid quantization scheme. Please use another tag or \"latest\". "
      "Available:";
  for (const auto& one : choices) text += " " + one.tag;
  return text;
}

}  // namespace waag::daemon
