#pragma once

#include <filesystem>
#include <vector>

namespace waag::convert {

/// A file or folder that was made of a model. One of the two at most; both empty: the model itself.
struct MadeModel {
  std::filesystem::path gguf;    // of a split file its first part
  std::filesystem::path folder;  // of a safetensors model

  [[nodiscard]] bool empty() const { return gguf.empty() && folder.empty(); }
  /// What has to be readable: a GGUF's other parts lie beside it.
  [[nodiscard]] std::vector<std::filesystem::path> read_paths() const {
    std::vector<std::filesystem::path> paths;
    if (!gguf.empty()) paths.push_back(gguf.parent_path());
    if (!folder.empty()) paths.push_back(folder);
    return paths;
  }
};

}  // namespace waag::convert
