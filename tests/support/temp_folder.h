#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include <stdlib.h>

namespace waag::testing {

/// A fresh folder, on tmpfs where there is one; gone at the end of the scope.
class TempFolder {
 public:
  TempFolder() {
    const bool shm = std::filesystem::is_directory("/dev/shm");
    const auto base =
        shm ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
    auto name = (base / "waag-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace waag::testing
