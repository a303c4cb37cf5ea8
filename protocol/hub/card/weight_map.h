#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace waag::hub {

/// The files that a model.safetensors.index.json names, each once, in their order by name; none if
/// it is no such index. Source: transformers, "weight_map".
std::vector<std::string> weight_map_files(std::string_view index_json);

}  // namespace waag::hub
