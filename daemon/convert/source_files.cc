#include "daemon/convert/source_files.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "protocol/hub/card/weight_map.h"

namespace waag::daemon {
namespace {

using storage::TreeEntry;

constexpr std::string_view safetensors_index = "model.safetensors.index.json";
constexpr std::string_view pickle_index = "pytorch_model.bin.index.json";

std::string lower(std::string_view text) {
  std::string made(text);
  std::ranges::transform(made, made.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return made;
}

bool is_licence(std::string_view path) {
  const auto name = lower(path);
  constexpr std::array begins{"license", "licence", "notice", "copying", "use_policy"};
  return std::ranges::any_of(begins, [&](const char* begin) { return name.starts_with(begin); });
}

bool is_small(std::string_view path) {
  constexpr std::array ends{".json", ".model", ".txt", ".jinja", ".tiktoken"};
  if (path == "README.md" || is_licence(path)) return true;
  return std::ranges::any_of(ends, [&](const char* end) { return path.ends_with(end); });
}

bool is_safetensors(const TreeEntry& entry) { return entry.path.ends_with(".safetensors"); }
bool is_pickle(const TreeEntry& entry) { return entry.path.ends_with(".bin"); }

bool has(const std::vector<TreeEntry>& entries, std::string_view path) {
  return std::ranges::any_of(entries, [&](const auto& entry) { return entry.path == path; });
}

/// Output bytes for each of the source's, in hundredths. Source: FORMATS 3.1, bits per weight, and
/// what stays in a larger type.
std::uint64_t hundredths(std::string_view type) {
  if (type == "F32") return 210;
  if (type == "F16" || type == "BF16") return 105;
  if (type == "Q8_0" || type.starts_with("fp8") || type == "int8") return 65;
  return 50;
}

}  // namespace

Result<SourceFiles> find_source_files(const std::vector<TreeEntry>& entries,
                                      std::string_view imatrix) {
  SourceFiles files;
  bool found = imatrix.empty();
  for (const auto& entry : entries) {
    if (entry.type != TreeEntry::Type::file) continue;
    const bool is_imatrix = entry.path == imatrix;
    found = found || is_imatrix;
    const bool in_root = entry.path.find('/') == std::string::npos;
    if (is_imatrix || (in_root && is_small(entry.path))) {
      files.small.push_back(entry);
      if (in_root && is_licence(entry.path)) files.licences.push_back(entry);
    } else if (in_root && (is_safetensors(entry) || is_pickle(entry))) {
      files.weights.push_back(entry);
    }
  }
  if (!found)
    return fail(Errc::entry_not_found, "There is no file " + std::string(imatrix) + " there");
  return files;
}

bool is_read_by_converter(const SourceFiles& files, std::string_view path) {
  return path != "README.md" && !has(files.licences, path);
}

std::string index_name(const SourceFiles& files) {
  const bool safe = std::ranges::any_of(files.weights, is_safetensors);
  const auto name = safe ? safetensors_index : pickle_index;
  return has(files.small, name) ? std::string(name) : std::string();
}

Result<std::vector<TreeEntry>> choose_weights(const SourceFiles& files,
                                              std::string_view index_json) {
  std::vector<TreeEntry> chosen;
  const auto take = [&](auto&& wanted) {
    std::ranges::copy_if(files.weights, std::back_inserter(chosen), wanted);
  };
  if (const auto named = hub::weight_map_files(index_json); !named.empty()) {
    for (const auto& name : named)
      if (!has(files.weights, name))
        return fail(Errc::unprocessable, "The index names " + name + ", which is not there");
    take([&](const auto& entry) { return std::ranges::find(named, entry.path) != named.end(); });
    return chosen;
  }
  take([](const auto& entry) {
    return is_safetensors(entry) && !entry.path.starts_with("consolidated");
  });
  if (chosen.empty()) take(is_safetensors);
  if (chosen.empty()) take(is_pickle);
  if (chosen.empty())
    return fail(Errc::unprocessable, "There are no weights (*.safetensors or *.bin) there");
  return chosen;
}

std::uint64_t estimate_output_bytes(std::uint64_t weight_bytes,
                                    const std::vector<std::string>& types) {
  std::uint64_t bytes = 0;
  for (const auto& type : types) bytes += weight_bytes / 100 * hundredths(type);
  return bytes;
}

}  // namespace waag::daemon
