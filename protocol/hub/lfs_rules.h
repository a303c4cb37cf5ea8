#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waag::hub {

/// The .gitattributes that give each of `lfs_paths` to LFS: those that no rule covers get one of
/// their own at its end. Without it a clone would hold the file where git expects its pointer, and
/// show it as changed.
/// @return nullopt if nothing is to be changed, or the rules are so long or costly that nobody
///         reads them
std::optional<std::string> cover_lfs_paths(std::string_view attributes,
                                           const std::vector<std::string>& lfs_paths);

}  // namespace waag::hub
