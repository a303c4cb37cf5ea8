#include "convert/device/device_files.h"

#include <algorithm>
#include <array>
#include <system_error>

namespace waag::convert {
namespace {

namespace fs = std::filesystem;

/// As the hub's box around the process has them. Other processes' environment and memory in /proc
/// are out of reach all the same: Landlock keeps a process from looking into those outside.
constexpr std::array read_paths{"usr", "lib", "lib64", "etc/ld.so.cache", "proc", "sys"};

}  // namespace

DeviceFiles find_device_files(const fs::path& root) {
  DeviceFiles files;
  std::error_code error;
  for (fs::directory_iterator at(root / "dev", error), end; !error && at != end;
       at.increment(error))
    if (at->path().filename().string().starts_with("nvidia")) files.nodes.push_back(at->path());
  std::ranges::sort(files.nodes);
  if (files.nodes.empty()) return files;
  for (const auto* path : read_paths)
    if (fs::exists(root / path, error)) files.read.push_back(root / path);
  return files;
}

}  // namespace waag::convert
