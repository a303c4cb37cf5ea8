#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace waag::hub {

/// What the names of a repo's files say.
struct FileTraits {
  /// Of models: formats as the Hub tags them, in its order ("pytorch", "safetensors", "gguf", ...).
  std::vector<std::string> model_formats;
  /// Of datasets: "parquet", "csv", "json", ...
  std::vector<std::string> data_formats;
  bool has_modules = false;    // modules.json: sentence-transformers
  bool has_open_clip = false;  // open_clip_config.json
  bool has_gguf = false;
};

FileTraits file_traits(std::span<const std::string> paths);

}  // namespace waag::hub
