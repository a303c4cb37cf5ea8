#include "protocol/hub/card/weight_map.h"

#include <set>

#include "protocol/hub/card/card_fields.h"

namespace waag::hub {

std::vector<std::string> weight_map_files(std::string_view index_json) {
  const auto index = object_of(index_json);
  const auto* found = index.if_contains("weight_map");
  const auto* map = found == nullptr ? nullptr : found->if_object();
  if (map == nullptr) return {};
  std::set<std::string> names;
  for (const auto& [tensor, file] : *map)
    if (file.is_string()) names.emplace(file.get_string().data(), file.get_string().size());
  return {names.begin(), names.end()};
}

}  // namespace waag::hub
