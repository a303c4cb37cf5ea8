#pragma once

#include <filesystem>
#include <vector>

namespace waag::convert {

/// What a GPU's driver touches, in a process that is closed in: only what is there.
struct DeviceFiles {
  std::vector<std::filesystem::path> nodes;  // for reading, writing and control; none: no GPU
  std::vector<std::filesystem::path> read;   // its libraries, and what it asks of the machine
};

/// @param root  of the file system
DeviceFiles find_device_files(const std::filesystem::path& root = "/");

}  // namespace waag::convert
