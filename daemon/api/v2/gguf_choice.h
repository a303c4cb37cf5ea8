#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waag::daemon {

/// One of a repo's GGUF models: as users name it, its file, and what sees or hears for it.
struct GgufChoice {
  std::string tag;     // "Q4_K_M"; the file's name without its end if that says no type
  std::string path;    // of several parts the first
  std::string mmproj;  // path; "" = none
  bool split = false;  // in several parts
};

/// The path without ".gguf" and, of one part of several ("-00001-of-00003"), that: what all files
/// of one model have in common. For paths that end with ".gguf".
std::string_view gguf_stem(std::string_view path);

/// All that can be chosen, by path: what is a projector, an importance matrix or a draft model for
/// speculative decoding is none. Source: HUB_API 8.1.
std::vector<GgufChoice> gguf_choices(const std::vector<std::string>& paths);

/// The one that a tag names, in any case: a type ("q4_k_m") or the file's whole name. "latest" and
/// "" mean Q4_K_M, else Q8_0, else the first one. nullptr: none of that name
const GgufChoice* choose_gguf(const std::vector<GgufChoice>& choices, std::string_view tag);

/// What a client is told that asked for another tag. `has_parts`: models in parts were left out
std::string unknown_tag_text(const std::vector<GgufChoice>& choices, bool has_parts = false);

}  // namespace waag::daemon
