#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>

#include "storage/os/file_system.h"

namespace waag::testing {

/// Files in memory, for tests that damage them. Thread-safe. Open files follow a rename, as inodes
/// do.
class MemoryFileSystem final : public storage::FileSystem {
 public:
  struct Node {
    mutable std::mutex mutex;
    Bytes bytes;
  };

  Result<std::unique_ptr<storage::File>> open(const std::filesystem::path& path,
                                              storage::OpenMode mode) override;
  Status create_dir(const std::filesystem::path& path) override;
  Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Status remove(const std::filesystem::path& path) override;
  Status sync_dir(const std::filesystem::path& path) override;
  Result<std::vector<std::string>> list(const std::filesystem::path& path) const override;
  [[nodiscard]] bool exists(const std::filesystem::path& path) const override;
  [[nodiscard]] Result<std::uint64_t> free_bytes(const std::filesystem::path& path) const override;

  /// Every file, by path.
  [[nodiscard]] std::map<std::filesystem::path, Bytes> files() const;
  /// Makes or replaces a file, and its folders.
  void put(const std::filesystem::path& path, Bytes bytes);
  /// From now on a write that would make the files larger than this together is cut short there and
  /// fails with Errc::no_space.
  void set_space(std::uint64_t bytes);
  /// Number of File::sync calls so far.
  [[nodiscard]] std::uint64_t syncs() const;
  /// The next `count` calls of File::sync fail.
  void fail_syncs(std::uint64_t count);
  /// How long File::sync takes from now on, as on a disk: other threads get their turn meanwhile.
  void set_sync_time(std::chrono::microseconds time);

 private:
  class MemoryFile;

  mutable std::mutex mutex_;
  std::map<std::filesystem::path, std::shared_ptr<Node>> nodes_;
  std::map<std::filesystem::path, bool> folders_;
  std::uint64_t used_bytes_ = 0;
  std::uint64_t space_bytes_ = ~std::uint64_t{0};
  std::uint64_t syncs_ = 0;
  std::uint64_t failing_syncs_ = 0;
  std::atomic<std::chrono::microseconds> sync_time_{};
};

}  // namespace waag::testing
