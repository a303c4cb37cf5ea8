#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include <boost/json/parse.hpp>

#include "convert/source/pickle/torch_file.h"
#include "convert/source/stored_tensor.h"
#include "protocol/model/safetensors_header.h"

namespace waag::convert {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// Ours: DeepSeek-V3's index, the largest known, has 9 MB.
constexpr std::uint64_t index_bytes_max = 256u << 20;
/// Ours: as many as five digits count.
constexpr std::size_t files_max = 99'999;

Error bad(const std::string& file, const std::string& what) {
  return fail(Errc::unprocessable, file + ": " + what);
}

/// tensor -> file
using WeightMap = std::map<std::string, std::string, std::less<>>;

Result<WeightMap> read_index(const fs::path& folder, const std::string& name) {
  WAAG_TRY(const std::string text, read_small_file(folder, name, index_bytes_max));
  json::error_code ec;
  const auto root = json::parse(text, ec);
  if (ec) return bad(name, "not JSON: " + ec.message());
  const auto* object = root.if_object();
  const auto* map = object != nullptr ? object->if_contains("weight_map") : nullptr;
  if (map == nullptr || !map->is_object()) return bad(name, "has no object weight_map");
  WeightMap weight_map;
  for (const auto& [tensor, file] : map->get_object()) {
    if (!file.is_string()) return bad(name, "a file of weight_map is not a string");
    std::string file_name(file.get_string());
    if (!is_base_name(file_name)) return bad(name, "names a file that is not a plain file name");
    weight_map.emplace(tensor, std::move(file_name));
  }
  if (weight_map.empty()) return bad(name, "weight_map is empty");
  return weight_map;
}

Result<std::vector<StoredTensor>> open_safetensors(const fs::path& folder,
                                                   const std::string& name) {
  WAAG_TRY(const auto file, WeightFile::open(folder, name));
  Bytes front(model::safetensors_length_bytes);
  if (file->size_bytes() < front.size()) return bad(name, "shorter than 8 bytes");
  WAAG_CHECK(file->read_at(0, front));
  const auto header_bytes = model::safetensors_header_bytes(front);
  if (!header_bytes) return bad(name, header_bytes.error().what);
  if (*header_bytes > file->size_bytes()) return bad(name, "its header is longer than the file");
  front.resize(static_cast<std::size_t>(*header_bytes));
  WAAG_CHECK(file->read_at(0, front));
  auto header = model::parse_safetensors_header(front, file->size_bytes());
  if (!header) return bad(name, header.error().what);
  std::vector<StoredTensor> tensors;
  tensors.reserve(header->tensors.size());
  for (auto& info : header->tensors) tensors.push_back({std::move(info), file, {}});
  return tensors;
}

/// Adds a file's tensors; a name that another file has too is refused.
Status add(StoredTensors& all, std::vector<StoredTensor> tensors) {
  for (auto& tensor : tensors) {
    auto name = tensor.info.name;
    const auto [at, added] = all.try_emplace(std::move(name), std::move(tensor));
    if (!added)
      return bad(tensor.file->name(), at->first + " is in " + at->second.file->name() + " too");
  }
  return ok();
}

/// Both ways: what the index names is in the file it says, and there is nothing else.
Status compare(const StoredTensors& all, const WeightMap& weight_map, const std::string& index) {
  for (const auto& [tensor, file] : weight_map) {
    const auto found = all.find(tensor);
    if (found == all.end() || found->second.file->name() != file)
      return bad(index, "says that " + tensor + " is in " + file + ", which does not have it");
  }
  for (const auto& [tensor, stored] : all)
    if (!weight_map.contains(tensor))
      return bad(index, "does not name " + tensor + ", which is in " + stored.file->name());
  return ok();
}

using OpenFile = Result<std::vector<StoredTensor>> (*)(const fs::path&, const std::string&);

Result<StoredTensors> open_indexed(const fs::path& folder, const std::string& index,
                                   OpenFile open_file) {
  WAAG_TRY(const WeightMap weight_map, read_index(folder, index));
  std::set<std::string> files;
  for (const auto& [tensor, file] : weight_map) files.insert(file);
  if (files.size() > files_max) return bad(index, "names too many files");
  StoredTensors all;
  for (const auto& file : files) {
    auto tensors = open_file(folder, file);
    if (!tensors && tensors.error().code == Errc::not_found)
      return bad(index, "names " + file + ", which is missing");
    if (!tensors) return std::move(tensors).error();
    WAAG_CHECK(add(all, *std::move(tensors)));
  }
  WAAG_CHECK(compare(all, weight_map, index));
  return all;
}

/// Of "model-00002-of-00005.safetensors": {2, 5}; nullopt for a name of another form.
struct Part {
  std::uint32_t number;
  std::uint32_t of;
};
std::optional<Part> part_of(std::string_view name) {
  constexpr std::size_t digits = 5;
  constexpr std::string_view between = "-of-";
  const auto stem = name.substr(0, name.rfind('.'));
  if (stem.size() < 1 + 2 * digits + between.size()) return std::nullopt;
  const auto tail = stem.substr(stem.size() - 1 - 2 * digits - between.size());
  if (tail[0] != '-' || tail.substr(1 + digits, between.size()) != between) return std::nullopt;
  const auto number = [](std::string_view text) -> std::optional<std::uint32_t> {
    std::uint32_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
  };
  const auto first = number(tail.substr(1, digits));
  const auto last = number(tail.substr(tail.size() - digits));
  if (!first || !last) return std::nullopt;
  return Part{*first, *last};
}

/// Without an index, names that count parts must count all of them.
Status check_parts(const std::vector<std::string>& names) {
  std::set<std::uint32_t> numbers;
  std::set<std::uint32_t> totals;
  for (const auto& name : names) {
    const auto part = part_of(name);
    if (!part) continue;
    numbers.insert(part->number);
    totals.insert(part->of);
  }
  if (totals.empty()) return ok();
  const auto total = *totals.begin();
  if (totals.size() > 1 || numbers.size() != total || *numbers.begin() != 1 ||
      *numbers.rbegin() != total)
    return bad(names.front(), "not all files of its set are here, and there is no index");
  return ok();
}

Result<std::vector<std::string>> list_names(const fs::path& folder) {
  std::error_code ec;
  std::vector<std::string> names;
  for (fs::directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec))
    names.push_back(at->path().filename().string());
  if (ec) return fail(Errc::not_found, folder.string() + ": " + ec.message());
  std::ranges::sort(names);
  return names;
}

Result<StoredTensors> open_unindexed(const fs::path& folder, const std::vector<std::string>& names,
                                     OpenFile open_file) {
  if (names.empty()) return fail(Errc::not_found, folder.string() + ": no weights");
  WAAG_CHECK(check_parts(names));
  StoredTensors all;
  for (const auto& name : names) {
    WAAG_TRY(auto tensors, open_file(folder, name));
    WAAG_CHECK(add(all, std::move(tensors)));
  }
  return all;
}

using Names = std::vector<std::string>;

/// One kind of weight files and its names.
struct Kind {
  std::string single;  // "model.safetensors"
  OpenFile open_file;
};

/// @param parts  the files of that kind that are weights if there is no index and no single one
Result<StoredTensors> open_kind(const fs::path& folder, const Names& all_names, const Names& parts,
                                const Kind& kind) {
  const auto have = [&](std::string_view name) { return std::ranges::count(all_names, name) > 0; };
  const auto index = kind.single + ".index.json";
  if (have(index)) {
    WAAG_TRY(auto all, open_indexed(folder, index, kind.open_file));
    const bool uses_single = std::ranges::any_of(
        all, [&](const auto& entry) { return entry.second.file->name() == kind.single; });
    if (have(kind.single) && !uses_single)
      return bad(index, "does not name " + kind.single + ", which is here too");
    return all;
  }
  return open_unindexed(folder, have(kind.single) ? Names{kind.single} : parts, kind.open_file);
}

}  // namespace

Result<StoredTensors> open_stored_tensors(const fs::path& folder) {
  WAAG_TRY(const auto names, list_names(folder));
  const Kind safetensors{"model.safetensors", open_safetensors};
  const Kind torch{"pytorch_model.bin", open_torch_file};
  Names safetensors_parts;
  Names torch_parts;
  bool consolidated = false;
  bool torch_any = false;
  for (const auto& name : names) {
    const bool is_consolidated = name.starts_with("consolidated");
    consolidated |= is_consolidated;
    if (name.ends_with(".safetensors") && !is_consolidated) safetensors_parts.push_back(name);
    if (name.starts_with("pytorch_model-") && name.ends_with(".bin")) torch_parts.push_back(name);
    torch_any |= name.starts_with("pytorch_model") && name.find(".bin") != name.npos;
  }
  const bool indexed = std::ranges::count(names, safetensors.single + ".index.json") > 0;
  if (indexed || !safetensors_parts.empty())
    return open_kind(folder, names, safetensors_parts, safetensors);
  if (torch_any) return open_kind(folder, names, torch_parts, torch);
  if (consolidated)
    return bad("consolidated*.safetensors", "weights only under names that are not Hugging Face's");
  return fail(Errc::not_found, folder.string() + ": no weights (*.safetensors, *.bin)");
}

}  // namespace waag::convert
