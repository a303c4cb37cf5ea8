#pragma once

#include <map>
#include <mutex>

#include "storage/os/file_system.h"

namespace waag::testing {

/// Files in memory, for tests that open thousands of stores. descriptor() is -1. Folders must be
/// made before they are used; "/" exists. Thread-safe. Syncs do nothing: what a crash would leave
/// is tests/support/crash_image.h's business.
class MemoryFileSystem final : public storage::FileSystem {
 public:
  explicit MemoryFileSystem(std::uint64_t free_bytes = std::uint64_t{1} << 40)
      : free_bytes_(free_bytes) {}

  Result<std::unique_ptr<storage::File>> open(const std::filesystem::path& path,
                                              storage::OpenMode mode) override;
  Status create_dir(const std::filesystem::path& path) override;
  Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Status remove(const std::filesystem::path& path) override;
  Status sync_dir(const std::filesystem::path& path) override;
  Result<std::vector<std::string>> list(const std::filesystem::path& path) const override;
  [[nodiscard]] bool exists(const std::filesystem::path& path) const override;
  [[nodiscard]] Result<std::uint64_t> free_bytes(const std::filesystem::path& path) const override;

  /// Test side: the whole content of a file (empty if there is none), and putting one with the
  /// folders above it.
  [[nodiscard]] Bytes content(const std::filesystem::path& path) const;
  void put(const std::filesystem::path& path, Bytes content);
  void put_dir(const std::filesystem::path& path);

 private:
  struct Node;
  class MemoryFile;

  mutable std::mutex mutex_;
  std::uint64_t free_bytes_;
  std::map<std::filesystem::path, std::shared_ptr<Node>> nodes_;  // a folder: null
};

}  // namespace waag::testing
